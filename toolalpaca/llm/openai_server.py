"""Which client asks a server of OpenAI's protocol: the official SDK, or our own."""

from __future__ import annotations

import os
from urllib.parse import urlsplit

from toolalpaca.llm.model_server import OPENAI, ModelServer, open_server
from toolalpaca.llm.settings import ModelSettings

_OPENAI_HOSTS = (".openai.com", ".openai.azure.com")
_OPENAI_VARIABLES = ("OPENAI_ORG_ID", "OPENAI_PROJECT_ID")


def open_openai_server(name: str, settings: ModelSettings, model: str) -> ModelServer:
    """The server of OpenAI's protocol that settings or the environment name.

    OpenAI's own is asked by the official SDK, and so is another where the SDK's variables say who
    is asking. No other server wants what it knows, and it takes 12 MB and half a second.

    Raises:
        ModelUnavailable: Neither a server nor a key is given.
    """
    url = settings.base_url or os.environ.get(OPENAI.url) or OPENAI.default
    host = urlsplit(url).hostname or ""
    kind = ModelServer
    if host.endswith(_OPENAI_HOSTS) or any(map(os.environ.get, _OPENAI_VARIABLES)):
        from toolalpaca.llm.openai_sdk import SdkServer

        kind = SdkServer
    return open_server(name, settings, OPENAI, model, kind)
