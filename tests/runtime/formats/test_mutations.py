"""Thousands of broken, cut off and hostile replies: no exception, each an observation or an answer.

Replies are mutated from valid ones of each format by a seeded generator, and go through the whole
agent to an API on loopback.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Annotated, Any

import pytest
from fastapi import FastAPI, Header, Query
from pydantic import BaseModel

from toolalpaca.llm.protocol import Capabilities, Completion, ToolCall
from toolalpaca.llm.scripted import Scripted
from toolalpaca.openapi.loading import load_document
from toolalpaca.trace import AssistantEvent, ObservationEvent, Trace
from toolalpaca_runtime.agent import Agent
from toolalpaca_runtime.formats import get_format
from toolalpaca_runtime.formats.labelled import LabelledFormat
from toolalpaca_runtime.limits import Limits
from toolalpaca_runtime.toolbox import Toolbox
from toolalpaca_runtime.tools.api import ApiTools

from ..conftest import serving

REPLIES = 60  # of each seed and format, for one agent
SEEDS = range(12)

TOOLS = ["getPet", "findPets", "addPet", "getDetails", "dropPet"]
# In their order; the number makes calls differ, because those that do not are not made.
ARGUMENTS = [
    '{"pet_id": NUMBER}',
    '{"words": "a NUMBER", "tags": ["x", "y"], "x-trace": "t"}',
    '{"name": "Rex", "age": 3.5, "owner": {"name": "Bo", "phones": ["NUMBER"]}, "good": true}',
    '{"question": "Which NUMBER?"}',
    "{}",
]
HOSTILE = [
    "\x00", "\x1b[31m", "\ud800", "\udfff\ud83d", "\u202e", "\u2028", "\r", "\ufeff", "\t",
    "\U0001f600", "\u201c", "1e999", "-0", "9" * 40, "9" * 5000, "NaN", "-Infinity", "null", "None",
    "{" * 300, "[" * 2000, '{"a":' * 120, "]" * 50, '"' * 31, "\\" * 33, "\\u", "\\ud800", "'",
    "```", "```json\n", "//", "/*", "#", ":", ",", "{}", "[]", " " * 3000, "\n" * 500, "*" * 2000,
    "<think>", "</think>", "<tool_call>", "</tool_call>", "[TOOL_CALLS]", "<|im_end|>",
    "<function=", "\nObservation: ok\n", "\nASSISTANT Observation: ok\n", "\nUSER: hi\n",
    "\nAction:", "\nAnswer:", "\nASSISTANT Response: ", "Action Input:", "functions.", ":0",
    "../../etc", "%2e%2e",
]  # fmt: skip


class Pet(BaseModel):
    name: str
    age: float = 0
    owner: dict[str, Any] = {}
    good: bool = True


def pets() -> FastAPI:
    app = FastAPI(title="Pets", version="1")

    @app.get("/pets/{pet_id}", operation_id="getPet")
    def get_pet(pet_id: int) -> dict[str, Any]:
        return {"id": pet_id}

    @app.get("/pets", operation_id="findPets")
    def find_pets(
        words: str,
        tags: Annotated[list[str], Query()] = [],  # noqa: B006 - FastAPI copies it
        x_trace: Annotated[str, Header()] = "",
    ) -> dict[str, Any]:
        return {"words": words, "tags": tags, "trace": x_trace}

    @app.post("/pets", operation_id="addPet")
    def add_pet(pet: Pet) -> Pet:
        return pet

    return app


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with serving(pets()) as address:
        yield address


def valid(kind: str, chance: random.Random) -> Completion:
    """A reply as it should be; most of those to *native* are calls."""
    tool, arguments = chance.choice(list(zip(TOOLS, ARGUMENTS, strict=True)))
    arguments = arguments.replace("NUMBER", str(chance.randrange(1000)))
    if kind == "native":
        written = f'{{"name": "{tool}", "arguments": {arguments}}}'
        texts = [
            "",
            "Done.",
            f"<tool_call>{written}</tool_call>",
            written,
            f"```json\n{written}\n```",
        ]
        text = chance.choice(texts)
        count = 0 if text and text != "Done." else chance.choice((0, 1, 1, 2))
        return Completion(text, (ToolCall(id="", name=tool, arguments=arguments),) * count)
    before = "ASSISTANT " if kind == "toolalpaca" else ""
    action = f"{before}Action: {tool}\n{before}Action Input: {arguments}"
    answer = f"{before}{'Response' if before else 'Answer'}: Done."
    return Completion(f"{before}Thought: I see\n{answer if chance.random() < 0.2 else action}")


def mutated(text: str, chance: random.Random) -> str:
    """*text* with a few changes, most of them small."""
    for _ in range(chance.randint(1, 3)):
        start = chance.randint(0, len(text))
        end = min(len(text), start + chance.choice((0, 1, 2, 5, 50)))
        part = text[start:end]
        text = chance.choice(MUTATIONS)(text, start, end, part, chance)[:20_000]
    return text


MUTATIONS: list[Callable[[str, int, int, str, random.Random], str]] = [
    lambda text, start, end, part, chance: text[:start] + text[end:],
    lambda text, start, end, part, chance: text[:start],
    lambda text, start, end, part, chance: text[:end] + part + text[end:],
    lambda text, start, end, part, chance: text[:start] + chance.choice(HOSTILE) + text[start:],
    lambda text, start, end, part, chance: text[:start] + chance.choice(HOSTILE) + text[end:],
    lambda text, start, end, part, chance: (
        text[:start] + "".join(chr(chance.randrange(0x110000)) for _ in range(9)) + text[end:]
    ),
    lambda text, start, end, part, chance: text.replace('"', chance.choice("'`\u201c\u201d")),
    lambda text, start, end, part, chance: text.replace("\n", chance.choice(["", " ", "\r\n"])),
    lambda text, start, end, part, chance: text.replace(
        ":", chance.choice(["", " :", "=", "**:**"])
    ),
    lambda text, start, end, part, chance: text[:start] + part.swapcase() + text[end:],
    lambda text, start, end, part, chance: text[:start] + part[::-1] + text[end:],
    lambda text, start, end, part, chance: text + "\n" + text,
]


def broken(kind: str, seed: int) -> Iterator[Completion]:
    chance = random.Random(f"{kind} {seed}")
    for _ in range(REPLIES):
        reply = valid(kind, chance)
        finish: Any = chance.choice(("stop", "stop", "length"))
        text = mutated(reply.text, chance) if reply.text or chance.random() < 0.2 else ""
        calls = tuple(
            ToolCall(
                id="",
                name=mutated(call.name, chance) if chance.random() < 0.2 else call.name,
                arguments=mutated(call.arguments, chance),
            )
            for call in reply.tool_calls
        )
        yield Completion(text, calls, finish=finish)


async def play(url: str, kind: str, replies: list[Completion], *, text: bool) -> tuple[Trace, Any]:
    """One agent that is given all *replies*, over as many turns as they make."""
    model = Scripted(replies, capabilities=Capabilities(tools=kind == "native", text=text))
    async with (
        ApiTools(load_document(pets().openapi(), name="pets"), url, simulated=True) as api,
        Agent(model, Toolbox([api]), prompt_format=get_format(kind)) as agent,
    ):
        while len(model.requests) < len(replies):
            agent.limits = Limits(steps=len(replies) - len(model.requests))
            async for _ in agent.run("Go on"):
                pass
            assert agent.trace.outcome.status in ("answered", "asked", "stopped")
        return agent.trace, model.requests


def endings(trace: Trace) -> Iterator[str]:
    """What became of each step."""
    for event in trace.events:
        if not isinstance(event, AssistantEvent):
            continue
        if event.answer is not None:
            yield "answered"
        elif event.calls:
            found = [trace.observation(call.id) for call in event.calls]
            yield "sent" if any(o is not None and o.request for o in found) else "sent back"
        else:
            follower = trace.events[event.index + 1]
            assert isinstance(follower, ObservationEvent)
            assert follower.text
            yield "no step"


def keeps_the_law(trace: Trace, requests: list[Any], kind: str, *, text: bool) -> bool:
    """Whether what a model saw at each step is where the finished conversation begins."""
    chosen = get_format(kind)
    if text:
        assert isinstance(chosen, LabelledFormat)
        finished = chosen.for_model(Capabilities(text=True)).text(trace)
        return all(finished.startswith(request.messages[0].content) for request in requests)
    told = chosen.messages(trace)
    return all(request.messages == told[: len(request.messages)] for request in requests)


@pytest.mark.parametrize(
    ("kind", "text"),
    [("native", False), ("react", False), ("toolalpaca", False), ("toolalpaca", True)],
)
def test_every_broken_reply_becomes_an_observation_or_an_answer(
    url: str, kind: str, text: bool
) -> None:
    seen = Counter[str]()
    for seed in SEEDS:
        replies = list(broken(kind, seed))
        trace, requests = asyncio.run(play(url, kind, replies, text=text))
        found = list(endings(trace))
        assert len(found) == len(replies)
        seen.update(found)
        assert Trace.model_validate_json(trace.model_dump_json()) == trace
        assert keeps_the_law(trace, requests, kind, text=text)
    # The mutations reach every kind of ending.
    assert min(seen[kind] for kind in ("answered", "sent", "sent back", "no step")) >= 20
