"""llama.cpp in this process. What needs a model takes SmolLM2, and is short: it is slow."""

from __future__ import annotations

import asyncio
import builtins
import json
from pathlib import Path
from typing import Any

import pytest

from toolalpaca.errors import MissingExtra, ModelReplyError, ModelUnavailable, UsageError
from toolalpaca.llm.catalog import fetchable
from toolalpaca.llm.gguf import Gguf
from toolalpaca.llm.protocol import (
    Completion,
    Grammar,
    JsonReply,
    LanguageModel,
    Message,
    Regex,
    Request,
    complete,
)
from toolalpaca.llm.registry import open_model
from toolalpaca.llm.settings import ModelSettings

QUESTION = Message(role="user", content="Name a fruit.")


def opened(**settings: Any) -> LanguageModel:
    pytest.importorskip("xllamacpp")
    if not fetchable("smollm2").fetched:
        pytest.skip("smollm2 has not been fetched")
    return open_model("smollm2", ModelSettings(context=512, **settings))


@pytest.fixture(scope="module")
def smollm2() -> LanguageModel:
    return opened()


def ask(model: LanguageModel, *messages: Message, **wishes: Any) -> Completion:
    request = Request(messages=messages or (QUESTION,), **{"max_tokens": 12} | wishes)
    return asyncio.run(complete(model, request))


@pytest.mark.smollm2
def test_greedy_replies_repeat_and_the_second_is_from_the_cache(smollm2: LanguageModel) -> None:
    assert smollm2.capabilities.context == 512
    first, again = ask(smollm2), ask(smollm2)
    assert first.text
    assert first.text == again.text
    assert 0 < first.usage.completion_tokens <= 12
    assert again.usage.prompt_tokens == first.usage.prompt_tokens
    assert again.usage.cached_tokens > 0


@pytest.mark.smollm2
def test_a_constraint_holds(smollm2: LanguageModel) -> None:
    grammar = Grammar('start: "Fruit: " /(apple|plum)/')
    assert ask(smollm2, constraint=grammar).text in ("Fruit: apple", "Fruit: plum")
    schema = {
        "type": "object", "properties": {"sweet": {"type": "boolean"}}, "required": ["sweet"],
    }  # fmt: skip
    reply = ask(smollm2, constraint=JsonReply(schema))
    assert isinstance(json.loads(reply.text)["sweet"], bool)
    assert reply.finish == "stop"
    with pytest.raises(ModelReplyError, match="the grammar of the reply cannot be read"):
        ask(smollm2, constraint=Grammar("start: nowhere"))


@pytest.mark.smollm2
@pytest.mark.parametrize(
    "name",
    ["date", "date-time", "time", "duration", "email", "hostname", "ipv4", "ipv6", "uri", "uuid"],
)
def test_llama_cpp_reads_the_grammar_of_every_format(smollm2: LanguageModel, name: str) -> None:
    part = {"type": "string", "format": name}
    schema = {"type": "object", "properties": {"a": part}, "required": ["a"]}
    assert ask(smollm2, constraint=JsonReply(schema), max_tokens=8).text.startswith('{"a": "')


@pytest.mark.smollm2
def test_a_stop_text_and_a_limit_end_the_reply(smollm2: LanguageModel) -> None:
    counting = Grammar('start: "1, 2, 3, 4, 5, 6, 7, 8, 9"')
    stopped = ask(smollm2, constraint=counting, stop=(", 3",), max_tokens=30)
    assert (stopped.text, stopped.finish) == ("1, 2", "stop")
    short = ask(smollm2, constraint=counting, max_tokens=3)
    assert short.finish == "length"
    assert short.usage.completion_tokens == 3


@pytest.mark.smollm2
def test_a_closed_stream_leaves_the_model_usable(smollm2: LanguageModel) -> None:
    endless = Request(messages=(QUESTION,), constraint=Grammar("start: /a+/"), max_tokens=400)

    async def run() -> Completion:
        stream: Any = smollm2.stream(endless)
        assert await anext(stream)
        await stream.aclose()
        request = Request(messages=(QUESTION,), constraint=Grammar('start: "ok"'), max_tokens=9)
        return await complete(smollm2, request)

    assert asyncio.run(run()).text == "ok"


@pytest.mark.smollm2
def test_a_prompt_longer_than_the_context_is_an_error(smollm2: LanguageModel) -> None:
    with pytest.raises(ModelReplyError, match=r"smollm2: .*context"):
        ask(smollm2, Message(role="user", content="plum " * 600))


