"""Questions about corrections that wait for a second person."""

from oms.core.models import Approval


def asked_for(approval_id: int) -> Approval | None:
    """A request to correct stock, or None."""
    rows = Approval.objects.select_related("requested_by")
    return rows.filter(pk=approval_id, action="stock.adjust", subject_kind="adjustment").first()


def waiting_for_approval() -> list[Approval]:
    """Corrections that wait for a second person, oldest first."""
    rows = Approval.objects.select_related("requested_by").filter(
        action="stock.adjust", subject_kind="adjustment", state="requested"
    )
    return list(rows.order_by("pk")[:100])
