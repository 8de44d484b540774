"""Every invariant that can be recomputed from raw rows: what it says, who enforces it, and a query for its breaches.

A query returns the rows that break the promise, most telling columns first; none means proved. The codes are those of
the invariants document in ``docs/invariants.md``.
"""

from oms.reports.customer_promises import CUSTOMERS
from oms.reports.letter_promises import LETTERS
from oms.reports.promises import Invariant
from oms.reports.stock_promises import STOCK

ORDERS = (
    Invariant(
        "I12",
        "Ordered is cancelled, shipped, allocated, waiting and unplanned together, none of them negative.",
        "check constraint on running totals",
        "select count(*) from orders_orderline",
        """
        select id, quantity_ordered, quantity_allocated, quantity_waiting, quantity_shipped, quantity_cancelled,
               quantity_unplanned
          from orders_orderline
         where quantity_unplanned < 0
            or quantity_ordered <> quantity_allocated + quantity_waiting + quantity_shipped + quantity_cancelled
                                   + quantity_unplanned
        """,
    ),
    Invariant(
        "I13",
        "What a line has allocated and shipped is what its reservations hold and have issued.",
        "triggers on allocations and reservations",
        "select count(*) from orders_orderline",
        """
        select line.id, line.quantity_allocated, coalesce(held.open, 0) as reservations_hold, line.quantity_shipped,
               coalesce(held.issued, 0) as reservations_issued
          from orders_orderline line
          left join (select a.order_line_id, sum(r.quantity - r.quantity_released - r.quantity_issued) as open,
                            sum(r.quantity_issued) as issued
                       from routing_allocation a join inventory_reservation r on r.id = a.reservation_id
                      group by a.order_line_id) as held on held.order_line_id = line.id
         where line.quantity_allocated <> coalesce(held.open, 0) or line.quantity_shipped <> coalesce(held.issued, 0)
        """,
    ),
    Invariant(
        "I17",
        "A channel's number is accepted once.",
        "unique constraint",
        "select count(*) from orders_order",
        """
        select channel_id, external_number, count(*) as times from orders_order
         group by channel_id, external_number having count(*) > 1
        """,
    ),
    Invariant(
        "I18",
        "Closed and cancelled orders hold no reservation.",
        "deferred trigger when an order ends; trigger on allocations",
        "select count(*) from orders_order where state in ('closed', 'cancelled')",
        """
        select o.number, o.state, line.position, line.quantity_allocated
          from orders_order o join orders_orderline line on line.order_id = o.id
         where o.state in ('closed', 'cancelled') and line.quantity_allocated > 0
        """,
    ),
    Invariant(
        "I19",
        "An order's progress is what its lines and its work say.",
        "one routine; deferred triggers on orders and lines; published graphs",
        "select count(*) from orders_order",
        """
        select o.number, o.state, o.progress, sum(l.quantity_shipped) as shipped,
               sum(l.quantity_ordered - l.quantity_cancelled) as wanted
          from orders_order o join orders_orderline l on l.order_id = o.id
         where o.state <> 'cancelled'
         group by o.id
        having (o.progress = 'shipped') <> (sum(l.quantity_shipped) > 0
                 and sum(l.quantity_shipped) = sum(l.quantity_ordered - l.quantity_cancelled))
            or (o.progress = 'shipped') <> (o.state = 'closed')
            or (o.progress = 'backordered') <> (sum(l.quantity_shipped) = 0
                 and sum(l.quantity_waiting + l.quantity_unplanned) > 0)
        """,
    ),
    Invariant(
        "I20",
        "Every allocation is as large as its reservation and points to the decision of its own order.",
        "foreign keys; only the routine of allocating may write",
        "select count(*) from routing_allocation",
        """
        select a.id, d.order_id, l.order_id as line_order from routing_allocation a
          join routing_routingdecision d on d.id = a.decision_id
          join orders_orderline l on l.id = a.order_line_id
          join inventory_reservation r on r.id = a.reservation_id
          join inventory_stocklevel s on s.id = r.level_id
          left join fulfilment_fulfilmentorderline w on w.allocation_id = a.id
         where w.sku_id <> l.sku_id or d.order_id <> l.order_id or a.quantity <> r.quantity or s.sku_id <> l.sku_id
        """,
    ),
    Invariant(
        "I45",
        "No more of a line is bound to deliveries than waits, and of a delivery no more than was announced.",
        "triggers on claims and lines, check constraint on the running total",
        "select count(*) from orders_supplyclaim",
        """
        select 'line ' || l.id as what, sum(c.quantity) as bound, l.quantity_waiting as of
          from orders_supplyclaim c join orders_orderline l on l.id = c.line_id
         group by l.id having sum(c.quantity) > l.quantity_waiting
        union all
        select e.reference, coalesce(sum(c.quantity), 0), e.quantity_bound
          from inventory_expectedreceipt e left join orders_supplyclaim c on c.expected_id = e.id
         group by e.id
        having coalesce(sum(c.quantity), 0) <> e.quantity_bound or e.quantity_bound > e.quantity_expected
        """,
    ),
    Invariant(
        "I25",
        "An order's total is its lines less what was cancelled and discounts, plus shipping and tax.",
        "check constraint",
        "select count(*) from orders_order",
        """
        select o.number, o.lines_minor, sum(l.total_minor) as sum_of_lines, o.cancelled_minor, o.total_minor
          from orders_order o join orders_orderline l on l.order_id = o.id group by o.id
        having o.lines_minor <> sum(l.total_minor)
            or o.cancelled_minor <> sum((2 * l.total_minor * l.quantity_cancelled + l.quantity_ordered)
                                        / (2 * l.quantity_ordered))
            or o.total_minor
               <> o.lines_minor - o.cancelled_minor - o.discount_minor + o.shipping_minor + o.tax_minor
        """,
    ),
)

