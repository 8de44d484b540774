"""The demo shop's rules: three versions that were live, agreed by two people, and a draft with something to mend."""

from datetime import timedelta

import pytest
from django.utils import timezone

from oms.flows.demo import shop, wordings
from oms.routing import queries, rule_queries
from oms.routing.models import RuleSetVersion
from tests import builders

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def test_two_managers_have_written_the_rules_of_the_demo_shop() -> None:
    now, said = timezone.now(), []
    shop.open_shop(at=now - timedelta(days=1), say=said.append)

    wordings.write(now=now, say=said.append)

    versions = RuleSetVersion.objects.order_by("number")
    assert list(versions.values_list("number", "status")) == [
        (1, "retired"),
        (2, "retired"),
        (3, "published"),
        (4, "draft"),
    ]
    third, draft = versions[2], queries.version(versions[3].pk)
    assert {str(third.requested_by), str(third.approved_by)} == {"dan", "ruth"}
    assert [each.stops for each in rule_queries.findings(queries.version(third.pk))] == []
    assert [(each.rule, each.stops) for each in rule_queries.findings(draft) if each.stops] == [(7, True)]
    assert builders.breaches() == {}
