"""Which rights the application's own database role has, table by table: the wall behind the triggers.

Every table gives SELECT, INSERT, UPDATE and DELETE unless it is listed here. A role that does not
own the tables can neither truncate them nor switch their triggers off.
"""

from dataclasses import dataclass, field

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper
from psycopg import sql

ORDINARY = frozenset({"SELECT", "INSERT", "UPDATE", "DELETE"})
READ = frozenset({"SELECT"})
APPEND = frozenset({"SELECT", "INSERT"})
KEEP = frozenset({"SELECT", "INSERT", "UPDATE"})


@dataclass(frozen=True)
class Rights:
    """What may be done to a table: to all of its columns, and to a few by name."""

    table: frozenset[str] = ORDINARY
    columns: dict[str, frozenset[str]] = field(default_factory=dict)


# Table -> rights. Each room's exceptions stand together; the comment says why they are exceptions.
EXCEPTIONS: dict[str, Rights] = {
    # core: what was proved is never rewritten.
    "core_auditentry": Rights(APPEND),
    "core_auditseal": Rights(APPEND),
    "core_auditera": Rights(APPEND),
    "core_approval": Rights(KEEP),
    # inventory: levels are running totals of movements; a reservation only moves forward.
    "inventory_stocklevel": Rights(
        APPEND, dict.fromkeys(("safety_stock", "pick_bin_id", "reported"), frozenset({"UPDATE"}))
    ),
    "inventory_expectedreceipt": Rights(
        APPEND,
        dict.fromkeys(("quantity_expected", "quantity_received", "expected_on"), frozenset({"UPDATE"})),
    ),
    "inventory_deliverychange": Rights(APPEND),
    "inventory_stockcontent": Rights(READ),
    "inventory_safetystockchange": Rights(READ),
    "inventory_serialnumber": Rights(APPEND),
    "inventory_serialmovement": Rights(APPEND),
    "inventory_transfer": Rights(KEEP),
    "inventory_transferline": Rights(KEEP),
    "inventory_counttask": Rights(KEEP),
    "inventory_countline": Rights(KEEP),
    "inventory_countscan": Rights(APPEND),
    "inventory_stockclose": Rights(APPEND),
    "inventory_stockcloseline": Rights(APPEND),
    "inventory_closesignature": Rights(APPEND),
    "inventory_stockreport": Rights(APPEND),
    "inventory_stockreportline": Rights(APPEND),
    "inventory_stockrepair": Rights(APPEND),
    "inventory_stockmovement": Rights(APPEND),
    "inventory_stockadjustment": Rights(APPEND),
    "inventory_reservation": Rights(
        APPEND,
        dict.fromkeys(
            ("quantity_released", "quantity_issued", "changed_at", "changed_by", "expires_at"),
            frozenset({"UPDATE"}),
        ),
    ),
    # orders: documents are cancelled, never deleted; triggers count what a line has allocated and shipped.
    "orders_order": Rights(KEEP),
    "orders_ordercontact": Rights(KEEP),
    "orders_hold": Rights(KEEP),
    "orders_customer": Rights(KEEP),
    "orders_customeraccount": Rights(READ),
    "orders_customertypepolicy": Rights(KEEP),
    "orders_promise": Rights(APPEND),
    "orders_orderchange": Rights(APPEND),
    "orders_partialquestion": Rights(
        APPEND,
        dict.fromkeys(("decision", "decided_by", "decided_at", "note"), frozenset({"UPDATE"})),
    ),
    "orders_addresschange": Rights(
        APPEND,
        dict.fromkeys(("state", "address", "settled_by", "settled_at", "outcome"), frozenset({"UPDATE"})),
    ),
    "orders_supplyclaim": Rights(APPEND | {"DELETE"}, {"quantity": frozenset({"UPDATE"})}),
    "orders_orderreason": Rights(KEEP),
    "orders_orderjob": Rights(KEEP),
    "orders_orderjobitem": Rights(KEEP),
    "orders_orderline": Rights(
        APPEND, dict.fromkeys(("quantity_waiting", "quantity_cancelled"), frozenset({"UPDATE"}))
    ),
    # routing: a decision is what was known then; the routine of allocating alone writes it, with what follows from it.
    "routing_routingdecision": Rights(READ),
    "routing_allocation": Rights(READ),
    # fulfilment: work is cancelled, never deleted; what left has left.
    "fulfilment_fulfilmentorder": Rights(KEEP),
    "fulfilment_fulfilmentorderline": Rights(KEEP),
    "fulfilment_parcel": Rights(KEEP),
    "fulfilment_cancellationrequest": Rights(KEEP),
    "fulfilment_cancellationline": Rights(APPEND),
    "fulfilment_addressrequest": Rights(
        APPEND,
        dict.fromkeys(("state", "answered_by", "answered_at", "answer"), frozenset({"UPDATE"})),
    ),
    "fulfilment_shipment": Rights(APPEND),
    "fulfilment_parcelline": Rights(APPEND),
    "fulfilment_scan": Rights(APPEND),
    # invoices: what was billed is never rewritten; it is marked as paid.
    "invoices_invoice": Rights(
        APPEND, dict.fromkeys(("settled_at", "settled_by", "settled_reference"), frozenset({"UPDATE"}))
    ),
    "invoices_invoiceline": Rights(APPEND),
    "core_numberseries": Rights(KEEP),
    # letters: that somebody was written to stays; what was said goes when they ask to be forgotten.
    "letters_letter": Rights(KEEP),
    "letters_templateversion": Rights(APPEND),
    # core: only the owner changes the schema's own book.
    "django_migrations": Rights(READ),
}


