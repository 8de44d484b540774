"""Staff and Prometheus see which SKUs are hot, and home speaks of it only while one is."""

import pytest

from oms.flows import hot_figures
from oms.flows.heat import Figures
from tests.doors.test_order_pages import BACKEND, person

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def desk(client):
    """A manager's browser."""
    client.force_login(person("ruth", ("manager", "")), backend=BACKEND)
    return client


def test_a_hot_sku_is_shown_while_it_is_hot_and_after(desk):
    assert b"No SKU is hot" in desk.get("/orders/hot").content
    hot_figures.report("MUG", Figures(1.0, 10, 250, 40, 1.25), cooled=False)

    page, home = desk.get("/orders/hot"), desk.get("/")
    figures = desk.get("/metrics").content.decode()

    assert (page.context["hot"], page.context["rows"][0].wait_ms) == (1, pytest.approx(5))
    assert "orders/panel_hot.html" in [template.name for template in home.templates]
    assert 'oms_hot_sku_orders_per_second{sku="MUG"} 250.0' in figures

    hot_figures.report("MUG", Figures(1.0, 1, 1, 1, 0.0), cooled=True)
    page, home = desk.get("/orders/hot"), desk.get("/")

    (row,) = page.context["rows"]
    assert (page.context["hot"], row.orders, row.largest, row.ended is None) == (0, 251, 40, False)
    assert "orders/panel_hot.html" not in [template.name for template in home.templates]


def test_a_second_heat_counts_from_anew(desk):
    hot_figures.report("MUG", Figures(1.0, 10, 250, 40, 1.25), cooled=True)
    hot_figures.report("MUG", Figures(1.0, 2, 8, 4, 0.1), cooled=False)

    (row,) = hot_figures.hot_skus()

    assert (row.orders, row.largest, row.ended) == (8, 4, None)


def test_a_process_that_fell_silent_is_not_hot(desk, owner_connection):
    hot_figures.report("MUG", Figures(1.0, 10, 250, 40, 1.25), cooled=False)
    owner_connection.execute("update flows_hotsku set seen_at = now() - interval '1 minute'")
    owner_connection.commit()

    (row,) = hot_figures.hot_skus()

    assert row.ended is not None
