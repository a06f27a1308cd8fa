"""Whatever a server sends, a reply or a :class:`BrokenReply` comes of it, and nothing else."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolalpaca.llm.model_server import DONE
from toolalpaca.llm.openai_reply import Reply
from toolalpaca.llm.server_errors import BrokenReply
from toolalpaca.llm.tgi import TgiReply

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=4,
)
NUMBER = st.sampled_from([3, -1, 2.5, float("nan"), float("inf"), 10**400, True])


def maybe(**members: Any) -> st.SearchStrategy[Any]:
    """An object with any of these members, now and then of a wrong kind, or anything else."""
    fields = {name: mostly(kind) for name, kind in members.items()}
    return mostly(st.fixed_dictionaries({}, optional=fields))


def mostly(kind: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.sampled_from([kind] * 5 + [ANYTHING]).flatmap(lambda chosen: chosen)


FUNCTION = maybe(name=st.text(max_size=3), arguments=st.text(max_size=3))
CALL = maybe(index=st.integers(0, 2), id=st.text(max_size=2), function=FUNCTION)
SAID = maybe(content=st.text(max_size=3), tool_calls=st.lists(CALL, max_size=2))
CHOICE = maybe(
    delta=SAID,
    message=SAID,
    text=st.text(max_size=3),
    finish_reason=st.sampled_from(["stop", "length", "tool_calls", "content_filter", "other"]),
)
DETAILS = maybe(cached_tokens=NUMBER)
USAGE = maybe(
    prompt_tokens=NUMBER,
    completion_tokens=NUMBER,
    cost=NUMBER,
    prompt_tokens_details=DETAILS,
)
CHUNK = maybe(choices=st.lists(CHOICE, max_size=2), usage=USAGE, error=maybe(message=st.text()))
EVENT = maybe(
    token=maybe(text=st.text(max_size=3), special=st.booleans()),
    details=maybe(
        finish_reason=st.sampled_from(["length", "eos_token"]),
        generated_tokens=NUMBER,
        input_length=NUMBER,
    ),
    error=st.text(),
)


def data(told: st.SearchStrategy[Any]) -> st.SearchStrategy[list[str]]:
    return st.lists(told.map(json.dumps) | st.text(max_size=5) | st.just(DONE), max_size=4)


def read(reply: Reply | TgiReply, events: list[str]) -> None:
    pieces = []
    for event in events:
        with suppress(BrokenReply):  # which ends a reply; here it goes on, to see more
            pieces.append(reply.take(event))
    with suppress(BrokenReply):
        completion = reply.completion()
        assert completion.text == "".join(pieces)
        usage = completion.usage
        assert min(usage.prompt_tokens, usage.completion_tokens, usage.cached_tokens) >= 0
        assert 0 <= usage.cost < float("inf")


@given(data(CHUNK))
@settings(max_examples=500, deadline=None)
def test_chunks_of_openais_protocol(events: list[str]) -> None:
    read(Reply(), events)


@given(data(EVENT))
@settings(max_examples=500, deadline=None)
def test_events_of_tgi(events: list[str]) -> None:
    read(TgiReply(), events)


@pytest.mark.parametrize("deep", ["[" * 100_000, '{"choices": ' * 100_000])
def test_a_chunk_that_nests_without_end(deep: str) -> None:
    for reply in (Reply(), TgiReply()):
        with pytest.raises(BrokenReply, match="cannot be read"):
            reply.take(deep)


@pytest.mark.parametrize("reply", [Reply("secret"), TgiReply("secret")])
def test_a_servers_error_is_told_as_a_text_that_can_be_written(reply: Reply | TgiReply) -> None:
    with pytest.raises(BrokenReply) as caught:
        reply.take(r'{"error": "no \ud800 for secret"}')
    assert str(caught.value) == "the server broke off its reply: no ? for ***"
