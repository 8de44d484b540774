"""The invariants of stock."""

from oms.reports.promises import Invariant

STOCK = (
    Invariant(
        "I1",
        "A stock level is the sum of its movements: on hand, reserved and quarantined.",
        "trigger on movements; no right to update a level",
        "select count(*) from inventory_stocklevel",
        """
        select level.id, level.on_hand, coalesce(total.on_hand, 0) as movements_on_hand, level.reserved,
               coalesce(total.reserved, 0) as movements_reserved, level.quarantined,
               coalesce(total.quarantined, 0) as movements_quarantined
          from inventory_stocklevel level
          left join (select level_id, sum(on_hand_delta) as on_hand, sum(reserved_delta) as reserved,
                            sum(quarantined_delta) as quarantined
                       from inventory_stockmovement group by level_id) as total on total.level_id = level.id
         where (level.on_hand, level.reserved, level.quarantined)
               is distinct from
               (coalesce(total.on_hand, 0), coalesce(total.reserved, 0), coalesce(total.quarantined, 0))
        """,
    ),
    Invariant(
        "I2",
        "What a level has reserved is what its open reservations still hold.",
        "trigger on reservations",
        "select count(*) from inventory_reservation",
        """
        select level.id, level.reserved, coalesce(held.pieces, 0) as reservations_hold
          from inventory_stocklevel level
          left join (select level_id, sum(quantity - quantity_released - quantity_issued) as pieces
                       from inventory_reservation group by level_id) as held on held.level_id = level.id
         where level.reserved <> coalesce(held.pieces, 0)
        """,
    ),
    Invariant(
        "I3",
        "Reserved and quarantined are never negative and never more than is on hand.",
        "check constraints",
        "select count(*) from inventory_stocklevel",
        """
        select id, on_hand, reserved, quarantined, damaged, reported from inventory_stocklevel
         where reserved < 0 or quarantined < 0 or damaged < 0 or damaged > quarantined or quarantined > on_hand
            or reserved + quarantined > on_hand + reported
        """,
    ),
    Invariant(
        "I4",
        "Available is on hand and reported less reserved, quarantined and safety stock.",
        "generated column",
        "select count(*) from inventory_stocklevel",
        """
        select id, available, on_hand, reserved, quarantined, safety_stock from inventory_stocklevel
         where available <> on_hand + reported - reserved - quarantined - safety_stock
        """,
    ),
    Invariant(
        "I5",
        "What a level has located is what its bins and lots hold, which is what moved there; with bins, all of it.",
        "triggers on movements, check constraints",
        "select count(*) from inventory_stockcontent",
        """
        select level.id, location.code, level.on_hand, level.located, coalesce(held.pieces, 0) as contents_hold,
               coalesce(held.in_bins, 0) as in_bins
          from inventory_stocklevel level
          join inventory_stocklocation location on location.id = level.location_id
          left join (select level_id, sum(on_hand) as pieces, sum(on_hand) filter (where bin_id is not null) as in_bins
                       from inventory_stockcontent group by level_id) as held on held.level_id = level.id
         where level.located <> coalesce(held.pieces, 0) or level.located not in (0, level.on_hand)
            or (location.is_bin_managed and level.on_hand <> coalesce(held.in_bins, 0))
        union all
        select coalesce(c.level_id, m.level_id), '', c.on_hand, m.on_hand, c.quarantined, m.quarantined
          from inventory_stockcontent c
          full join (select level_id, bin_id, lot_id, sum(on_hand_delta) as on_hand,
                            sum(quarantined_delta) as quarantined
                       from inventory_stockmovement where bin_id is not null or lot_id is not null
                      group by level_id, bin_id, lot_id) as m
            on m.level_id = c.level_id and m.bin_id is not distinct from c.bin_id
               and m.lot_id is not distinct from c.lot_id
         where (coalesce(c.on_hand, 0), coalesce(c.quarantined, 0))
               is distinct from (coalesce(m.on_hand, 0), coalesce(m.quarantined, 0))
        """,
    ),
    Invariant(
        "I6",
        "Over all places nothing appears or vanishes: what leaves one place enters the one it names.",
        "check constraint; twins written by a trigger",
        "select count(*) from inventory_stockmovement where on_hand_delta <> 0",
        """
        select sku_id, one, other, sum(pieces) as unmatched from (
          select level.sku_id, least(level.location_id, m.counter_location_id) as one,
                 greatest(level.location_id, m.counter_location_id) as other, m.on_hand_delta as pieces
            from inventory_stockmovement m
            join inventory_stocklevel level on level.id = m.level_id
            join inventory_stocklocation place on place.id = m.counter_location_id
           where m.on_hand_delta <> 0 and m.kind <> 'move' and place.kind in ('own', '3pl', 'supplier', 'transit')
        ) as moves group by sku_id, one, other having sum(pieces) <> 0
        union all
        select level.sku_id, level.location_id, null, sum(m.on_hand_delta)
          from inventory_stockmovement m join inventory_stocklevel level on level.id = m.level_id
         where m.kind = 'move' group by level.sku_id, level.location_id having sum(m.on_hand_delta) <> 0
        union all
        select level.sku_id, level.location_id, m.counter_location_id, m.on_hand_delta
          from inventory_stockmovement m join inventory_stocklevel level on level.id = m.level_id
         where m.on_hand_delta <> 0 and m.kind <> 'move' and m.counter_location_id is null
        """,
    ),
    Invariant(
        "I7",
        "A numbered piece is in one place and one state, and every piece of its SKU on hand has a number.",
        "unique and check constraints, triggers on its movements",
        "select count(*) from inventory_serialnumber",
        """
        select level.id, sku.code, level.on_hand, coalesce(numbered.pieces, 0) as numbered
          from inventory_stocklevel level
          join catalogue_sku sku on sku.id = level.sku_id
          join inventory_stocklocation location on location.id = level.location_id
          left join (select level_id, count(*) as pieces from inventory_serialnumber
                      where level_id is not null group by level_id) as numbered on numbered.level_id = level.id
         where sku.is_serial_tracked and location.kind <> 'supplier' and level.on_hand <> coalesce(numbered.pieces, 0)
        """,
    ),
    Invariant(
        "I8",
        "Of a SKU kept by lot every piece belongs to one, and no piece of a recalled lot can be sold.",
        "triggers on movements, check constraints",
        "select count(*) from inventory_lot",
        """
        select level.id, sku.code, level.on_hand, coalesce(held.pieces, 0) as in_lots, null as lot
          from inventory_stocklevel level
          join catalogue_sku sku on sku.id = level.sku_id
          join inventory_stocklocation location on location.id = level.location_id
          left join (select level_id, sum(on_hand) as pieces from inventory_stockcontent
                      where lot_id is not null group by level_id) as held on held.level_id = level.id
         where sku.is_lot_tracked and location.kind <> 'supplier' and level.on_hand <> coalesce(held.pieces, 0)
        union all
        select content.level_id, null, content.on_hand, content.quarantined, lot.code
          from inventory_stockcontent content join inventory_lot lot on lot.id = content.lot_id
         where lot.recalled_at is not null and content.on_hand > content.quarantined
        """,
    ),
    Invariant(
        "I9",
        "One cause moves stock once.",
        "unique constraint",
        "select count(*) from inventory_stockmovement",
        """
        select source, source_key, count(*) as times from inventory_stockmovement
         group by source, source_key having count(*) > 1
        """,
    ),
    Invariant(
        "I11",
        "Every adjustment has a reason, an actor and one document.",
        "check constraints, one-to-one key",
        "select count(*) from inventory_stockmovement where kind = 'adjust'",
        """
        select movement.id, movement.reference from inventory_stockmovement movement
          left join inventory_stockadjustment document on document.movement_id = movement.id
         where movement.kind = 'adjust'
           and (movement.reason_id is null or movement.actor = '' or document.id is null
                or document.on_hand_after - document.on_hand_before <> movement.on_hand_delta)
        """,
    ),
    Invariant(
        "I27",
        "No more is received against an announcement than was announced.",
        "check constraint",
        "select count(*) from inventory_expectedreceipt",
        """
        select id, reference, quantity_expected, quantity_received from inventory_expectedreceipt
         where quantity_received > quantity_expected
        """,
    ),
)
