"""Two sets to begin with, one for persons and one for businesses, and what no program may do to letters."""

from django.db import migrations

from oms.core.triggers import append_only, frozen_columns, lifecycle_trigger, no_delete
from oms.letters.rules import LETTER_LIFECYCLE

HELLO = "{% if customer_name %}\nDear {{ customer_name }},\n{% else %}\nHello,\n{% endif %}\n"
FOOT = """
{% for part in shop_address %}
{{ part }}
{% endfor %}
"""
LINES = """{% for line in lines %}
{{ line.pieces }} x {{ line.name }} ({{ line.sku }}), {{ line.total }}
{% endfor %}
"""
SUMS = """Goods: {{ goods }}
{% if discount %}
Discount: -{{ discount }}
{% endif %}
Shipping: {{ shipping }}
Tax: {{ tax }}
Total: {{ total }} {{ currency }}
"""
PARCELS = """{% for parcel in parcels %}
Parcel {{ parcel.number }}{% if parcel.carrier %} by {{ parcel.carrier }}{% endif %}{% if parcel.tracking_number %}, tracking number {{ parcel.tracking_number }}{% endif %}
{% for one in parcel.lines %}
  {{ one.pieces }} x {{ one.name }}
{% endfor %}
{% endfor %}
"""
TO_COME = """{% if all_has_left %}
That is all of your order.
{% else %}
Still to come:
{% for one in still_to_come %}
  {{ one.pieces }} x {{ one.name }}
{% endfor %}
{% endif %}
"""
CANCELLED = """{% for one in cancelled %}
{{ one.pieces }} x {{ one.name }} ({{ one.sku }})
{% endfor %}
"""
THEIRS = """Our order: {{ order_number }}
{% if po_number %}
Your order number: {{ po_number }}
{% endif %}
"""

