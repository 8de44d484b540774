"""The HTML door of the ground floor, and what the rooms build their staff pages on."""

from oms.core.views.frame import Doing, Form, Page, Record, own_path, page_frame, stays
from oms.core.views.lists import Choice, Column, Filter, ListPage, Tab

__all__ = [
    "Choice",
    "Column",
    "Doing",
    "Filter",
    "Form",
    "ListPage",
    "Page",
    "Record",
    "Tab",
    "own_path",
    "page_frame",
    "stays",
]
