"""The import contracts hold, and each of them would notice a breach."""

from copy import deepcopy
from importlib import import_module

import pytest
from grimp import build_graph
from importlinter.application.use_cases import read_user_options
from importlinter.configuration import configure

from tests.house.sources import ROOT

configure()
OPTIONS = read_user_options(str(ROOT / "pyproject.toml"))
CONTRACTS = {options["id"]: options for options in OPTIONS.contracts_options}
KINDS = {
    "forbidden": "importlinter.contracts.forbidden.ForbiddenContract",
    "independence": "importlinter.contracts.independence.IndependenceContract",
    "layers": "importlinter.contracts.layers.LayersContract",
}
# For each contract one import that somebody in a hurry might write.
BREACHES = {
    "pure": ("inventory.rules", "django"),
    "street": ("oms.catalogue.models", "oms.orders.models"),
    "data": ("oms.orders.queries", "inventory.services.reservations"),
    "services-apart": ("oms.orders.services.orders", "inventory.services.reservations"),
    "services": ("inventory.services.reservations", "oms.flows.ordering"),
    "flows": ("oms.flows.ordering", "oms.orders.api"),
    "views": ("oms.core.views.home", "oms.orders.api"),
    "api": ("oms.orders.api", "oms.core.views.home"),
    "admin": ("oms.routing.admin", "oms.orders.api"),
    "ground": ("oms.core.outbox", "oms.orders.models"),
    "runtime": ("oms.runtime.health", "inventory.models"),
}


@pytest.fixture(scope="module")
def graph():
    return build_graph(
        *OPTIONS.session_options["root_packages"],
        include_external_packages=True,
        exclude_type_checking_imports=True,
        cache_dir=None,
    )


def test_every_contract_has_a_planted_breach():
    assert set(CONTRACTS) == set(BREACHES)


@pytest.mark.parametrize("name", CONTRACTS)
def test_the_contract_is_kept(graph, name):
    assert _is_kept(name, graph)


@pytest.mark.parametrize("name", CONTRACTS)
def test_the_contract_notices_a_breach(graph, name):
    importer, imported = BREACHES[name]
    assert {importer, imported} <= graph.modules
    broken = deepcopy(graph)
    broken.add_import(importer=importer, imported=imported, line_number=1, line_contents="planted")

    assert not _is_kept(name, broken)


def _is_kept(name, graph):
    options = CONTRACTS[name]
    module, _, kind = KINDS[options["type"]].rpartition(".")
    contract = getattr(import_module(module), kind)(
        name=name, session_options=OPTIONS.session_options, contract_options=options
    )
    return contract.check(deepcopy(graph), verbose=False).kept
