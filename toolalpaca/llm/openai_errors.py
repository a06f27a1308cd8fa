"""What an OpenAI-compatible server can do wrong, each in one line that says what to do.

The line names the server and never the key, not even where the server repeats it.
"""

from __future__ import annotations

import re

from openai import (
    APIConnectionError,
    APIError,
    APIStatusError,
    APITimeoutError,
    AsyncOpenAI,
    OpenAIError,
)

from toolalpaca.errors import ModelError, ModelReplyError, ModelUnavailable

_LONGEST = 300  # characters of a server's own words
_TOO_LONG = re.compile(r"context[ _](length|size|window)|maximum context|too many tokens", re.I)


def server_of(client: AsyncOpenAI) -> str:
    """The server's URL, without what stands before an ``@`` in it."""
    return str(client.base_url.copy_with(userinfo=b"")).rstrip("/")


def as_model_error(
    error: OpenAIError, model: str, client: AsyncOpenAI, *, begun: bool = False
) -> ModelError:
    """The error of ours for one of the SDK's.

    Args:
        error: What the SDK raised, after its retries.
        model: What the server calls the model.
        client: Knows the server and the key.
        begun: Whether the reply had begun, after which nothing is tried again.
    """
    where = server_of(client)
    tries = f"it was tried {client.max_retries + 1} times"
    if isinstance(error, APIConnectionError):
        silent = isinstance(error, APITimeoutError)
        cause = "it was silent for too long" if silent else _cause(error)
        if begun:
            return ModelReplyError(f"the server broke off its reply: {cause}", where=where)
        return ModelUnavailable(
            f"the server cannot be reached: {cause}",
            where=where,
            hint=f"{tries}; is it running, and is --model-url (or OPENAI_BASE_URL) right?",
        )
    words = _words(error, client.api_key)
    if isinstance(error, APIStatusError):
        return _of_status(error, words, model, where, tries)
    if isinstance(error, APIError):  # an error among the chunks
        return ModelReplyError(f"the server broke off its reply: {words}", where=where)
    return ModelReplyError(words, where=where)


def _of_status(error: APIStatusError, words: str, model: str, where: str, tries: str) -> ModelError:
    status = error.status_code
    if status in (401, 403):
        # Their words are left out: OpenAI's quote the key in part.
        return ModelUnavailable(
            f"the server refuses the key (HTTP {status})",
            where=where,
            hint="set OPENAI_API_KEY, or give --model-key",
        )
    if status == 404:
        return ModelUnavailable(
            f"the server has no model {model!r}: {words}",
            where=where,
            hint="check the name, and that the URL ends as the server wants it, usually in /v1",
        )
    if status == 429:
        return ModelUnavailable(
            f"the server lets no more requests through: {words}",
            where=where,
            hint=f"{tries}; wait, or raise the account's limit",
        )
    if status in (502, 503, 504):
        return ModelUnavailable(
            f"the server is not ready (HTTP {status}): {words}", where=where, hint=tries
        )
    if status >= 500:
        return ModelReplyError(
            f"the server failed (HTTP {status}): {words}", where=where, hint=tries
        )
    if error.code == "context_length_exceeded" or _TOO_LONG.search(words):
        return ModelReplyError(
            f"the conversation is longer than the context of {model!r}: {words}", where=where
        )
    return ModelReplyError(f"the server refuses the request (HTTP {status}): {words}", where=where)


def _cause(error: APIConnectionError) -> str:
    cause = error.__cause__
    return str(cause or error) or type(cause).__name__


def _words(error: OpenAIError, key: str) -> str:
    """What the server said, in short and without the key."""
    body = error.body if isinstance(error, APIError) else None
    if isinstance(body, dict):
        body = body.get("message") or body.get("detail") or body
    text = " ".join(str(body or error).split())
    if text.startswith("<"):
        text = "it answered with a page"
    if key:
        text = text.replace(key, "***")
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"
