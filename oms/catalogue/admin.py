"""The catalogue in the admin: SKUs with the barcodes that name them."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone

from oms.catalogue import queries
from oms.catalogue.models import Barcode, BundleComponent, Pack, Price, Sku
from oms.catalogue.rules import checked_barcode, checked_sku_code
from oms.core.admin_site import Audited, WithFiles
from oms.core.errors import Refusal


class SkuForm(forms.ModelForm):
    """A SKU whose code fits into an address."""

    class Meta:
        model = Sku
        fields = (
            *("code", "name", "is_active", "category", "tags", "weight_grams", "length_mm"),
            *("width_mm", "height_mm", "hazard", "unit_cost", "currency"),
            *(
                "backorder_policy",
                "backorder_limit",
                "base_unit",
                "is_bundle",
                "is_lot_tracked",
                "is_serial_tracked",
            ),
            "shelf_life_margin_days",
        )

    def clean_code(self) -> str:
        """Refuse a code that no address can hold."""
        try:
            return checked_sku_code(self.cleaned_data["code"])
        except Refusal as refusal:
            raise forms.ValidationError(str(refusal)) from refusal

    def clean(self) -> dict[str, Any]:
        """Refuse to change how pieces are kept while there are any."""
        data = super().clean()
        kept = self.instance.pk and queries.is_kept(self.instance.pk)
        for name in {"is_bundle", "is_lot_tracked", "is_serial_tracked"} & set(self.changed_data):
            if kept:
                self.add_error(name, "There is stock of it, or it is in a bundle: count it out first.")
        return data


class BarcodeForm(forms.ModelForm):
    """A barcode whose check digit is true."""

    class Meta:
        model = Barcode
        fields = ("code", "pack", "is_primary")

    def clean_code(self) -> str:
        """Refuse digits that were misread."""
        try:
            return checked_barcode(self.cleaned_data["code"])
        except Refusal as refusal:
            raise forms.ValidationError(str(refusal)) from refusal


class PackInline(admin.TabularInline):
    """The packs it comes in."""

    model = Pack
    extra = 0


class PriceInline(admin.TabularInline):
    """What it costs a customer, by price list and currency."""

    model = Price
    extra = 0


class ComponentForm(forms.ModelForm):
    """A component that is kept itself."""

    class Meta:
        model = BundleComponent
        fields = ("component", "quantity")

    def clean_component(self) -> Sku:
        """Refuse a bundle within a bundle."""
        component = self.cleaned_data["component"]
        if component.is_bundle:
            raise forms.ValidationError("That is a bundle itself. Name what is in it instead.")
        return component


class ComponentInline(admin.TabularInline):
    """What is in it, when it is a bundle."""

    model = BundleComponent
    form = ComponentForm
    fk_name = "bundle"
    autocomplete_fields = ("component",)
    extra = 0

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Only a bundle has components; tick it and save before they are named."""
        return bool(obj and obj.is_bundle) and super().has_add_permission(request, obj)


class BarcodeInline(admin.TabularInline):
    """What scanners read for this SKU."""

    model = Barcode
    form = BarcodeForm
    extra = 1


@admin.register(Sku)
class SkuAdmin(WithFiles, Audited):
    """What is sold; its code stays, and it is switched off rather than deleted."""

    file_kind = "skus"
    form = SkuForm
    inlines = (BarcodeInline, PackInline, PriceInline, ComponentInline)
    list_display = ("code", "name", "category", "weight_grams", "unit_cost", "currency", "is_active")
    list_filter = (
        "is_active",
        "is_bundle",
        "is_lot_tracked",
        "is_serial_tracked",
        "backorder_policy",
        "category",
    )
    search_fields = ("code", "name", "barcodes__code")
    list_per_page = 50
    show_full_result_count = False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Orders and labels name a SKU by its code, so it never changes."""
        return () if obj is None else ("code",)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Costs are for those who may see them."""
        every = SkuForm.Meta.fields
        hidden = () if request.user.may("costs.view") else ("unit_cost", "currency")
        return tuple(name for name in every if name not in hidden)

    def get_list_display(self, request: HttpRequest) -> tuple[str, ...]:
        """Costs are for those who may see them."""
        hidden = () if request.user.may("costs.view") else ("unit_cost", "currency")
        return tuple(name for name in self.list_display if name not in hidden)

    def save_model(self, request: HttpRequest, obj: Sku, form: Any, change: bool) -> None:
        """Keep the SKU and the hour of its last change."""
        obj.updated_at = timezone.now()
        if not change:
            obj.created_at = obj.updated_at
        super().save_model(request, obj, form, change)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Orders and movements name it for ever."""
        return False
