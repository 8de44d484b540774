"""The demo shop writes to its own customers; the marketplace writes itself. Without a mail server nothing leaves."""

from datetime import datetime, timedelta

from django.db import transaction

from oms.channels.models import Channel
from oms.letters.models import ChannelLetters
from oms.letters.rules import Occasion

CHANNELS = ("api", "shop", "desk", "wholesale")
# So that the first invoices of the businesses are among what is written about, and the months before are not.
SINCE = timedelta(hours=37)


def begin(*, now: datetime) -> None:
    """Let the shop's own channels write on every occasion, about what happened lately."""
    with transaction.atomic():
        ChannelLetters.objects.bulk_create(
            ChannelLetters(channel=channel, occasions=[each.value for each in Occasion], since=now - SINCE)
            for channel in Channel.objects.filter(code__in=CHANNELS)
        )
