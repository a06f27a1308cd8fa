"""What a model's server can do wrong, each in one line that says what to do.

The line names the server and never the key, not even where the server repeats it.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any

import httpx2

from toolalpaca.errors import ModelError, ModelReplyError, ModelUnavailable
from toolalpaca.redaction import Redactor

_LONGEST = 300  # characters of a server's own words
_TOO_LONG = re.compile(
    r"context[ _](length|size|window)|maximum context|too many tokens|max_new_tokens`? must be",
    re.IGNORECASE,
)
_PASSING = (408, 409, 425, 429)  # and those from 500 on


class BrokenReply(Exception):
    """A reply that is none; its text says why.

    Args:
        why: A clause.
        passing: Whether it may be whole the next time.
    """

    def __init__(self, why: str, *, passing: bool = True) -> None:
        super().__init__(why)
        self.passing = passing


class RequestRefused(ModelReplyError):
    """A request that the server would not take (HTTP 400 and its like).

    Attributes:
        words: What the server said, at full length.
        code: Its kind in OpenAI's words, such as ``unsupported_parameter``; ``""`` without.
        param: The parameter that the server named, if it did.
    """

    words: str = ""
    code: str = ""
    param: str = ""


def transport_error(
    error: httpx2.TransportError | httpx2.DecodingError, where: str, hint: str, *, begun: bool
) -> ModelError:
    """The error of ours for a connection that failed.

    Args:
        error: httpx2's.
        where: The server.
        hint: What to look at when it cannot be reached.
        begun: Whether its answer had begun.
    """
    silent = isinstance(error, httpx2.TimeoutException)
    cause = "it was silent for too long" if silent else str(error) or type(error).__name__
    if begun:
        return ModelReplyError(
            f"the server broke off its reply: {cause}", where=where, passing=True
        )
    return ModelUnavailable(
        f"the server cannot be reached: {cause}", where=where, hint=hint, passing=True
    )


def status_error(
    response: httpx2.Response, content: bytes, *, model: str, where: str, key: str, key_hint: str
) -> ModelError:
    """The error of ours for a status that is none of success.

    Args:
        response: Its status and headers count.
        content: Its body, or the beginning of it.
        model: What the server calls the model; ``""`` when it has only one.
        where: The server.
        key: What no text may show.
        key_hint: What to do about a key that is refused.
    """
    status = response.status_code
    words, code, param = _told(content, key)
    short = words if len(words) <= _LONGEST else words[:_LONGEST] + "…"
    passing = status in _PASSING or status >= 500
    after = retry_after(response.headers) if passing else None
    if status in (401, 403):
        # Their words are left out: OpenAI's quote the key in part.
        return ModelUnavailable(
            f"the server refuses the key (HTTP {status})",
            where=where,
            hint=key_hint,
        )
    if status == 404:
        sought = f"model {model!r}" if model else "such route"
        return ModelUnavailable(
            f"the server has no {sought}: {short}",
            where=where,
            hint="check the name, and that the URL ends as the server wants it: OpenAI's in /v1",
        )
    if status == 429:
        return ModelUnavailable(
            f"the server lets no more requests through: {short}",
            where=where,
            hint="wait, raise the account's limit, or keep to it with --model-rate",
            passing=code != "insufficient_quota",  # OpenAI's word for an account without money
            retry_after=after,
        )
    if status in (502, 503, 504):
        what = f"the server is not ready (HTTP {status}): {short}"
        return ModelUnavailable(what, where=where, passing=True, retry_after=after)
    if passing:
        what = f"the server failed (HTTP {status}): {short}"
        return ModelReplyError(what, where=where, passing=True, retry_after=after)
    if code == "context_length_exceeded" or _TOO_LONG.search(words):
        whose = repr(model) if model else "its model"
        what = f"the conversation is longer than the context of {whose}: {short}"
        return ModelReplyError(what, where=where)
    refused = RequestRefused(
        f"the server refuses the request (HTTP {status}): {short}", where=where
    )
    refused.words, refused.code, refused.param = words, code, param
    return refused


def event_error(told: Any, key: str) -> BrokenReply:
    """The error of ours for an error among the events of a reply."""
    words, _, _ = _told(json.dumps(told).encode(), key)
    code = told.get("code") if isinstance(told, dict) else None
    ours = isinstance(code, int) and 400 <= code < 500 and code not in _PASSING
    return BrokenReply(f"the server broke off its reply: {words[:_LONGEST]}", passing=not ours)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds for which a server wants to be left alone (RFC 9110, section 10.2.3).

    ``retry-after-ms``, which OpenAI and Azure send, is finer.
    """
    for name, scale in (("retry-after-ms", 1000), ("retry-after", 1)):
        try:
            seconds = float(headers[name]) / scale
        except (KeyError, ValueError):
            continue
        return seconds if 0 <= seconds < float("inf") else None
    try:
        at = parsedate_to_datetime(headers["retry-after"]).timestamp()
    except (KeyError, ValueError, OverflowError):
        return None
    return max(0.0, at - time.time())


def _told(content: bytes, key: str) -> tuple[str, str, str]:
    """What the server said on one line without the key, its kind, and the parameter it named."""
    try:
        body = json.loads(content)
    except (ValueError, RecursionError):
        body = content.decode("utf-8", "replace")
    if isinstance(body, dict):
        error = body.get("error")
        body = error if error and isinstance(error, dict | str) else body
    code = param = None
    if isinstance(body, dict):
        code, param = body.get("code"), body.get("param")
        body = body.get("message") or body.get("detail") or body
    text = body if isinstance(body, str) else json.dumps(body)
    text = text.encode("utf-8", "replace").decode()  # JSON may escape half a surrogate pair
    text = Redactor([key])(" ".join(text.split()))
    if text.startswith("<"):
        text = "it answered with a page"
    return text, code if isinstance(code, str) else "", param if isinstance(param, str) else ""
