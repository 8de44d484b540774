"""The API described: the document for programs, pages for people, the types of problems."""

from typing import Any

from django.http import Http404, HttpRequest
from django.views.generic import TemplateView
from drf_spectacular.views import SpectacularJSONAPIView
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from oms.core.api.problems import known_problems
from oms.core.api.schema import HouseSchema


class SchemaView(SpectacularJSONAPIView):
    """OpenAPI 3.1, as JSON. It tells the shape of the doors and nothing of what is behind them."""

    public = True
    authentication_classes = ()
    permission_classes = (AllowAny,)
    generator_class = HouseSchema


class ProblemTypeView(APIView):
    """What a problem type means: the page its ``type`` leads to."""

    public = True
    authentication_classes = ()
    permission_classes = (AllowAny,)
    schema = None

    def get(self, request: Request, code: str) -> Response:
        """Title and status of one problem type."""
        found = known_problems().get(code)
        if found is None:
            raise Http404
        return Response({"code": code, "status": found[0], "title": found[1]})


class DocsView(TemplateView):
    """The reference for people: every operation with its parameters, bodies and answers."""

    public = True
    template_name = "core/api_docs.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Operations in groups, and the shapes they name."""
        document = HouseSchema().get_schema(request=None, public=True)
        return super().get_context_data(**kwargs) | {
            "document": document,
            "groups": grouped(document),
            "shapes": shapes(document),
            "problems": sorted((code, *about) for code, about in known_problems().items()),
        }

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Answer the page; it is the same for everybody."""
        return super().dispatch(request, *args, **kwargs)


def grouped(document: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """The operations of the document by the first word of their path."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for path, operations in document.get("paths", {}).items():
        name = path.removeprefix("/api/v1/").partition("/")[0].replace("-", " ").capitalize()
        for method, operation in operations.items():
            groups.setdefault(name, []).append(
                {
                    "method": method.upper(),
                    "path": path,
                    "id": f"{method}{path}".replace("/", "-").replace("{", "").replace("}", ""),
                    "summary": operation.get("summary") or operation.get("description", ""),
                    "parameters": operation.get("parameters", []),
                    "body": _shape(operation.get("requestBody", {})),
                    "answers": [
                        (code, answer.get("description", ""), _shape(answer))
                        for code, answer in sorted(operation.get("responses", {}).items())
                        if code.startswith("2")
                    ],
                }
            )
    return groups


def shapes(document: dict[str, Any]) -> list[dict[str, Any]]:
    """Each named shape with its fields."""
    found = []
    for name, schema in sorted(document.get("components", {}).get("schemas", {}).items()):
        needed = schema.get("required", [])
        fields = [
            {
                "name": field,
                "type": _type(about),
                "needed": field in needed,
                "about": about.get("description", ""),
            }
            for field, about in schema.get("properties", {}).items()
        ]
        found.append({"name": name, "fields": fields})
    return found


def _shape(holder: dict[str, Any]) -> str:
    for content in holder.get("content", {}).values():
        return _type(content.get("schema", {}))
    return ""


def _type(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "anyOf" in schema:
        return " or ".join(_type(part) for part in schema["anyOf"])
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}"
    if "results" in schema.get("properties", {}):
        return f"page of {_type(schema['properties']['results']['items'])}"
    kind = schema.get("type", "anything")
    return " or ".join(kind) if isinstance(kind, list) else str(kind)
