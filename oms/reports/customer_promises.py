"""The invariants of what customers owe."""

from oms.reports.promises import Invariant

CUSTOMERS = (
    Invariant(
        "I41",
        "What a customer on terms is yet to be billed is what its orders come to less what is on invoices.",
        "triggers on orders; no right to update an account",
        "select count(*) from orders_customeraccount",
        """
        select a.customer_id, a.unbilled_minor, coalesce(o.unbilled, 0) as orders_say
          from orders_customeraccount a
          left join (select customer_id, sum(greatest(total_minor - invoiced_minor, 0)) as unbilled
                       from orders_order where customer_id is not null and terms_days is not null
                      group by customer_id) as o using (customer_id)
         where a.unbilled_minor <> coalesce(o.unbilled, 0)
        """,
    ),
    Invariant(
        "I42",
        "What a customer is yet to pay is its invoices that are not settled, and an order knows what it was invoiced.",
        "triggers on invoices; no right to update an account",
        "select count(*) from invoices_invoice",
        """
        select a.customer_id, a.unpaid_minor as kept, coalesce(i.unpaid, 0) as invoices_say
          from orders_customeraccount a
          left join (select customer_id, sum(total_minor) as unpaid from invoices_invoice
                      where settled_at is null group by customer_id) as i using (customer_id)
         where a.unpaid_minor <> coalesce(i.unpaid, 0)
        union all
        select o.id, o.invoiced_minor, coalesce(i.billed, 0)
          from orders_order o
          left join (select order_id, sum(total_minor) as billed from invoices_invoice group by order_id) as i
            on i.order_id = o.id
         where o.invoiced_minor <> coalesce(i.billed, 0)
        """,
    ),
    Invariant(
        "I43",
        "An invoice is the sum of its lines, bills no piece that has not left, and the numbers have no gap.",
        "append-only rows, a series taken under its lock; recomputed here",
        "select count(*) from invoices_invoice",
        """
        select i.number, i.lines_minor, coalesce(sum(l.total_minor), 0) as lines_say
          from invoices_invoice i left join invoices_invoiceline l on l.invoice_id = i.id group by i.id
        having i.lines_minor <> coalesce(sum(l.total_minor), 0)
        union all
        select 'order line ' || o.id, o.quantity_shipped, sum(l.quantity)
          from invoices_invoiceline l join orders_orderline o on o.id = l.order_line_id group by o.id
        having sum(l.quantity) > o.quantity_shipped
        union all
        select 'numbers', count(*), max(n) - min(n) + 1
          from (select split_part(number, '-', 2)::bigint as n from invoices_invoice) as numbered
        having count(*) <> max(n) - min(n) + 1
        """,
    ),
)
