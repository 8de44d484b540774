"""A template says what it said last; every wording before is kept."""

from datetime import datetime

from oms.core.actors import Actor
from oms.core.transactions import joins_transaction
from oms.letters import wording
from oms.letters.models import LetterTemplate, TemplateVersion
from oms.letters.rules import Occasion, WordingInvalid
from oms.letters.wording import Wording


@joins_transaction
def write(template: LetterTemplate, said: Wording, *, actor: Actor, at: datetime) -> TemplateVersion:
    """Let a template, new or locked, say this from now on.

    Raises ``WordingInvalid``.
    """
    wrong = wording.problems(Occasion(template.occasion), said)
    if wrong:
        raise WordingInvalid(
            f"The {wrong[0].part}, {str(wrong[0])[0].lower()}{str(wrong[0])[1:]}",
            problems=tuple((f"#/{each.part}", str(each)) for each in wrong),
        )
    template.version = 1 if template.pk is None else template.version + 1
    template.subject, template.text, template.html = said.subject, said.text, said.html
    template.save()
    return TemplateVersion.objects.create(
        template=template,
        number=template.version,
        subject=said.subject,
        text=said.text,
        html=said.html,
        written_by=actor.label,
        written_at=at,
    )