CONSUMER = {
    "confirmed": (
        "Your order {{ order_number }}",
        HELLO
        + "\nThank you. We have your order {{ order_number }} of {{ placed_on }}:\n\n"
        + LINES
        + "\n"
        + SUMS
        + """
{% if leaves_on %}
It leaves by {{ leaves_on }}{% if arrives_on %} and should be with you by {{ arrives_on }}{% endif %}.
{% else %}
We write again as soon as we know when it leaves.
{% endif %}
{% if gift_message %}

On the card we write: “{{ gift_message }}”
{% endif %}

It goes to:
{% for part in ship_to %}
{{ part }}
{% endfor %}
"""
        + FOOT,
    ),
    "shipped": (
        "Your order {{ order_number }} is on its way",
        HELLO + "\nthis has left us{% if left_on %} on {{ left_on }}{% endif %}:\n\n" + PARCELS + "\n" + TO_COME + FOOT,
    ),
    "delayed": (
        "Your order {{ order_number }} will be later than we said",
        HELLO
        + """
we are sorry: your order {{ order_number }} will leave by {{ new_day }} and not by {{ old_day }}.{% if arrives_on %} It should be with you by {{ arrives_on }}.{% endif %}

There is nothing you need to do. Answer this letter if you would rather not wait.
"""
        + FOOT,
    ),
    "cancelled": (
        "{% if is_whole %}Your order {{ order_number }} is cancelled{% else %}A change to your order {{ order_number }}{% endif %}",
        HELLO
        + "\n{% if is_whole %}\nyour order {{ order_number }} is cancelled:\n{% else %}\nthis was taken off your order {{ order_number }}:\n{% endif %}\n\n"
        + CANCELLED
        + """
{% if not is_whole %}
It comes to {{ total }} {{ currency }} now.
{% endif %}
What you have paid for it is returned to you.
"""
        + FOOT,
    ),
    "invoiced": (
        "Invoice {{ invoice_number }} for your order {{ order_number }}",
        HELLO
        + "\nthe invoice {{ invoice_number }} over {{ invoice_total }} {{ currency }} is attached. It is due on {{ due_on }}.\n"
        + FOOT,
    ),
}
BUSINESS = {
    "confirmed": (
        "Order confirmation {{ order_number }}{% if po_number %}, your order {{ po_number }}{% endif %}",
        HELLO
        + "\nwe confirm your order of {{ placed_on }}.\n\n"
        + THEIRS
        + """{% if terms_days != "" %}
Terms: net {{ terms_days }} days{% if due_on %}, due {{ due_on }} if it leaves as promised{% endif %}
{% endif %}
{% if leaves_on %}
Leaves by: {{ leaves_on }}
{% endif %}
{% if deliver_from %}
Wanted from: {{ deliver_from }}
{% endif %}
{% if deliver_until %}
Wanted until: {{ deliver_until }}
{% endif %}

{% for line in lines %}
{{ line.pieces }} x {{ line.sku }} {{ line.name }} at {{ line.unit_price }}: {{ line.total }}
{% endfor %}

"""
        + SUMS
        + """
Deliver to:
{% for part in ship_to %}
{{ part }}
{% endfor %}

Bill to:
{% for part in bill_to %}
{{ part }}
{% endfor %}
"""
        + FOOT,
    ),
    "shipped": (
        "Dispatched: {{ order_number }}{% if po_number %}, your order {{ po_number }}{% endif %}",
        HELLO + "\nthis has left us{% if left_on %} on {{ left_on }}{% endif %}.\n\n" + THEIRS + "\n" + PARCELS + "\n" + TO_COME + FOOT,
    ),
    "delayed": (
        "New date: {{ order_number }}{% if po_number %}, your order {{ po_number }}{% endif %}",
        HELLO
        + "\nwe cannot keep the date that we confirmed.\n\n"
        + THEIRS
        + """Was to leave by: {{ old_day }}
Leaves by: {{ new_day }}
{% if arrives_on %}
Arrives by: {{ arrives_on }}
{% endif %}
"""
        + FOOT,
    ),
    "cancelled": (
        "{% if is_whole %}Cancelled{% else %}Changed{% endif %}: {{ order_number }}{% if po_number %}, your order {{ po_number }}{% endif %}",
        HELLO
        + "\n{% if is_whole %}\nthe order is cancelled.\n{% else %}\nthis was taken off the order.\n{% endif %}\n\n"
        + THEIRS
        + "\n"
        + CANCELLED
        + """
{% if not is_whole %}
New total: {{ total }} {{ currency }}
{% endif %}
"""
        + FOOT,
    ),
    "invoiced": (
        "Invoice {{ invoice_number }}{% if po_number %}, your order {{ po_number }}{% endif %}",
        HELLO
        + "\nplease find our invoice attached.\n\n"
        + "Invoice: {{ invoice_number }} of {{ issued_on }}\n"
        + THEIRS
        + """Amount: {{ invoice_total }} {{ currency }}
Terms: net {{ terms_days }} days
Due: {{ due_on }}
"""
        + FOOT,
    ),
}
SETS = (
    ("consumer", "For persons", True, "b2c", CONSUMER),
    ("business", "For businesses", False, "b2b", BUSINESS),
)


def begin(apps, schema_editor):
    LetterSet = apps.get_model("letters", "LetterSet")
    LetterTemplate = apps.get_model("letters", "LetterTemplate")
    TemplateVersion = apps.get_model("letters", "TemplateVersion")
    CustomerTypeLetters = apps.get_model("letters", "CustomerTypeLetters")
    for code, name, is_fallback, kind, templates in SETS:
        made = LetterSet.objects.create(code=code, name=name, is_fallback=is_fallback)
        CustomerTypeLetters.objects.create(customer_type=kind, letter_set=made)
        for occasion, (subject, text) in templates.items():
            template = LetterTemplate.objects.create(
                letter_set=made, occasion=occasion, subject=subject, text=text.strip() + "\n"
            )
            TemplateVersion.objects.create(
                template=template, number=1, subject=subject, text=template.text, written_by="system"
            )


class Migration(migrations.Migration):
    dependencies = [("letters", "0001_letters"), ("core", "0001_initial")]

    operations = [
        migrations.RunPython(begin, migrations.RunPython.noop),
        append_only("letters_templateversion"),
        no_delete("letters_letter"),
        lifecycle_trigger("letters_letter", "status", LETTER_LIFECYCLE),
        frozen_columns(
            "letters_letter",
            ("key", "occasion", "order_id", "customer_id", "about", "version_id", "queued_at", "again_of_id", "asked_by"),
        ),
    ]
