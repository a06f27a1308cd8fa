from __future__ import annotations

import asyncio
import builtins
import copy
import importlib
import json
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from toolalpaca.errors import MissingExtra, ModelReplyError, ModelUnavailable, UsageError
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
from toolalpaca.llm.transformers import Checkpoint

torch = pytest.importorskip("torch")

TEXTS = ['The forecast for Zürich is rain. Thought: Action: getForecast {"city": "Paris"}'] * 3
SYSTEM = Message(role="system", content="You tell the weather. " * 5)
QUESTION = Message(role="user", content="What is the weather in Bern?")


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def base() -> Any:
    from toolalpaca_training.bases import open_base

    return open_base("tiny", TEXTS)


@pytest.fixture(scope="module")
def folder(base: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("checkpoint")
    base.model.save_pretrained(made)
    base.tokenizer.save_pretrained(made)
    return made


@pytest.fixture
def spoilt(folder: Path, tmp_path: Path) -> Path:
    """A copy of the checkpoint to break."""
    return Path(shutil.copytree(folder, tmp_path / "spoilt"))


def checkpoint(base: Any, **settings: Any) -> Checkpoint:
    return Checkpoint("transformers:tiny", base.model, base.tokenizer, ModelSettings(**settings))


def ask(model: Checkpoint, *messages: Message, **wishes: Any) -> Completion:
    request = Request(messages=messages or (SYSTEM, QUESTION), **{"max_tokens": 24} | wishes)
    return asyncio.run(complete(model, request))


def prompt_of(base: Any, *messages: Message) -> list[int]:
    text = base.tokenizer.apply_chat_template(
        [{"role": message.role, "content": message.content} for message in messages],
        add_generation_prompt=True,
        tokenize=False,
    )
    ids: list[int] = base.tokenizer(text, add_special_tokens=False)["input_ids"]
    return ids


def test_a_greedy_reply_is_what_generate_writes(base: Any) -> None:
    prompt = prompt_of(base, SYSTEM, QUESTION)
    written = base.model.generate(torch.tensor([prompt]), max_new_tokens=40, do_sample=False)
    tokens = written[0, len(prompt) :].tolist()
    reply = ask(checkpoint(base), max_tokens=40)
    assert reply.text == base.tokenizer.decode(tokens, skip_special_tokens=True)
    assert reply.usage.prompt_tokens == len(prompt)
    assert reply.usage.completion_tokens == len(tokens)
    assert reply.finish == ("stop" if tokens[-1] == base.tokenizer.eos_token_id else "length")


def test_a_prompt_longer_than_a_batch_is_the_same_prompt(base: Any) -> None:
    long = Message(role="user", content="rain in Paris " * 90)
    prompt = prompt_of(base, long)
    assert len(prompt) > 512
    written = base.model.generate(torch.tensor([prompt]), max_new_tokens=8, do_sample=False)
    expected = base.tokenizer.decode(written[0, len(prompt) :], skip_special_tokens=True)
    assert ask(checkpoint(base), long, max_tokens=8).text == expected


def test_the_seed_decides_what_is_sampled(base: Any) -> None:
    model = checkpoint(base)
    replies = [ask(model, temperature=1.0, seed=seed).text for seed in (1, 2, 1)]
    assert replies[0] == replies[2] != replies[1]
    assert ask(model, temperature=1e-9, seed=3).text == ask(model).text


def test_pieces_are_the_reply(base: Any) -> None:
    async def pieces() -> list[str | Completion]:
        request = Request(messages=(QUESTION,), max_tokens=30, temperature=1.0)
        return [piece async for piece in checkpoint(base).stream(request)]

    *texts, completion = asyncio.run(pieces())
    assert isinstance(completion, Completion)
    assert len(texts) > 3
    assert "".join(map(str, texts)) == completion.text


@pytest.mark.parametrize("cut", [(0, 3), (5, 6), (7, 19)])
def test_a_stop_text_ends_the_reply_and_is_not_in_it(base: Any, cut: tuple[int, int]) -> None:
    model = checkpoint(base)
    whole = ask(model, temperature=1.0, max_tokens=40).text
    stop = whole[slice(*cut)]
    reply = ask(model, temperature=1.0, max_tokens=40, stop=("never said", stop))
    assert reply.text == whole[: whole.index(stop)]
    assert reply.finish == "stop"


SCHEMAS: tuple[dict[str, Any], ...] = (
    {"type": "integer", "minimum": -5, "maximum": 900},
    {"enum": ["rain", "Schnee im Mai", None, {"a": [1]}]},
    {
        "type": "object",
        "properties": {
            "city": {"type": "string", "maxLength": 8},
            "days": {"type": "array", "items": {"type": "boolean"}, "maxItems": 2},
            "when": {"type": "string", "format": "date"},
        },
        "required": ["city", "when"],
    },
)


@pytest.fixture(scope="module")
def shared_checkpoint(base: Any) -> Checkpoint:
    return checkpoint(base)


@given(schema=st.sampled_from(SCHEMAS), seed=st.integers(0, 10**6))
@hypothesis_settings(max_examples=12, deadline=None)
def test_a_constrained_reply_satisfies_the_schema(
    shared_checkpoint: Checkpoint, schema: dict[str, Any], seed: int
) -> None:
    reply = ask(
        shared_checkpoint, constraint=JsonReply(schema), max_tokens=400, temperature=1.5, seed=seed
    )
    assert reply.finish == "stop"
    jsonschema_rs.validate(schema, json.loads(reply.text))


def test_a_grammar_holds_until_the_tokens_are_spent(base: Any) -> None:
    model = checkpoint(base)
    grammar = Grammar('start: "Thought: " /[a-c]{3,5}/ "!"')
    reply = ask(model, constraint=grammar)
    assert reply.text.startswith("Thought: ")
    assert reply.text.endswith("!")
    assert reply.finish == "stop"
    short = ask(model, constraint=grammar, max_tokens=2)
    assert reply.text.startswith(short.text)
    assert short.finish == "length"


def test_a_grammar_that_cannot_be_read_is_an_error(base: Any) -> None:
    with pytest.raises(ModelReplyError, match="the grammar of the reply cannot be read"):
        ask(checkpoint(base), constraint=Grammar("start: nowhere"))


def test_a_later_step_computes_only_what_is_new_and_says_the_same(base: Any) -> None:
    model = checkpoint(base)
    first = ask(model)
    more = (SYSTEM, QUESTION, Message(role="assistant", content=first.text), QUESTION)
    other = (SYSTEM, Message(role="user", content="Something else?"))
    for messages in (more, other, more, more):
        reply = ask(model, *messages)
        fresh = ask(checkpoint(base), *messages)
        assert reply.text == fresh.text
        assert fresh.usage.cached_tokens == 0
        assert len(prompt_of(base, SYSTEM)) // 2 < reply.usage.cached_tokens
        assert reply.usage.cached_tokens < reply.usage.prompt_tokens


def test_a_model_with_a_window_does_not_go_back_in_its_cache(base: Any) -> None:
    from transformers import MistralConfig, MistralForCausalLM

    torch.manual_seed(0)
    config = MistralConfig(
        vocab_size=len(base.tokenizer), hidden_size=32, intermediate_size=64, num_hidden_layers=2,
        num_attention_heads=2, num_key_value_heads=1, sliding_window=16, eos_token_id=None,
    )  # fmt: skip
    network: Any = MistralForCausalLM(config)

    def window() -> Checkpoint:
        return Checkpoint("transformers:w", network, base.tokenizer, ModelSettings())

    model = window()
    ask(model)
    other = (SYSTEM, Message(role="user", content="Something else?"))
    reply = ask(model, *other)
    assert reply.usage.cached_tokens == 0
    assert reply.text == ask(window(), *other).text


def test_closing_the_stream_ends_the_computation(base: Any) -> None:
    steps = 0

    def count(*_: Any) -> None:
        nonlocal steps
        steps += 1

    async def first_piece(model: Checkpoint) -> None:
        request = Request(messages=(QUESTION,), max_tokens=8000, temperature=1.0)
        stream: Any = model.stream(request)
        await anext(stream)
        await stream.aclose()

    async def twice() -> Completion:
        model = checkpoint(base)
        await first_piece(model)
        await first_piece(model)
        reply = await complete(model, Request(messages=(QUESTION,), max_tokens=3))
        await model.aclose()
        await model.aclose()
        with pytest.raises(ModelUnavailable, match="has been closed"):
            await first_piece(model)
        return reply

    hook = base.model.register_forward_hook(count)
    try:
        assert asyncio.run(twice()).usage.completion_tokens <= 3
    finally:
        hook.remove()
    assert steps < 1000


def test_the_prompt_is_the_one_that_training_shows(base: Any) -> None:
    from toolalpaca_training.masking import ConversationTokenizer

    answer = Message(role="assistant", content="Rain.")
    trained = ConversationTokenizer(base.tokenizer).tokenize([SYSTEM, QUESTION, answer], where="t")
    seen: list[int] = []

    def look(_module: Any, _arguments: Any, named: dict[str, Any]) -> None:
        seen.extend(named["input_ids"][0].tolist())

    hook = base.model.register_forward_pre_hook(look, with_kwargs=True)
    try:
        ask(checkpoint(base), max_tokens=1)
    finally:
        hook.remove()
    assert seen == trained.ids[: trained.turns[0].start]


def test_the_token_that_closes_a_turn_ends_the_reply(base: Any) -> None:
    """Training teaches the template's token, even where the tokenizer names another as its end."""
    other = copy.deepcopy(base.tokenizer)
    other.eos_token = "<|endoftext|>"
    network = copy.deepcopy(base.model)
    network.generation_config.eos_token_id = None
    closing = base.tokenizer.convert_tokens_to_ids("<|im_end|>")

    def force(_module: Any, _arguments: Any, output: Any) -> Any:
        output.logits[..., closing] = 100.0
        return output

    network.register_forward_hook(force)
    reply = ask(Checkpoint("transformers:x", network, other, ModelSettings()))
    assert (reply.text, reply.finish, reply.usage.completion_tokens) == ("", "stop", 1)


def test_the_context_bounds_prompt_and_reply(base: Any) -> None:
    size = len(prompt_of(base, SYSTEM, QUESTION))
    model = checkpoint(base, context=size + 5)
    assert model.capabilities.context == size + 5
    reply = ask(model, temperature=1.0)
    assert reply.usage.completion_tokens <= 5
    with pytest.raises(ModelReplyError, match=f"{size} tokens leaves no room for a reply"):
        ask(checkpoint(base, context=size))
    assert checkpoint(base).capabilities.context == 8192


def test_a_folder_is_opened_by_name_and_in_silence(
    base: Any, folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    model = open_model(f"transformers:{folder}")
    assert model.name == f"transformers:{folder}"
    assert not model.capabilities.tools
    request = Request(messages=(SYSTEM, QUESTION), max_tokens=24)
    assert asyncio.run(complete(model, request)).text == ask(checkpoint(base)).text
    assert capfd.readouterr() == ("", "")


def test_without_a_template_a_text_is_continued(base: Any, folder: Path) -> None:
    model = open_model(f"transformers:{folder}", ModelSettings(chat_template="none"))
    assert model.capabilities.text
    parts = (Message(role="system", content="The forecast"), Message(role="user", content=" for"))
    prompt = base.tokenizer("The forecast for")["input_ids"]
    written = base.model.generate(torch.tensor([prompt]), max_new_tokens=12, do_sample=False)
    reply = asyncio.run(complete(model, Request(messages=parts, max_tokens=12)))
    expected = base.tokenizer.decode(written[0, len(prompt) :], skip_special_tokens=True)
    assert reply.text == expected
    assert reply.usage.prompt_tokens == len(prompt)


def test_a_template_of_ones_own_takes_the_place_of_the_models(
    base: Any, folder: Path, tmp_path: Path
) -> None:
    template = tmp_path / "own.jinja"
    template.write_text("{% for m in messages %}<{{ m.role }}>{{ m.content }}\n{% endfor %}")
    settings = ModelSettings(chat_template=str(template))
    model = open_model(f"transformers:{folder}", settings)
    assert not model.capabilities.text
    reply = asyncio.run(complete(model, Request(messages=(QUESTION,), max_tokens=1)))
    told = base.tokenizer(f"<user>{QUESTION.content}\n", add_special_tokens=False)["input_ids"]
    assert reply.usage.prompt_tokens == len(told)
    with pytest.raises(UsageError, match=r"absent\.jinja: the chat template cannot be read"):
        open_model(f"transformers:{folder}", ModelSettings(chat_template="absent.jinja"))


def test_the_settings_choose_how_it_computes(folder: Path) -> None:
    settings = ModelSettings(dtype="bfloat16", device="cpu")
    model: Any = open_model(f"transformers:{folder}", settings)
    assert model._past._model.dtype is torch.bfloat16
    assert asyncio.run(complete(model, Request(messages=(QUESTION,), max_tokens=2))).text
    with pytest.raises(UsageError, match="there is no device 'warp:9'"):
        open_model(f"transformers:{folder}", ModelSettings(device="warp:9"))


def test_a_regular_expression_holds(base: Any) -> None:
    reply = ask(checkpoint(base), constraint=Regex("(rain|sun)/[0-9]{2}"), max_tokens=40)
    assert re.fullmatch("(rain|sun)/[0-9]{2}", reply.text)


def _without(name: str) -> Callable[[Path], object]:
    return lambda folder: (folder / name).unlink()


def _with(name: str, text: str) -> Callable[[Path], object]:
    return lambda folder: (folder / name).write_text(text)


def _lose_a_weight(folder: Path) -> None:
    from safetensors.torch import load_file, save_file

    weights = load_file(folder / "model.safetensors")
    del weights["model.layers.0.mlp.up_proj.weight"]
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (shutil.rmtree, "it has no config.json"),
        (_without("config.json"), "it has no config.json"),
        (_with("config.json", "{"), "transformers cannot load it"),
        (_with("config.json", '{"model_type": "nonesuch"}'), "transformers cannot load it"),
        (_without("model.safetensors"), "transformers cannot load it"),
        (_with("model.safetensors", "nothing"), "transformers cannot load it"),
        (_lose_a_weight, "model.layers.0.mlp.up_proj.weight"),
        (_without("chat_template.jinja"), "has no chat template"),
        (_with("chat_template.jinja", "{% for %}"), "the chat template refuses"),
    ],
)
def test_a_folder_that_is_no_checkpoint_is_told_in_one_line(
    damage: Callable[[Path], object],
    message: str,
    spoilt: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    damage(spoilt)
    with pytest.raises(ModelUnavailable, match=message) as caught:
        open_model(f"transformers:{spoilt}")
    assert str(spoilt) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("package", ["torch", "transformers"])
def test_without_the_packages_it_says_what_to_install(
    package: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = importlib.import_module

    def refusing(name: str, *arguments: Any) -> Any:
        if name == package:
            raise ModuleNotFoundError(name)
        return real(name, *arguments)

    monkeypatch.setattr(importlib, "import_module", refusing)
    with pytest.raises(MissingExtra, match=rf"'{package}'.*toolalpaca\[training\]"):
        open_model(f"transformers:{folder}")


def test_weights_that_are_no_numbers_are_an_error(base: Any) -> None:
    broken = copy.deepcopy(base.model)
    with torch.no_grad():
        broken.model.norm.weight.fill_(float("nan"))
    model = Checkpoint("transformers:nan", broken, base.tokenizer, ModelSettings())
    with pytest.raises(ModelReplyError, match="did its training diverge"):
        ask(model)


def test_a_tokenizer_of_another_model_is_refused(base: Any) -> None:
    bigger = copy.deepcopy(base.tokenizer)
    bigger.add_tokens([f"new{number}" for number in range(3)])
    with pytest.raises(ModelUnavailable, match="more tokens than the model"):
        Checkpoint("transformers:x", base.model, bigger, ModelSettings())


def test_without_llguidance_only_constrained_requests_fail(
    base: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = builtins.__import__

    def refusing(name: str, *arguments: Any, **options: Any) -> Any:
        if name.startswith("llguidance"):
            raise ModuleNotFoundError(name)
        return real(name, *arguments, **options)

    monkeypatch.setattr(builtins, "__import__", refusing)
    model = checkpoint(base)
    assert ask(model).text
    with pytest.raises(MissingExtra, match="llguidance"):
        ask(model, constraint=Grammar('start: "a" "unseen before"'))
