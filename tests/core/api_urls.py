"""A few small views, to hold the base of the API against."""

from typing import Annotated

import msgspec
from django.db import DataError
from django.urls import include, path
from rest_framework.response import Response

from oms.core.api import answered, keyed, page_of, read_body
from oms.core.api.schema import documented, list_of
from oms.core.api.views import ApiView
from oms.core.errors import Conflict
from oms.core.idempotency import claimed
from oms.core.models import User
from oms.core.transactions import owns_transaction


class Line(msgspec.Struct):
    sku: str
    quantity: Annotated[int, msgspec.Meta(gt=0)]


class NewThing(msgspec.Struct):
    name: str
    lines: list[Line] = []


class Taken(Conflict):
    """Somebody has it."""

    code = "taken"


@owns_transaction()
def make(name):
    if User.objects.filter(username=name).exists():
        raise Taken(f"{name} is taken.", name=name)
    return User.objects.create(username=name)


class Things(ApiView):
    scope = {"GET": "things:read", "POST": "things:write"}

    @documented("List things", answers={200: list_of(NewThing)})
    def get(self, request):
        rows = User.objects.filter(username__startswith="thing")
        return page_of(rows, request, render=lambda user: {"name": user.username}, ordering="-id")

    @documented("Make a thing", body=NewThing, answers={201: NewThing}, keyed=True)
    def post(self, request):
        new = read_body(request, NewThing)
        with claimed(keyed(request), render=lambda user: (201, {"name": user.username})) as answer:
            make(new.name)
        return answered(answer)


class Broken(ApiView):
    scope = "things:read"
    schema = None

    def get(self, request, how):
        if how == "data":
            raise DataError("integer out of range: secret")
        raise ZeroDivisionError("secret")


class Unscoped(ApiView):
    schema = None

    def get(self, request):
        return Response({})


urlpatterns = [
    path("api/v1/", include("oms.core.api.urls")),
    path("api/v1/things", Things.as_view()),
    path("api/v1/broken/<str:how>", Broken.as_view()),
    path("api/v1/unscoped", Unscoped.as_view()),
    path("", include("oms.core.urls")),
]
