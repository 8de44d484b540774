"""The tables of stock, by noun; callers import this package.

The database keeps ``StockLevel`` and ``StockContent`` as running totals of ``StockMovement``; no other write reaches
them (migrations 0002 and 0004). A reservation writes its own movements.
"""

from inventory.models.calendars import SpecialDay, WorkCalendar
from inventory.models.closes import CloseSignature, StockClose, StockCloseLine
from inventory.models.counts import CountClass, CountLine, CountPlan, CountScan, CountTask
from inventory.models.deliveries import DeliveryChange
from inventory.models.floor import ArrivalScan, StagedPiece
from inventory.models.ledger import (
    AdjustmentReason,
    Reservation,
    SerialMovement,
    SerialNumber,
    StockAdjustment,
    StockMovement,
)
from inventory.models.levels import ExpectedReceipt, Lot, SafetyStockChange, StockContent, StockLevel
from inventory.models.places import Bin, StockLocation
from inventory.models.repairs import StockRepair
from inventory.models.reports import StockReport, StockReportLine
from inventory.models.transfers import Transfer, TransferLine

__all__ = [
    "AdjustmentReason",
    "ArrivalScan",
    "Bin",
    "CloseSignature",
    "CountClass",
    "CountLine",
    "CountPlan",
    "CountScan",
    "CountTask",
    "DeliveryChange",
    "ExpectedReceipt",
    "Lot",
    "Reservation",
    "SafetyStockChange",
    "SerialMovement",
    "SerialNumber",
    "SpecialDay",
    "StagedPiece",
    "StockAdjustment",
    "StockClose",
    "StockCloseLine",
    "StockContent",
    "StockLevel",
    "StockLocation",
    "StockMovement",
    "StockRepair",
    "StockReport",
    "StockReportLine",
    "Transfer",
    "TransferLine",
    "WorkCalendar",
]
