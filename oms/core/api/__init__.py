"""What every REST door stands on: tokens, scopes, bodies, pages, problem documents.

The framework loads these while its own views are still being read, so nothing here may import
them: the base view is ``oms.core.api.views.ApiView``, the schema ``oms.core.api.schema``.
"""

from oms.core.api.access import HasScope, TokenAuthentication
from oms.core.api.bodies import JSONRenderer, answered, keyed, read_body
from oms.core.api.limits import RequestsPerMinute
from oms.core.api.pages import CursorPages, page_of
from oms.core.api.problems import problem, problem_document, refusal_body

__all__ = [
    "CursorPages",
    "HasScope",
    "JSONRenderer",
    "RequestsPerMinute",
    "TokenAuthentication",
    "answered",
    "keyed",
    "page_of",
    "problem",
    "problem_document",
    "read_body",
    "refusal_body",
]
