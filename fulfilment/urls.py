"""Addresses of the floor pages."""

from django.urls import path

from fulfilment.views import addresses, cancellations, pack, papers, pick, queues

app_name = "fulfilment"

urlpatterns = [
    path("address-changes", addresses.AddressChanges.as_view(), name="addresses"),
    path("address-changes/<str:number>", addresses.RecordAddressAnswer.as_view(), name="answer_address"),
    path("cancellations", cancellations.Cancellations.as_view(), name="cancellations"),
    path("cancellations/<str:number>", cancellations.RecordAnswer.as_view(), name="answer_cancellation"),
    path("pick", queues.ToPick.as_view(), name="to_pick"),
    path("pick/next", queues.NextTask.as_view(), name="next_task"),
    path("pick/undo/<uuid:key>", pick.Undo.as_view(), name="undo"),
    path("pick/<str:number>", pick.PickPage.as_view(), name="pick"),
    path("pick/<str:number>/scan", pick.PickScan.as_view(), name="pick_scan"),
    path("pick/<str:number>/claim", pick.Claim.as_view(), name="claim"),
    path("pick/<str:number>/put-back", pick.PutBack.as_view(), name="put_back"),
    path("pick/<str:number>/short", pick.Short.as_view(), name="short"),
    path("pick/<str:number>/pick-list.pdf", papers.PickList.as_view(), name="pick_list"),
    path("pack", queues.ToPack.as_view(), name="to_pack"),
    path("pack/<str:number>", pack.PackPage.as_view(), name="pack"),
    path("pack/<str:number>/scan", pack.PackScan.as_view(), name="pack_scan"),
    path("pack/<str:number>/packing-slip.pdf", papers.PackingSlip.as_view(), name="packing_slip"),
    path("pack/<str:number>/<str:parcel>.pdf", papers.Label.as_view(), name="label"),
    path("ship", queues.ToShip.as_view(), name="to_ship"),
    path("ship/<str:number>", queues.ShipPage.as_view(), name="ship"),
    path("ship/<str:number>/<str:parcel>/open", queues.OpenParcel.as_view(), name="open_parcel"),
    path("ship/<str:number>/hand-over", queues.HandOver.as_view(), name="hand_over"),
]
