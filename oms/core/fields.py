"""Column types that only Postgres has."""

from django.db import models
from django.db.models import Func


class TransactionIdField(models.Field):
    """The 64-bit number of the transaction that wrote the row; it orders rows by commit horizon."""

    def db_type(self, connection: object) -> str:
        return "xid8"

    def from_db_value(self, value: object, expression: object, connection: object) -> int | None:
        return None if value is None else int(str(value))

    def get_prep_value(self, value: object) -> str | None:
        return None if value is None else str(value)


class CurrentTransaction(Func):
    """The number of the transaction that is running."""

    function = "pg_current_xact_id"
    template = "%(function)s()"
    output_field = TransactionIdField()

    def __init__(self) -> None:
        super().__init__()
