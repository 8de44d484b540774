"""Work and its answers move along their published graphs; what left stays."""

from django.db import migrations

from fulfilment.rules import REQUEST_LIFECYCLE, WORK_LIFECYCLE
from oms.core.numbering import create_sequence
from oms.core.triggers import append_only, lifecycle_trigger, no_delete


class Migration(migrations.Migration):
    dependencies = [("core", "0001_initial"), ("fulfilment", "0001_initial")]

    operations = [
        lifecycle_trigger("fulfilment_fulfilmentorder", "status", WORK_LIFECYCLE),
        lifecycle_trigger("fulfilment_fulfilmentorder", "request_status", REQUEST_LIFECYCLE),
        no_delete("fulfilment_fulfilmentorder"),
        no_delete("fulfilment_fulfilmentorderline"),
        no_delete("fulfilment_parcel"),
        append_only("fulfilment_shipment"),
        append_only("fulfilment_parcelline"),
        append_only("fulfilment_scan"),
        create_sequence("PA"),
        create_sequence("SH"),
    ]
