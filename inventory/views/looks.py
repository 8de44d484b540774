"""What the kinds of movement are called, and how places look."""

from oms.core.status import DONE, LOOK, STOP, WAIT, WORK, Look, fill

MOVED = {
    "receive": "Received",
    "reserve": "Reserved",
    "release": "Released",
    "issue": "Shipped",
    "adjust": "Adjusted",
}
fill(
    "availability",
    {"some": Look(DONE, "In stock"), "none": Look(STOP, "Sold out"), "low": Look(LOOK, "Low")},
)
fill("sku", {"active": Look(DONE, "Sold"), "inactive": Look(WAIT, "Not sold", "ban")})
fill("expected", {"coming": Look(WORK, "Coming"), "late": Look(LOOK, "Late")})


def document_of(reference: str) -> str:
    """Return the number of the order a movement's reference names, if it names one."""
    if reference.startswith("SO-"):
        return reference
    if reference.startswith("FO-"):
        return "SO-" + reference.split("-")[1]
    return ""
