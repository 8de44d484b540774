"""What may be a SKU code and a barcode; pure."""

import re

from stdnum import ean
from stdnum.exceptions import ValidationError

from oms.core.errors import Invalid

SKU_CODE = re.compile(r"^[^\s/?#%\\][^/?#%\\\x00-\x1f]{0,63}$")
GTIN_LENGTHS = (8, 12, 13, 14)


class MisreadBarcode(Invalid):
    """The digits look like a GTIN, yet its check digit is wrong."""

    code = "misread-barcode"


def checked_sku_code(code: str) -> str:
    """Return the code, stripped.

    Raises ``Invalid`` when it is empty, longer than 64 characters or holds a separator of addresses.
    """
    stripped = code.strip()
    if not SKU_CODE.match(stripped):
        message = "A SKU code has 1 to 64 characters and none of / ? # % \\."
        raise Invalid(message, problems=(("#/sku", message),))
    return stripped


def checked_barcode(code: str) -> str:
    """Return the barcode, stripped; a GTIN-8, -12, -13 or -14 must carry its true check digit.

    The check digit is that of the GS1 General Specifications, section 7.9.

    Raises ``MisreadBarcode`` when it does not, ``Invalid`` when the code is too long to be scanned.
    """
    stripped = code.strip()
    if len(stripped) > 64:
        message = "A barcode has at most 64 characters."
        raise Invalid(message, problems=(("#/barcode", message),))
    if looks_like_gtin(stripped):
        try:
            ean.validate(stripped)
        except ValidationError as wrong:
            message = f"{stripped} is not a valid GTIN: its check digit is wrong. Scan or type it again."
            raise MisreadBarcode(message, problems=(("#/barcode", message),)) from wrong
    return stripped


def looks_like_gtin(code: str) -> bool:
    """Whether the code consists of as many digits as a GTIN has."""
    return code.isdigit() and len(code) in GTIN_LENGTHS
