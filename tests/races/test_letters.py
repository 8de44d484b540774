"""The same news told by several relays at once is written about once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import connection

from oms.core.models import OutboxMessage
from oms.flows import lettering
from oms.letters.models import ChannelLetters, Letter, LetterContent
from oms.letters.rules import Occasion
from tests.builders import NOON, channel, place, shelf

pytestmark = pytest.mark.django_db(transaction=True)
RELAYS = 6


def test_relays_that_race_write_one_letter():
    shelf("MUG", on_hand=5)
    ChannelLetters.objects.create(
        channel=channel("api"), occasions=["confirmed"], since=NOON - timedelta(days=1)
    )
    number = place(("MUG", 1), customer_email="lee@example.com").number
    barrier = Barrier(RELAYS)

    def write(_: int) -> bool:
        try:
            barrier.wait()
            key = f"confirmed:{number}"
            letter = lettering.write(Occasion.CONFIRMED, number, key, {}, told_at=NOON, at=NOON)
            return letter is not None
        finally:
            connection.close()

    with ThreadPoolExecutor(RELAYS) as pool:
        wrote = list(pool.map(write, range(RELAYS)))

    assert sum(wrote) == 1
    assert Letter.objects.count() == LetterContent.objects.count() == 1
    assert OutboxMessage.objects.filter(topic="letter.send").count() == 1
