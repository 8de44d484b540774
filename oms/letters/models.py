"""Letters to customers: what they say, who gets which, and the log of what was written."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from oms.letters.rules import OCCASION_WORDS, LetterStatus, Occasion
from oms.orders.rules import CustomerType

OCCASIONS = [(each.value, OCCASION_WORDS[each]) for each in Occasion]
TYPES = [(kind.value, {"b2c": "Persons", "b2b": "Businesses"}[kind]) for kind in CustomerType]
STATUSES = [(each.value, each.name.capitalize()) for each in LetterStatus]


def _occasions(help_text: str) -> ArrayField:
    return ArrayField(
        models.CharField(max_length=9, choices=OCCASIONS),
        default=list,
        db_default=[],
        blank=True,
        help_text=help_text,
    )


class LetterSet(models.Model):
    """A manner of writing: one template for each occasion."""

    code = models.SlugField(max_length=32, unique=True, help_text="Never changes, such as business.")
    name = models.CharField(max_length=80, help_text="What staff read.")
    is_fallback = models.BooleanField(
        default=False,
        db_default=False,
        help_text="On: asked last, when no other set has a template for the occasion.",
    )

    class Meta:
        ordering = ["code"]
        constraints = [
            models.UniqueConstraint(
                fields=["is_fallback"], condition=Q(is_fallback=True), name="one_set_is_the_last_resort"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class LetterTemplate(models.Model):
    """What a set says on an occasion now; each wording it had is kept as a version."""

    letter_set = models.ForeignKey(
        LetterSet, on_delete=models.PROTECT, related_name="templates", help_text="Whose manner it is."
    )
    occasion = models.CharField(max_length=9, choices=OCCASIONS, help_text="When it is written.")
    subject = models.CharField(max_length=200, help_text="One line; may name facts like the text.")
    text = models.TextField(
        help_text="What is read. Names of facts stand in {{ }}; conditions and loops in {% %}."
    )
    html = models.TextField(
        blank=True,
        default="",
        db_default="",
        help_text="Empty: made of the text. A fact is escaped by itself.",
    )
    version = models.PositiveIntegerField(default=1, db_default=1, editable=False)

    class Meta:
        ordering = ["letter_set", "occasion"]
        constraints = [
            models.UniqueConstraint(
                fields=["letter_set", "occasion"], name="one_template_per_set_and_occasion"
            ),
            models.CheckConstraint(
                condition=Q(occasion__in=[each.value for each in Occasion]),
                name="a_template_is_for_a_known_occasion",
            ),
            models.CheckConstraint(condition=~Q(subject="") & ~Q(text=""), name="a_template_says_something"),
        ]

    def __str__(self) -> str:
        return f"{self.get_occasion_display()} ({self.letter_set.code})"


class TemplateVersion(models.Model):
    """One wording that a template had, for good."""

    template = models.ForeignKey(
        LetterTemplate, on_delete=models.PROTECT, related_name="versions", db_index=False
    )
    number = models.PositiveIntegerField()
    subject = models.CharField(max_length=200)
    text = models.TextField()
    html = models.TextField(blank=True, default="", db_default="")
    written_by = models.CharField(max_length=80)
    written_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["template", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["template", "number"], name="one_wording_per_version"),
        ]

    def __str__(self) -> str:
        return f"version {self.number} of template {self.template_id}"


class CustomerTypeLetters(models.Model):
    """Which set persons and businesses get, and what they are never written about."""

    customer_type = models.CharField(
        max_length=3, unique=True, choices=TYPES, help_text="Persons or businesses."
    )
    letter_set = models.ForeignKey(
        LetterSet, on_delete=models.PROTECT, related_name="+", help_text="Unless the channel has its own."
    )
    silent_on = _occasions("Never written about, whatever the channel says.")

    class Meta:
        ordering = ["customer_type"]
        verbose_name_plural = "customer type letters"
        constraints = [
            models.CheckConstraint(
                condition=Q(customer_type__in=[kind.value for kind in CustomerType]),
                name="letters_are_for_a_known_customer_type",
            ),
        ]

    def __str__(self) -> str:
        return self.get_customer_type_display()


class ChannelLetters(models.Model):
    """What customers of a channel are written about; a channel that stands here nowhere writes itself."""

    channel = models.ForeignKey(
        "channels.Channel",
        on_delete=models.PROTECT,
        related_name="letters",
        db_index=False,
        help_text="Whose customers are written to.",
    )
    customer_type = models.CharField(
        max_length=3,
        blank=True,
        default="",
        db_default="",
        choices=TYPES,
        help_text="Empty: both. A row for one of them goes before a row for both.",
    )
    occasions = _occasions("Written about; what is not ticked is not.")
    letter_set = models.ForeignKey(
        LetterSet,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Empty: the set of the customer type.",
    )
    since = models.DateTimeField(
        db_default=Now(), help_text="What happened before is not written about, however late it is told."
    )

    class Meta:
        ordering = ["channel", "customer_type"]
        verbose_name_plural = "channel letters"
        constraints = [
            models.UniqueConstraint(
                fields=["channel", "customer_type"], name="one_choice_of_letters_per_channel_and_type"
            ),
            models.CheckConstraint(
                condition=Q(customer_type__in=["", *(kind.value for kind in CustomerType)]),
                name="channel_letters_are_for_a_known_customer_type",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.channel} ({self.get_customer_type_display() or 'all'})"


class Letter(models.Model):
    """That somebody was written to, on which occasion and what came of it; what was said stands apart."""

    # Occasion and what it is about: the same thing is written about once.
    key = models.CharField(max_length=120, unique=True)
    occasion = models.CharField(max_length=9, choices=OCCASIONS)
    order = models.ForeignKey(
        "orders.Order", on_delete=models.PROTECT, related_name="letters", db_index=False
    )
    customer = models.ForeignKey(
        "orders.Customer", on_delete=models.PROTECT, null=True, related_name="letters", db_index=False
    )
    about = models.JSONField(default=dict)
    status = models.CharField(max_length=9, choices=STATUSES, db_default="queued", default="queued")
    version = models.ForeignKey(TemplateVersion, on_delete=models.PROTECT, null=True, related_name="+")
    queued_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=300, blank=True, default="", db_default="")
    again_of = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, related_name="again", db_index=False
    )
    asked_by = models.CharField(max_length=80, blank=True, default="", db_default="")
    reason = models.CharField(max_length=200, blank=True, default="", db_default="")

    class Meta:
        ordering = ["-queued_at", "-id"]
        indexes = [
            models.Index(fields=["-queued_at", "-id"], name="letters_newest_first"),
            models.Index(fields=["order", "-queued_at", "-id"], name="letters_of_an_order"),
            models.Index(
                fields=["customer", "-queued_at", "-id"],
                name="letters_of_a_customer",
                condition=Q(customer__isnull=False),
            ),
            models.Index(fields=["-queued_at", "-id"], name="failed_letters", condition=Q(status="failed")),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=[each.value for each in LetterStatus]), name="a_letter_status_is_known"
            ),
            models.CheckConstraint(
                condition=Q(occasion__in=[each.value for each in Occasion]), name="a_letter_occasion_is_known"
            ),
            models.CheckConstraint(
                condition=Q(status="queued") | Q(settled_at__isnull=False),
                name="what_became_of_a_letter_has_its_hour",
            ),
            models.CheckConstraint(
                condition=~Q(status="failed") | ~Q(error=""), name="a_failed_letter_says_why"
            ),
            models.CheckConstraint(
                condition=Q(again_of__isnull=True) | ~Q(reason=""), name="a_letter_sent_again_has_a_reason"
            ),
        ]

    def __str__(self) -> str:
        return self.key


class LetterContent(models.Model):
    """To whom a letter went and what it said; deleted when somebody asks to be forgotten."""

    letter = models.OneToOneField(Letter, on_delete=models.CASCADE, primary_key=True, related_name="content")
    recipient = models.CharField(max_length=254)
    subject = models.CharField(max_length=200)
    text = models.TextField()
    html = models.TextField()

    def __str__(self) -> str:
        # Names stand in no log of changes.
        return f"content of letter {self.letter_id}"