FULFILMENT = (
    Invariant(
        "I14",
        "Shipped is within packed, packed within picked, picked within asked.",
        "check constraint",
        "select count(*) from fulfilment_fulfilmentorderline",
        """
        select id, quantity, quantity_picked, quantity_packed, quantity_shipped, quantity_cancelled
          from fulfilment_fulfilmentorderline
         where quantity_shipped > quantity_packed or quantity_packed > quantity_picked
            or quantity_picked + quantity_cancelled > quantity
        """,
    ),
    Invariant(
        "I15",
        "What a work line has shipped is in parcels that left, and was issued from its reservation.",
        "deferred triggers on work lines, reservations and parcels; append-only parcel lines",
        "select count(*) from fulfilment_fulfilmentorderline",
        """
        select line.id, line.quantity_shipped, coalesce(gone.pieces, 0) as in_parcels, r.quantity_issued,
               line.quantity_cancelled, r.quantity_released
          from fulfilment_fulfilmentorderline line
          join routing_allocation a on a.id = line.allocation_id
          join inventory_reservation r on r.id = a.reservation_id
          left join (select content.work_line_id,
                            sum(content.quantity) filter (where parcel.shipment_id is not null) as pieces,
                            sum(content.quantity) filter (where parcel.voided_at is null) as boxed
                       from fulfilment_parcelline content join fulfilment_parcel parcel on parcel.id = content.parcel_id
                      group by content.work_line_id) as gone
            on gone.work_line_id = line.id
         where coalesce(gone.boxed, 0) > line.quantity_packed
            or line.quantity_shipped <> coalesce(gone.pieces, 0) or line.quantity_shipped <> r.quantity_issued
            or line.quantity_cancelled <> r.quantity_released
        """,
    ),
    Invariant(
        "I16",
        "An order has one request at a location that nobody has begun, and a partner is asked for no more than it has.",
        "partial unique constraints, deferred trigger",
        "select count(*) from fulfilment_fulfilmentorder",
        """
        select order_id, location_id, count(*) as times from fulfilment_fulfilmentorder
         where status = 'open' and request_status = 'queued' group by order_id, location_id having count(*) > 1
        union all
        select q.fulfilment_order_id, c.work_line_id, c.quantity from fulfilment_cancellationrequest q
          join fulfilment_cancellationline c on c.request_id = q.id
          join fulfilment_fulfilmentorderline l on l.id = c.work_line_id
         where q.state = 'requested'
           and (c.quantity > l.quantity - l.quantity_shipped or l.fulfilment_order_id <> q.fulfilment_order_id)
        """,
    ),
    Invariant(
        "I47",
        "Another address is wanted for open orders only, asked of their own partners, and applied when none refused.",
        "deferred triggers; partial unique constraints",
        "select count(*) from orders_addresschange",
        """
        select c.id, c.state, o.number, q.fulfilment_order_id, q.state as answered
          from orders_addresschange c join orders_order o on o.id = c.order_id
          left join fulfilment_addressrequest q on q.change_id = c.id
          left join fulfilment_fulfilmentorder w on w.id = q.fulfilment_order_id
         where (c.state = 'requested' and o.state in ('closed', 'cancelled'))
            or w.order_id <> c.order_id
            or (q.state = 'requested' and c.state <> 'requested')
            or (q.state = 'refused' and c.state not in ('refused', 'overtaken'))
        """,
    ),
)