def apply_grants(connection: BaseDatabaseWrapper, app_role: str) -> None:
    """Bring the rights of the application's role in line with this module; run as the owner of the tables."""
    role = sql.Identifier(app_role)
    with connection.cursor() as cursor:
        cursor.execute(_text(connection, sql.SQL("grant usage on schema public to {}").format(role)))
        for table, part in _tables(cursor):
            for statement in _statements(table, _wanted(table, part), role):
                cursor.execute(_text(connection, statement))
        cursor.execute(
            _text(
                connection,
                sql.SQL("grant usage, select on all sequences in schema public to {}").format(role),
            )
        )


def differences(connection: BaseDatabaseWrapper, app_role: str) -> list[str]:
    """Where the database's actual rights differ from this module, as sentences; empty when they agree."""
    with connection.cursor() as cursor:
        tables = dict(_tables(cursor))
        found = [
            f"{table}: listed here, absent in the database" for table in sorted(set(EXCEPTIONS) - set(tables))
        ]
        for table, part in tables.items():
            wanted = _wanted(table, part)
            actual = _actual(cursor, table, app_role)
            if actual != wanted:
                found.append(f"{table}: {_words(actual)} granted, {_words(wanted)} wanted")
    return found


def _wanted(table: str, part: bool) -> Rights:
    # A partition is reached through its parent only, whose rights then hold.
    return Rights(frozenset()) if part else EXCEPTIONS.get(table, Rights())


def _tables(cursor: CursorWrapper) -> list[tuple[str, bool]]:
    cursor.execute(
        "select c.relname, c.relispartition from pg_class c join pg_namespace n on n.oid = c.relnamespace"
        " where n.nspname = 'public' and c.relkind in ('r', 'p') order by 1"
    )
    return list(cursor.fetchall())


def _statements(table: str, rights: Rights, role: sql.Identifier) -> list[sql.Composed]:
    name = sql.Identifier(table)
    statements = [sql.SQL("revoke all on {} from {}").format(name, role)]
    # Revoking a table's rights also revokes those of its columns.
    if rights.table:
        verbs = sql.SQL(", ").join(map(sql.SQL, sorted(rights.table)))
        statements.append(sql.SQL("grant {} on {} to {}").format(verbs, name, role))
    for column, granted in sorted(rights.columns.items()):
        for verb in sorted(granted):
            statements.append(
                sql.SQL("grant {} ({}) on {} to {}").format(sql.SQL(verb), sql.Identifier(column), name, role)
            )
    return statements


def _actual(cursor: CursorWrapper, table: str, role: str) -> Rights:
    cursor.execute(
        "select a.privilege_type from pg_class c join pg_namespace n on n.oid = c.relnamespace,"
        " aclexplode(c.relacl) a join pg_roles r on r.oid = a.grantee"
        " where n.nspname = 'public' and c.relname = %s and r.rolname = %s",
        [table, role],
    )
    whole = frozenset(verb for (verb,) in cursor.fetchall())
    cursor.execute(
        "select t.attname, a.privilege_type from pg_class c join pg_namespace n on n.oid = c.relnamespace"
        " join pg_attribute t on t.attrelid = c.oid, aclexplode(t.attacl) a"
        " join pg_roles r on r.oid = a.grantee"
        " where n.nspname = 'public' and c.relname = %s and r.rolname = %s",
        [table, role],
    )
    columns: dict[str, frozenset[str]] = {}
    for column, verb in cursor.fetchall():
        columns[column] = columns.get(column, frozenset()) | {verb}
    return Rights(whole, columns)


def _words(rights: Rights) -> str:
    parts = [" ".join(sorted(rights.table)) or "nothing"]
    parts += [f"{'/'.join(sorted(verbs))}({column})" for column, verbs in sorted(rights.columns.items())]
    return ", ".join(parts)


def _text(connection: BaseDatabaseWrapper, statement: sql.Composed) -> str:
    return statement.as_string(connection.connection)
