import json

import pytest
from django.utils import timezone

from oms.core import tokens
from oms.core.actors import SYSTEM
from oms.core.api import limits
from oms.core.models import User

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.core.api_urls")]


@pytest.fixture
def caller(client):
    """Call the API: ``caller("GET", "/things", scopes=…, body=…)``."""
    made = {}

    def call(method, path, *, scopes=("*",), body=None, key=None, raw=None, **headers):
        if scopes not in made:
            made[scopes] = tokens.create("test", scopes=scopes, actor=SYSTEM, at=timezone.now())[1]
        if key:
            headers["Idempotency-Key"] = key
        headers.setdefault("Authorization", f"Bearer {made[scopes]}")
        data = raw if raw is not None else json.dumps(body) if body is not None else ""
        return client.generic(
            method,
            f"/api/v1{path}",
            data,
            content_type=headers.pop("Content-Type", "application/json"),
            headers=headers,
        )

    client.raise_request_exception = False
    return call


def problem_of(answer, status, code):
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    document = json.loads(answer.content)
    assert (document["status"], document["code"]) == (status, code)
    assert document["type"].endswith(f"/api/v1/problems/{code}")
    assert {"title", "detail", "instance", "request_id"} <= set(document)
    assert document["request_id"] == answer["X-Request-Id"]
    return document


def test_without_a_token_nothing_is_told(caller, client):
    answer = client.get("/api/v1/things")
    problem_of(answer, 401, "unauthenticated")
    assert answer["WWW-Authenticate"].startswith("Bearer")
    problem_of(caller("GET", "/things", Authorization="Bearer oms_x_y"), 401, "unauthenticated")
    problem_of(caller("GET", "/things", Authorization="Basic x"), 401, "unauthenticated")


def test_a_signed_in_person_has_no_token(client, person):
    client.force_login(person("ann", "administrator"))
    problem_of(client.get("/api/v1/things"), 401, "unauthenticated")


def test_a_scope_opens_only_what_it_names(caller):
    assert caller("GET", "/things", scopes=("things:read",)).status_code == 200
    problem_of(caller("POST", "/things", scopes=("things:read",), body={"name": "x"}), 403, "forbidden")
    problem_of(caller("GET", "/things", scopes=("orders:*",)), 403, "forbidden")


def test_a_view_that_names_no_scope_is_closed_even_to_everything(caller):
    problem_of(caller("GET", "/unscoped"), 403, "forbidden")


def test_the_same_key_and_body_give_the_same_answer(caller):
    first = caller("POST", "/things", body={"name": "thing", "lines": []}, key="k1")
    again = caller("POST", "/things", raw='{ "lines" : [], "name":"thing"}', key='"k1"')
    assert (first.status_code, again.status_code, first.content) == (201, 201, again.content)
    assert again["Idempotency-Replayed"] == "true"
    problem_of(caller("POST", "/things", body={"name": "thing2"}, key="k1"), 422, "idempotency-key-reused")
    assert User.objects.filter(username__startswith="thing").count() == 1


def test_a_missing_key_is_named(caller):
    problem_of(caller("POST", "/things", body={"name": "x"}), 400, "idempotency-key-missing")


def test_a_refusal_speaks_with_its_own_code_and_facts(caller):
    caller("POST", "/things", body={"name": "thing"}, key="a")
    document = problem_of(caller("POST", "/things", body={"name": "thing"}, key="b"), 409, "taken")
    assert (document["detail"], document["title"], document["name"]) == (
        "thing is taken.",
        "Somebody has it",
        "thing",
    )


@pytest.mark.parametrize(
    ("raw", "status", "code", "pointer"),
    [
        ('{"name": ', 400, "malformed-json", None),
        ("", 415, "unsupported-media-type", None),
        ('{"x": ' + "[" * 50_000, 400, "malformed-json", None),
        (b'{"name": "\xff"}', 400, "malformed-json", None),
        ("[]", 422, "invalid", "#"),
        ("{}", 422, "invalid", "#/name"),
        ('{"name": 1}', 422, "invalid", "#/name"),
        ('{"name": "a\\u0000b"}', 422, "invalid", None),
        ('{"name": "x", "lines": [{"sku": "M"}]}', 422, "invalid", "#/lines/0/quantity"),
        ('{"name": "x", "lines": [{"sku": "M", "quantity": 0}]}', 422, "invalid", "#/lines/0/quantity"),
        ('{"name": "x", "lines": [{"sku": "M", "quantity": "1"}]}', 422, "invalid", "#/lines/0/quantity"),
        ('{"name": "x", "lines": [{"sku": "M", "quantity": 1e99}]}', 422, "invalid", "#/lines/0/quantity"),
    ],
)
def test_a_body_that_does_not_fit_is_pointed_at(caller, raw, status, code, pointer):
    document = problem_of(caller("POST", "/things", raw=raw, key="k"), status, code)
    assert [error["pointer"] for error in document.get("errors", [])] == ([pointer] if pointer else [])


def test_a_body_of_another_kind_is_refused(caller):
    answer = caller("POST", "/things", raw="name=x", key="k", **{"Content-Type": "text/plain"})
    problem_of(answer, 415, "unsupported-media-type")


def test_other_methods_are_refused(caller):
    problem_of(caller("PUT", "/things", body={}), 403, "forbidden")
    problem_of(caller("PATCH", "/things", body={}), 403, "forbidden")


