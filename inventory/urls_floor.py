"""Addresses of bins, deliveries, arrivals, transfers, lots and serial numbers."""

from django.urls import path

from inventory.views import approvals, arrivals, deliveries, lots, putaway, transfers

urlpatterns = [
    path("approvals", approvals.Approvals.as_view(), name="approvals"),
    path("approvals/<int:approval_id>", approvals.Decide.as_view(), name="approval"),
    path("receive", arrivals.ReceiveStart.as_view(), name="receive_start"),
    path("receive/undo/<uuid:key>", arrivals.ReceiveUndo.as_view(), name="receive_undo"),
    path("receive/<slug:place>/<slug:reference>", arrivals.ReceivePage.as_view(), name="receive"),
    path("receive/<slug:place>/<slug:reference>/scan", arrivals.ReceiveScan.as_view(), name="receive_scan"),
    path("receive/<slug:place>/<slug:reference>/post", arrivals.ReceivePost.as_view(), name="receive_post"),
    path("deliveries", deliveries.DeliveryList.as_view(), name="deliveries"),
    path("deliveries/new", deliveries.AnnouncePage.as_view(), name="delivery_new"),
    path("deliveries/<int:delivery_id>", deliveries.DeliveryPage.as_view(), name="delivery"),
    path("transfers", transfers.TransferList.as_view(), name="transfers"),
    path("transfers/new", transfers.NewTransferPage.as_view(), name="transfer_new"),
    path("transfers/<slug:number>", transfers.TransferPage.as_view(), name="transfer"),
    path("transfers/<slug:number>/send", transfers.SendPage.as_view(), name="transfer_send"),
    path("transfers/<slug:number>/cancel", transfers.CancelTransfer.as_view(), name="transfer_cancel"),
    path("transfers/<slug:number>/short", transfers.CloseShort.as_view(), name="transfer_short"),
    path("transfers/<slug:number>/receive", arrivals.TransferReceivePage.as_view(), name="transfer_receive"),
    path(
        "transfers/<slug:number>/receive/scan",
        arrivals.TransferReceiveScan.as_view(),
        name="transfer_receive_scan",
    ),
    path(
        "transfers/<slug:number>/receive/post",
        arrivals.TransferReceivePost.as_view(),
        name="transfer_receive_post",
    ),
    path("put-away", putaway.PutAwayStart.as_view(), name="putaway_start"),
    path("put-away/<slug:place>/bins", putaway.ManageByBins.as_view(), name="manage_by_bins"),
    path("put-away/<slug:place>", putaway.PutAwayPage.as_view(), name="putaway"),
    path("put-away/<slug:place>/scan", putaway.PutAwayScan.as_view(), name="putaway_scan"),
    path("move/<slug:place>", putaway.MovePage.as_view(), name="move"),
    path("move/<slug:place>/scan", putaway.MoveScan.as_view(), name="move_scan"),
    path("move/<slug:place>/undo/<slug:memory>/<uuid:key>", putaway.CarryUndo.as_view(), name="carry_undo"),
    path("lots", lots.LotList.as_view(), name="lots"),
    path("lots/<int:lot_id>", lots.LotPage.as_view(), name="lot"),
    path("lots/<int:lot_id>/recall", lots.Recall.as_view(), name="lot_recall"),
    path("serials", lots.SerialList.as_view(), name="serials"),
    path("serials/<int:serial_id>", lots.SerialPage.as_view(), name="serial"),
    path("skus/<path:code>/hold", lots.Hold.as_view(), name="hold"),
]
