"""What the resources of every kind of file have in common."""

from collections.abc import Iterator
from typing import Any, ClassVar

from django.db.models import Model, QuerySet
from import_export.fields import Field
from import_export.resources import ModelResource


class Columns(ModelResource):
    """What each resource says beside its fields."""

    # Columns every row needs, columns a new thing needs, the columns that name it, who may not see which.
    needed: ClassVar[tuple[str, ...]] = ()
    needed_new: ClassVar[tuple[str, ...]] = ()
    key: ClassVar[tuple[str, ...]] = ()
    costs: ClassVar[frozenset[str]] = frozenset()
    # Names that other programs give our columns, in lower case and with single spaces.
    aliases: ClassVar[dict[str, tuple[str, ...]]] = {}
    # Columns that are read and not written.
    read_only: ClassVar[tuple[str, ...]] = ()
    location_path: ClassVar[str] = ""

    def columns(self) -> dict[str, Field]:
        """Every column in its order, by name."""
        return {name: self.fields[name] for name in self._meta.fields}

    def queryset(self) -> "QuerySet[Any]":
        """What an export goes through."""
        return self._meta.model.objects.order_by("pk")

    def written(self, row: Model, names: list[str]) -> Iterator[tuple[str, bool]]:
        """The cells of one row: text, and whether it is a number."""
        for name in names:
            field = self.fields[name]
            yield self.export_field(field, row), getattr(field.widget, "is_number", False)

    @property
    def model(self) -> type[Model]:
        """Whose rows they are."""
        return self._meta.model