@pytest.mark.smollm2
def test_conversations_that_take_turns_keep_what_was_computed_of_each(
    smollm2: LanguageModel,
) -> None:
    async def say(city: str) -> Completion:
        words = Message(role="user", content=f"I am going to {city} tomorrow. " * 8)
        return await complete(smollm2, Request(messages=(words,), max_tokens=2))

    async def together() -> tuple[Completion, Completion]:
        return await asyncio.gather(say("Bern"), say("Oslo"))

    first, again = asyncio.run(together()), asyncio.run(together())
    for before, after in zip(first, again, strict=True):
        assert after.text == before.text
        assert after.usage.cached_tokens >= after.usage.prompt_tokens - 8


@pytest.mark.smollm2
def test_a_regular_expression_holds(smollm2: LanguageModel) -> None:
    assert ask(smollm2, constraint=Regex("(apple|plum)/7")).text in ("apple/7", "plum/7")


@pytest.mark.smollm2
def test_without_a_template_a_text_is_continued() -> None:
    model = opened(chat_template="none")
    assert model.capabilities.text
    parts = [Message(role="system", content="Once upon a"), Message(role="user", content=" time")]
    reply = ask(model, *parts, max_tokens=3, stop=("!",))
    assert (reply.usage.prompt_tokens, reply.usage.completion_tokens) == (4, 3)
    assert ask(model, *parts, constraint=Grammar('start: ", there"')).text == ", there"
    asyncio.run(model.aclose())


@pytest.mark.smollm2
def test_a_template_of_ones_own_takes_the_place_of_the_models(tmp_path: Path) -> None:
    template = tmp_path / "own.jinja"
    template.write_text("{% for m in messages %}{{ m.content }}{% endfor %}")
    model = opened(chat_template=str(template))
    assert not model.capabilities.text
    assert ask(model, Message(role="user", content="Once upon a time")).usage.prompt_tokens == 4
    asyncio.run(model.aclose())
    with pytest.raises(UsageError, match=r"absent\.jinja: the chat template cannot be read"):
        opened(chat_template="absent.jinja")


def write_adapter(path: Path, strength: float) -> Path:
    """A LoRA adapter for the attention of SmolLM2, by chance, as llama.cpp reads it."""
    gguf = pytest.importorskip("gguf")
    numpy = pytest.importorskip("numpy")
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_type("adapter")
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", 8.0)
    chance = numpy.random.default_rng(0)
    for layer in range(30):
        name = f"blk.{layer}.attn_q.weight"
        a, b = chance.normal(size=(4, 576)), chance.normal(size=(576, 4)) * strength
        writer.add_tensor(f"{name}.lora_a", a.astype(numpy.float32))
        writer.add_tensor(f"{name}.lora_b", b.astype(numpy.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


@pytest.mark.smollm2
def test_an_adapter_changes_what_is_said(smollm2: LanguageModel, tmp_path: Path) -> None:
    said = {}
    for strength in (0.0, 0.5):
        model = opened(adapters=(write_adapter(tmp_path / f"{strength}.gguf", strength),))
        said[strength] = ask(model).text
        asyncio.run(model.aclose())
    assert said[0.0] == ask(smollm2).text != said[0.5]


@pytest.mark.smollm2
def test_an_adapter_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match=r"absent\.gguf: the model cannot be read"):
        opened(adapters=(tmp_path / "absent.gguf",))
    with pytest.raises(ModelUnavailable, match="is --adapter made for this model"):
        opened(adapters=(fetchable("smollm2").path,))


def test_a_file_that_is_no_model_is_told_in_one_line(tmp_path: Path) -> None:
    pytest.importorskip("xllamacpp")
    with pytest.raises(ModelUnavailable, match="cannot be read: No such file"):
        open_model(f"gguf:{tmp_path / 'absent.gguf'}")
    page = tmp_path / "page.gguf"
    page.write_text("<html>")
    with pytest.raises(ModelUnavailable, match=r"page\.gguf: this is no GGUF file"):
        open_model(f"gguf:{page}")


def test_without_xllamacpp_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def refusing(name: str, *arguments: Any, **options: Any) -> Any:
        if name == "xllamacpp":
            raise ModuleNotFoundError(name)
        return real(name, *arguments, **options)

    monkeypatch.setattr(builtins, "__import__", refusing)
    with pytest.raises(MissingExtra, match=r"toolalpaca\[local\]"):
        Gguf("gguf:x", Path("x"), ModelSettings())
