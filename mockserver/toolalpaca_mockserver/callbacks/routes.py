"""Webhooks over HTTP: which there are, and one sent on demand."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, ConfigDict

from toolalpaca.openapi.outgoing import Outgoing, webhooks_of
from toolalpaca_mockserver.admin.own_problems import api_named
from toolalpaca_mockserver.api import Api
from toolalpaca_mockserver.callbacks.composing import letter_of
from toolalpaca_mockserver.callbacks.sender import Sender
from toolalpaca_mockserver.catalog import Catalog


class Receiver(BaseModel):
    """Who gets a webhook.

    Attributes:
        url: Where to.
        about: What it is about; what it says under the same names counts.
    """

    model_config = ConfigDict(extra="forbid")

    url: str
    about: Any = None


def webhook_routes(apis: Catalog, sender: Sender) -> APIRouter:
    """The routes under ``/apis/{name}/webhooks``.

    Args:
        apis: What is served.
        sender: Sends.
    """
    routes = APIRouter(prefix="/apis/{name}/webhooks")

    @routes.get("")
    async def list_webhooks(name: str) -> list[str]:
        """The names of the API's webhooks."""
        return [webhook.name for webhook in webhooks_of(api_named(apis, name).document)]

    @routes.post("/{webhook}")
    async def send_webhook(name: str, webhook: str, receiver: Receiver) -> dict[str, Any]:
        """Send a webhook, and say what became of it."""
        api = api_named(apis, name)
        letter = letter_of(_named(api, webhook), receiver.url, api, receiver.about, webhook)
        return (await sender.send(letter)).as_json()

    return routes


def _named(api: Api, name: str) -> Outgoing:
    known = webhooks_of(api.document)
    found = next((webhook for webhook in known if webhook.name == name), None)
    if found is None:
        names = ", ".join(webhook.name for webhook in known) or "none"
        raise HTTPException(404, f"the API has no webhook {name!r}; there are {names}")
    return found