STANDING = (
    Invariant(
        "I46",
        "Work stands only for a hold of its order, or until all of an order is there that is to leave whole.",
        "holds and policies decide in one transaction with the work; recomputed here",
        "select count(*) from fulfilment_fulfilmentorder where status = 'on_hold'",
        """
        select work.number, o.number as order_number, o.state, o.progress
          from fulfilment_fulfilmentorder work
          join orders_order o on o.id = work.order_id
          join channels_channel c on c.id = o.channel_id
         where work.status = 'on_hold'
           and not exists (select from orders_hold h where h.order_id = o.id and h.released_at is null)
           and not (o.state = 'open' and coalesce(nullif(o.partial_policy, ''), c.partial_policy) = 'together'
                    and exists (select from orders_orderline l
                                 where l.order_id = o.id and l.quantity_waiting + l.quantity_unplanned > 0)
                    and not exists (select from orders_orderline l where l.order_id = o.id and l.quantity_shipped > 0))
        """,
    ),
)

MESSAGES = (
    Invariant(
        "I33",
        "An event that came in has one effect at most.",
        "unique constraint",
        "select count(*) from core_inboxmessage",
        """
        select source, event_id, count(*) as times from core_inboxmessage
         group by source, event_id having count(*) > 1
        """,
    ),
    Invariant(
        "I35",
        "Every accepted order was told to the world in the commit that accepted it.",
        "same routine; recomputed here",
        "select count(*) from orders_order",
        """
        select o.number from orders_order o
         where not exists (select from core_outboxmessage m
                            where m.aggregate = 'order:' || o.number and m.topic = 'order.placed')
           and o.recorded_at > now() - interval '30 days'
        """,
    ),
    Invariant(
        "I36",
        "Within an aggregate no message has left before an earlier one was settled.",
        "claim in order; recomputed here",
        "select count(*) from core_outboxmessage where state = 'delivered'",
        """
        select later.id, later.aggregate, earlier.id as earlier_id, earlier.state
          from core_outboxmessage earlier join core_outboxmessage later
            on later.aggregate = earlier.aggregate and later.id > earlier.id
         where earlier.state in ('waiting', 'leased', 'dead') and later.state = 'delivered'
        """,
    ),
    Invariant(
        "I37",
        "A client's idempotency key has one request and one answer.",
        "primary key",
        "select count(*) from core_idempotencykey",
        "select client, key from core_idempotencykey where status is null or body is null",
    ),
    Invariant(
        "I38",
        "The audit chain has no gap and every link is the digest of its entry and of the link before.",
        "append-only triggers; verified by audit_verify, gaps recomputed here",
        "select count(*) from core_auditseal",
        """
        select seal.seq, before.seq as before from core_auditseal seal
          left join core_auditseal before on before.seq = seal.seq - 1
         where seal.seq > (select min(seq) from core_auditseal)
           and (before.seq is null or before.hash <> seal.prev_hash)
        """,
    ),
    Invariant(
        "I39",
        "Nobody approved what they had asked for.",
        "check constraint",
        "select count(*) from core_approval",
        "select id from core_approval where decided_by_id is not null and decided_by_id = requested_by_id",
    ),
    Invariant(
        "I40",
        "Every right that is bound to a location names one that exists.",
        "recomputed here",
        "select count(*) from core_grant",
        """
        select g.id, g.location_code from core_grant g
         where g.location_code <> '' and not exists (
           select from inventory_stocklocation l where l.code = g.location_code)
        """,
    ),
)

APPEND_ONLY = (
    "inventory_stockmovement",
    "inventory_stockadjustment",
    "inventory_serialmovement",
    "inventory_stockclose",
    "inventory_stockcloseline",
    "inventory_closesignature",
    "inventory_stockreport",
    "inventory_stockreportline",
    "inventory_stockrepair",
    "inventory_deliverychange",
    "orders_promise",
    "orders_orderchange",
    "routing_routingdecision",
    "routing_allocation",
    "core_auditentry",
    "core_auditseal",
    "invoices_invoiceline",
    "core_auditera",
    "fulfilment_shipment",
    "fulfilment_parcelline",
    "fulfilment_cancellationline",
    "fulfilment_scan",
    "letters_templateversion",
)

GUARDS = (
    Invariant(
        "I10",
        "Movements, decisions, shipments and audit entries cannot be changed, deleted or emptied.",
        "triggers against UPDATE, DELETE and TRUNCATE; privileges",
        f"select {len(APPEND_ONLY)}",
        f"""
        select name as table_without_its_guards
          from unnest(array[{", ".join(f"'{name}'" for name in APPEND_ONLY)}]) as name
         where (select count(*) from pg_trigger t
                 where t.tgrelid = to_regclass(name) and not t.tgisinternal and t.tgenabled <> 'D'
                   and t.tgname in (name || '_rows_are_final', name || '_is_never_emptied')) <> 2
        """,
    ),
)

ROOMS = (STOCK, GUARDS, ORDERS, CUSTOMERS, LETTERS, FULFILMENT, STANDING, MESSAGES)
INVARIANTS = {each.code: each for room in ROOMS for each in room}
