"""Roles and what each may do; rights per location are held in ``Grant`` rows."""

from enum import StrEnum


class Role(StrEnum):
    PICKER = "picker"
    PACKER = "packer"
    RECEIVER = "receiver"
    INSPECTOR = "inspector"
    BUYER = "buyer"
    ACCOUNTANT = "accountant"
    MANAGER = "manager"
    INTEGRATOR = "integrator"
    ADMINISTRATOR = "administrator"


# Every right there is; a page or an action that asks for another one is a mistake found by a test.
ALL_PERMISSIONS = frozenset(
    {
        "home.view",
        "account.change",
        "orders.view",
        "orders.create",
        "orders.change",
        "orders.cancel",
        "orders.hold",
        "orders.export",
        "customers.view",
        "customers.change",
        "customers.erase",
        "stock.view",
        "stock.adjust",
        "stock.approve",
        "stock.transfer",
        "stock.move",
        "stock.hold",
        "lots.recall",
        "stock.count",
        "stock.import",
        "stock.export",
        "catalogue.view",
        "catalogue.change",
        "costs.view",
        "locations.view",
        "locations.change",
        "fulfilment.view",
        "fulfilment.dispatch",
        "fulfilment.pick",
        "fulfilment.pack",
        "fulfilment.ship",
        "fulfilment.accept",
        "letters.view",
        "letters.send",
        "letters.change",
        "routing.view",
        "routing.change",
        "routing.publish",
        "purchasing.view",
        "purchasing.change",
        "purchasing.approve",
        "receiving.receive",
        "returns.view",
        "returns.authorise",
        "returns.receive",
        "returns.inspect",
        "returns.dispose",
        "finance.view",
        "finance.change",
        "finance.refund",
        "finance.approve",
        "channels.view",
        "channels.change",
        "messages.view",
        "messages.replay",
        "webhooks.view",
        "webhooks.change",
        "reports.view",
        "reports.sign",
        "invariants.view",
        "invariants.repair",
        "alerts.view",
        "alerts.change",
        "users.view",
        "users.change",
        "tokens.view",
        "tokens.change",
        "audit.view",
        "admin.enter",
    }
)

_EVERYONE = frozenset({"home.view", "account.change"})
_FLOOR = _EVERYONE | {"stock.view", "catalogue.view", "locations.view", "fulfilment.view", "alerts.view"}
_DESK = _FLOOR | {"orders.view", "customers.view", "letters.view", "reports.view", "invariants.view"}

PERMISSIONS: dict[Role, frozenset[str]] = {
    Role.PICKER: _FLOOR | {"fulfilment.pick", "stock.count", "stock.move"},
    Role.PACKER: _FLOOR | {"fulfilment.pack", "fulfilment.ship"},
    Role.RECEIVER: _FLOOR
    | {
        "receiving.receive",
        "purchasing.view",
        "returns.view",
        "returns.receive",
        "stock.count",
        "stock.move",
    },
    Role.INSPECTOR: _FLOOR
    | {"returns.view", "returns.inspect", "returns.dispose", "stock.count", "stock.hold", "stock.move"},
    Role.BUYER: _DESK
    | {"purchasing.view", "purchasing.change", "costs.view", "catalogue.change", "stock.export"},
    Role.ACCOUNTANT: _DESK
    | {
        "costs.view",
        "finance.view",
        "finance.change",
        "finance.refund",
        "letters.send",
        "orders.hold",
        "reports.sign",
        "purchasing.view",
        "returns.view",
        "orders.export",
        "stock.export",
        "audit.view",
    },
    Role.MANAGER: ALL_PERMISSIONS - {"users.change", "tokens.change", "webhooks.change", "channels.change"},
    Role.INTEGRATOR: _DESK
    | {
        "channels.view",
        "channels.change",
        "messages.view",
        "messages.replay",
        "webhooks.view",
        "webhooks.change",
        "tokens.view",
        "tokens.change",
        "routing.view",
        "catalogue.change",
        "stock.import",
        "admin.enter",
        "alerts.change",
    },
    Role.ADMINISTRATOR: ALL_PERMISSIONS,
}

# What the admin asks for, by app or model: (to look, to change). An app that is absent is closed.
ADMIN_RIGHTS: dict[str, tuple[str, str]] = {
    "core": ("users.view", "users.change"),
    "core.apitoken": ("tokens.view", "tokens.change"),
    "core.auditentry": ("audit.view", ""),
    "core.approval": ("audit.view", ""),
    "core.outboxmessage": ("messages.view", ""),
    "core.inboxmessage": ("messages.view", ""),
    "core.webhookendpoint": ("webhooks.view", "webhooks.change"),
    "core.webhookdelivery": ("webhooks.view", ""),
    "admin": ("audit.view", ""),
    "axes": ("users.view", "users.change"),
    "otp_totp": ("users.view", "users.change"),
    "otp_static": ("users.view", "users.change"),
    "django_celery_beat": ("users.view", "users.change"),
    "runtime": ("users.view", ""),
    "catalogue": ("catalogue.view", "catalogue.change"),
    "inventory": ("stock.view", "locations.change"),
    "channels": ("channels.view", "channels.change"),
    "purchasing": ("purchasing.view", "purchasing.change"),
    "orders": ("orders.view", "orders.change"),
    "orders.customer": ("customers.view", "customers.change"),
    "orders.customercontact": ("customers.view", "customers.change"),
    "orders.customeraddress": ("customers.view", "customers.change"),
    "orders.customertypepolicy": ("customers.view", "customers.change"),
    "routing": ("routing.view", "routing.change"),
    "fulfilment": ("fulfilment.view", "locations.change"),
    "invoices": ("finance.view", ""),
    "letters.letter": ("letters.view", ""),
    "letters": ("letters.view", "letters.change"),
    "returns": ("returns.view", "returns.authorise"),
    "alerts": ("alerts.view", "alerts.change"),
    "reports": ("reports.view", "reports.sign"),
    "imports": ("stock.import", ""),
}


def admin_right(model_permission: str) -> str:
    """Our right behind one of Django's names, such as ``routing.change_rate``; empty when closed to all."""
    app, _, codename = model_permission.partition(".")
    verb, _, model = codename.partition("_")
    look, change = ADMIN_RIGHTS.get(f"{app}.{model}") or ADMIN_RIGHTS.get(app, ("", ""))
    return look if verb == "view" else change


# These hold keys, money or other people's rights: a password alone is not enough for them.
NEEDS_SECOND_FACTOR = frozenset({Role.ACCOUNTANT, Role.MANAGER, Role.INTEGRATOR, Role.ADMINISTRATOR})


def roles_with(permission: str) -> frozenset[Role]:
    """The roles that hold this right."""
    return frozenset(role for role, permissions in PERMISSIONS.items() if permission in permissions)
