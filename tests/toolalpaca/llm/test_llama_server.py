"""The protocol against a server that is not ours: llama.cpp's, which xllamacpp runs on loopback."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest

from toolalpaca.errors import ModelReplyError, ModelUnavailable
from toolalpaca.llm.catalog import fetchable
from toolalpaca.llm.protocol import (
    Completion,
    Grammar,
    JsonReply,
    Message,
    Regex,
    Request,
    complete,
)
from toolalpaca.llm.registry import open_model
from toolalpaca.llm.settings import ModelSettings

pytestmark = pytest.mark.smollm2

KEY = "sesame"
SCHEMA = {"type": "object", "properties": {"sweet": {"type": "boolean"}}, "required": ["sweet"]}


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    xllamacpp = pytest.importorskip("xllamacpp")
    if not fetchable("smollm2").fetched:
        pytest.skip("smollm2 has not been fetched")
    params = xllamacpp.CommonParams()
    params.model.path = str(fetchable("smollm2").path)
    params.n_ctx, params.n_parallel, params.cpuparams.n_threads = 512, 1, 1
    params.warmup = params.ui = False
    params.verbosity = 0
    params.api_keys = [KEY]
    server = xllamacpp.Server(params)
    yield f"{server.listening_address}/v1"
    del server  # which stops it


def ask(url: str, name: str = "openai:any", key: str = KEY, **wishes: Any) -> Completion:
    async def run() -> Completion:
        settings = ModelSettings(base_url=url, api_key=key, server_grammar="llama.cpp")
        model = open_model(name, settings)
        try:
            messages = (Message(role="user", content="Name a fruit"),)
            return await complete(model, Request(messages=messages, **{"max_tokens": 30} | wishes))
        finally:
            await model.aclose()

    return asyncio.run(run())


@pytest.mark.parametrize("name", ["openai:any", "openai-text:any"])
def test_constraints_hold_and_tokens_are_counted(url: str, name: str) -> None:
    reply = ask(url, name, constraint=Grammar('start: "Fruit: " /(apple|plum)/'))
    assert reply.text in ("Fruit: apple", "Fruit: plum")
    assert reply.usage.prompt_tokens > 0
    assert 0 < reply.usage.completion_tokens < 30
    assert ask(url, name, constraint=Regex("(apple|plum)/7")).text in ("apple/7", "plum/7")
    assert set(json.loads(ask(url, name, constraint=JsonReply(SCHEMA)).text)) == {"sweet"}


def test_a_text_model_sees_no_chat_template(url: str) -> None:
    # The template of this model writes a system message of its own, of 20 tokens.
    chat, text = ask(url), ask(url, "openai-text:any")
    assert text.usage.prompt_tokens < 6 < 20 < chat.usage.prompt_tokens


def test_the_prompt_of_the_step_before_is_not_computed_again(url: str) -> None:
    usage = [ask(url, temperature=0).usage for _ in range(2)][-1]
    assert 0 < usage.cached_tokens < usage.prompt_tokens


@pytest.mark.parametrize("name", ["openai:any", "openai-text:any"])
def test_a_stop_text_and_a_limit_end_the_reply(url: str, name: str) -> None:
    counting = Grammar('start: "1, 2, 3, 4, 5, 6, 7, 8, 9"')
    stopped = ask(url, name, constraint=counting, stop=(", 3",))
    assert (stopped.text, stopped.finish) == ("1, 2", "stop")
    assert ask(url, name, constraint=counting, max_tokens=3).finish == "length"


def test_what_the_server_refuses_is_told(url: str) -> None:
    with pytest.raises(ModelUnavailable, match=r"refuses the key \(HTTP 401\)"):
        ask(url, key="open")
    with pytest.raises(ModelReplyError, match="longer than the context of 'any'"):
        asyncio.run(_long(url))


async def _long(url: str) -> None:
    model = open_model("openai:any", ModelSettings(base_url=url, api_key=KEY))
    try:
        await complete(model, Request(messages=(Message(role="user", content="plum " * 600),)))
    finally:
        await model.aclose()
