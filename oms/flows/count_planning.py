"""The story of a plan: how often a site counts what."""

from datetime import datetime

from inventory.models import CountPlan
from inventory.services import count_plans
from oms.core import audit
from oms.core.actors import Actor
from oms.core.transactions import owns_transaction


@owns_transaction()
def save_plan(plan: CountPlan, *, actor: Actor, at: datetime) -> CountPlan:
    """Add a plan or change it; counts that it has opened stay.

    Raises ``Invalid`` when the site has another plan of this name.
    """
    verb = "changed" if plan.pk else "added"
    count_plans.save(plan)
    audit.record(f"countplan.{verb}", "count plan", plan.pk, actor=actor, at=at, note=str(plan))
    return plan
