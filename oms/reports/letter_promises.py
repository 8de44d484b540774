"""What must always hold of letters to customers."""

from oms.reports.promises import Invariant

LETTERS = (
    Invariant(
        "I44",
        "A letter that waits has a message that still carries it, and what was said is kept until it is erased.",
        "written in one transaction, settled before its message; recomputed here",
        "select count(*) from letters_letter",
        """
        select l.id, l.key, l.status, m.state as message
          from letters_letter l left join core_outboxmessage m on m.dedupe_key = 'letter:' || l.key
         where l.status = 'queued' and coalesce(m.state, 'delivered') = 'delivered'
        union all
        select l.id, l.key, l.status, 'nothing said'
          from letters_letter l join orders_ordercontact c using (order_id)
         where c.erased_at is null and l.status in ('queued', 'sent', 'logged')
           and not exists (select from letters_lettercontent said where said.letter_id = l.id)
        """,
    ),
)
