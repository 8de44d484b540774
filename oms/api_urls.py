"""The table of REST doors under /api/v1."""

from django.urls import include, path

from fulfilment import api as fulfilment
from fulfilment import api_answers
from inventory import api as inventory
from inventory import api_counts as counts
from inventory import api_deliveries as deliveries
from inventory import api_history as books
from inventory import api_lots as lots
from inventory import api_reports as inventory_reports
from inventory import api_transfers as transfers
from oms.catalogue import api as catalogue
from oms.imports import api as imports
from oms.invoices import api as invoices
from oms.letters import api as letters
from oms.orders import api as orders
from oms.orders import api_address as address
from oms.orders import api_amend as amend
from oms.orders import api_customers as customers
from oms.orders import api_partial as partial
from oms.orders import api_scarcity as scarcity
from oms.replanning import api as replanning
from oms.replays import api as replays
from oms.routing import api as routing
from oms.routing import api_rules, api_why

urlpatterns = [
    path("orders", orders.Orders.as_view()),
    path("orders/bulk", orders.BulkOrders.as_view()),
    path("orders/<str:number>", orders.OneOrder.as_view()),
    path("orders/<str:number>/cancel", orders.CancelOrder.as_view()),
    path("orders/<str:number>/amend", amend.AmendOrder.as_view()),
    path("orders/<str:number>/changes", amend.OrderChanges.as_view()),
    path("orders/<str:number>/address-change/withdraw", address.WithdrawAddress.as_view()),
    path("orders/<str:number>/partial-decision", partial.DecidePartial.as_view()),
    path("orders/<str:number>/hold", orders.HoldOrder.as_view()),
    path("orders/<str:number>/release", orders.ReleaseOrder.as_view()),
    path("customers", customers.Customers.as_view()),
    path("customers/<str:code>", customers.OneCustomer.as_view()),
    path("customers/<str:code>/addresses", customers.CustomerAddresses.as_view()),
    path("customers/<str:code>/addresses/<str:entry>", customers.OneCustomerAddress.as_view()),
    path("invoices", invoices.Invoices.as_view()),
    path("invoices/<str:number>", invoices.OneInvoice.as_view()),
    path("letters", letters.Letters.as_view()),
    path("letters/<int:letter_id>", letters.OneLetter.as_view()),
    path("letters/<int:letter_id>/again", letters.SendLetterAgain.as_view()),
    path("skus", catalogue.Skus.as_view()),
    path("skus/<str:code>/names", catalogue.SkuNames.as_view()),
    path("skus/<str:code>", catalogue.OneSku.as_view()),
    path("skus/<str:code>/bundle", catalogue.Bundle.as_view()),
    path("stock-levels", inventory.StockLevels.as_view()),
    path("stock-levels/as-of", books.StockAsOf.as_view()),
    path("stock-closes", books.StockCloses.as_view()),
    path("stock-closes/<str:location>/<str:day>", books.OneStockClose.as_view()),
    path("stock-movements", inventory.StockMovements.as_view()),
    path("stock-adjustments", inventory.StockAdjustments.as_view()),
    path("deliveries", deliveries.Deliveries.as_view()),
    path("deliveries/<int:delivery_id>", deliveries.OneDelivery.as_view()),
    path("deliveries/<int:delivery_id>/change", deliveries.ChangeDelivery.as_view()),
    path("deliveries/<int:delivery_id>/preview", deliveries.PreviewDelivery.as_view()),
    path("transfers", transfers.Transfers.as_view()),
    path("transfers/<str:number>", transfers.OneTransfer.as_view()),
    path("transfers/<str:number>/send", transfers.SendTransfer.as_view()),
    path("transfers/<str:number>/receive", transfers.ReceiveTransfer.as_view()),
    path("transfers/<str:number>/cancel", transfers.CancelTransfer.as_view()),
    path("lots", lots.Lots.as_view()),
    path("lots/<str:sku>/<str:lot>", lots.OneLot.as_view()),
    path("lots/<str:sku>/<str:lot>/recall", lots.RecallLot.as_view()),
    path("serial-numbers", lots.Serials.as_view()),
    path("stock-reports", inventory_reports.StockReports.as_view()),
    path("stock-reports/<int:report_id>/lines", inventory_reports.StockReportLines.as_view()),
    path("count-tasks", counts.CountTasks.as_view()),
    path("count-tasks/<str:number>", counts.OneCountTask.as_view()),
    path("count-tasks/<str:number>/claim", counts.ClaimCount.as_view()),
    path("count-tasks/<str:number>/counts", counts.CountFigures.as_view()),
    path("count-tasks/<str:number>/finish", counts.FinishCount.as_view()),
    path("count-tasks/<str:number>/approve", counts.ApproveCount.as_view()),
    path("count-tasks/<str:number>/recount", counts.RecountCount.as_view()),
    path("count-tasks/<str:number>/reject", counts.RejectCount.as_view()),
    path("fulfilment-orders", fulfilment.FulfilmentOrders.as_view()),
    path("fulfilment-orders/<str:number>", fulfilment.OneFulfilmentOrder.as_view()),
    path("fulfilment-orders/<str:number>/acknowledge", fulfilment.Acknowledge.as_view()),
    path("fulfilment-orders/<str:number>/reject", fulfilment.Reject.as_view()),
    path("fulfilment-orders/<str:number>/cancellation", api_answers.AnswerCancellation.as_view()),
    path("fulfilment-orders/<str:number>/address-change", api_answers.AnswerAddress.as_view()),
    path("fulfilment-orders/<str:number>/ship", fulfilment.Ship.as_view()),
    path("scarcity", scarcity.ScarceSkus.as_view()),
    path("scarcity/<str:sku>", scarcity.ScarceSku.as_view()),
    path("availability/why", api_why.WhyNotAvailable.as_view()),
    path("rule-sets", api_rules.RuleSets.as_view()),
    path("rule-sets/<int:rule_set_id>/versions", api_rules.RuleSetVersions.as_view()),
    path("rule-set-versions/<int:version_id>", api_rules.OneRuleSetVersion.as_view()),
    path("rule-set-versions/<int:version_id>/test", api_rules.TestRuleSetVersion.as_view()),
    path("routing/preview", routing.RoutingPreview.as_view()),
    path("routing-decisions/<int:decision_id>", routing.OneRoutingDecision.as_view()),
    path("replanning/runs", replanning.ReplanningRuns.as_view()),
    path("replanning/runs/<int:run_id>/orders", replanning.ReplanningRunOrders.as_view()),
    path("replays", replays.Replays.as_view()),
    path("replays/<uuid:replay_id>", replays.OneReplay.as_view()),
    path("replays/<uuid:replay_id>/orders", replays.ReplayedOrders.as_view()),
    path("imports", imports.Imports.as_view()),
    path("imports/<uuid:job_id>", imports.OneImport.as_view()),
    path("imports/<uuid:job_id>/errors", imports.ImportErrorsView.as_view()),
    path("imports/<uuid:job_id>/commit", imports.CommitImport.as_view()),
    path("imports/<uuid:job_id>/undo", imports.UndoImport.as_view()),
    path("exports", imports.Exports.as_view()),
    path("", include("oms.core.api.urls")),
]