def test_what_nobody_expected_says_nothing_of_itself(caller):
    answer = caller("GET", "/broken/crash")
    problem_of(answer, 500, "internal-error")
    assert b"secret" not in answer.content
    answer = caller("GET", "/broken/data")
    problem_of(answer, 422, "invalid")
    assert b"secret" not in answer.content


def test_pages_follow_each_other_and_new_rows_repeat_none(caller):
    for number in range(5):
        User.objects.create(username=f"thing-{number}")
    first = json.loads(caller("GET", "/things?limit=2").content)
    assert set(first) == {"results", "next", "previous"}
    assert [row["name"] for row in first["results"]] == ["thing-4", "thing-3"]
    User.objects.create(username="thing-5")
    second = json.loads(caller("GET", first["next"].partition("/api/v1")[2]).content)
    assert [row["name"] for row in second["results"]] == ["thing-2", "thing-1"]
    back = json.loads(caller("GET", second["previous"].partition("/api/v1")[2]).content)
    assert [row["name"] for row in back["results"]] == ["thing-4", "thing-3"]


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=201", "limit=x", "limit=-1", "limit=٣", "cursor=x", "cursor=bz0x"]
)
def test_a_page_that_cannot_be_is_refused(caller, query):
    answer = caller("GET", f"/things?{query}")
    assert answer.status_code in (200, 422)
    if query != "cursor=bz0x":
        problem_of(answer, 422, "invalid")


def test_a_token_is_told_its_quota_and_held_to_it(caller, settings):
    settings.LIMITS = settings.LIMITS | {"requests_per_minute": 2}
    limits._counts.clear()
    answers = [caller("GET", "/things") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[0]["X-RateLimit-Remaining"] == "1"
    assert answers[0]["RateLimit-Policy"] == '"default";q=2;w=60'
    problem_of(answers[2], 429, "quota-exceeded")
    assert 0 < int(answers[2]["Retry-After"]) <= 61


def test_a_call_costs_one_query_beside_its_work(caller, django_assert_num_queries):
    caller("GET", "/things")
    with django_assert_num_queries(2):
        caller("GET", "/things")


def test_the_schema_describes_the_types_that_check_the_bodies(client):
    document = json.loads(client.get("/api/v1/schema").content)
    assert document["openapi"].startswith("3.1")
    post = document["paths"]["/api/v1/things"]["post"]
    reference = post["requestBody"]["content"]["application/json"]["schema"]["$ref"]
    assert reference.endswith("/NewThing")
    schemas = document["components"]["schemas"]
    assert schemas["NewThing"]["required"] == ["name"]
    assert schemas["Line"]["properties"]["quantity"]["exclusiveMinimum"] == 0
    assert "application/problem+json" in post["responses"]["422"]["content"]
    assert document["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
    assert post["security"] == [{"bearer": []}]
    header = [parameter for parameter in post["parameters"] if parameter["in"] == "header"]
    assert [parameter["name"] for parameter in header] == ["Idempotency-Key"]


def test_the_reference_shows_every_operation(client):
    page = client.get("/api/v1/docs")
    assert page.status_code == 200
    text = page.content.decode()
    for expected in ("POST /api/v1/things", "NewThing", "idempotency-key-reused", "List webhook endpoints"):
        assert expected in text


def test_a_problem_type_leads_somewhere(client):
    answer = client.get("/api/v1/problems/idempotency-key-reused")
    assert json.loads(answer.content)["status"] == 422
    assert client.get("/api/v1/problems/none-such").status_code == 404


def test_endpoints_are_managed_over_the_api(caller):
    new = {"url": "https://example.com/hook", "topics": ["order.*"]}
    made = json.loads(caller("POST", "/webhook-endpoints", body=new).content)
    assert made["secret"].startswith("whsec_")
    path = f"/webhook-endpoints/{made['id']}"
    assert "secret" not in json.loads(caller("GET", path).content)
    changed = json.loads(caller("PATCH", path, body={"enabled": False}).content)
    assert (changed["enabled"], changed["url"]) == (False, new["url"])
    problem_of(caller("POST", f"{path}/test", body={}), 409, "endpoint-disabled")
    caller("PATCH", path, body={"enabled": True})
    assert caller("POST", f"{path}/test", body={}).status_code == 202
    assert caller("POST", f"{path}/rotate-secret", body={}).status_code == 200
    assert json.loads(caller("GET", f"{path}/deliveries").content)["results"] == []
    private = new | {"url": "http://169.254.169.254/"}
    problem_of(caller("POST", "/webhook-endpoints", body=private), 422, "address-refused")
    problem_of(caller("PATCH", path, body={"url": "http://10.0.0.1/"}), 422, "address-refused")
    problem_of(caller("GET", path, scopes=("orders:read",)), 403, "forbidden")
    assert caller("DELETE", path).status_code == 204
    problem_of(caller("GET", path), 404, "not-found")


def test_cookies_of_a_person_open_no_door_of_programs(client, django_assert_num_queries):
    client.force_login(User.objects.create_superuser("root", password="a long enough password"))

    with django_assert_num_queries(0):
        answer = client.get("/api/v1/things")

    problem_of(answer, 401, "unauthenticated")
    assert "Set-Cookie" not in answer
