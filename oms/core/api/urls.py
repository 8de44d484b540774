"""The REST doors of the ground floor, relative to ``/api/v1/``."""

from django.urls import path

from oms.core.api import docs, webhooks

urlpatterns = [
    path("schema", docs.SchemaView.as_view(), name="schema"),
    path("docs", docs.DocsView.as_view(), name="docs"),
    path("problems/<slug:code>", docs.ProblemTypeView.as_view(), name="problem"),
    path("webhook-endpoints", webhooks.EndpointsView.as_view()),
    path("webhook-endpoints/<int:endpoint_id>", webhooks.EndpointView.as_view()),
    path("webhook-endpoints/<int:endpoint_id>/rotate-secret", webhooks.EndpointSecretView.as_view()),
    path("webhook-endpoints/<int:endpoint_id>/test", webhooks.EndpointTestView.as_view()),
    path("webhook-endpoints/<int:endpoint_id>/deliveries", webhooks.DeliveriesView.as_view()),
    path(
        "webhook-endpoints/<int:endpoint_id>/deliveries/<int:delivery_id>/replay",
        webhooks.DeliveryReplayView.as_view(),
    ),
]
