#!/usr/bin/env python3
"""The agents that ``agent_overhead.py`` compares, each run in a process of its own.

    python agent_clients.py CLIENT URL --turns 10 --runs 20

It is run by the Python of whoever has the client's packages, so nothing is imported here that not
every one of them has, and in a folder of its own. All do the same: a model at ``URL/v1`` that wants
one tool called so many times and then answers, and the tool ``get_item``, which is
``GET URL/items/{item_id}``. What is printed is one JSON object with processor and wall time a turn
and the memory at the end.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeAlias

QUESTION = "What is in stock, and where?"
SYSTEM = "You help a user by calling tools. Never invent a result."
_WARM_UP = 3  # conversations that compile and cache; they are not the steady cost

Converse: TypeAlias = Callable[[], Awaitable[str]]
"""Has one conversation, and returns the answer."""


_FUNCTION = {
    "name": "get_item",
    "description": "One item.",
    "parameters": {
        "type": "object",
        "properties": {"item_id": {"type": "integer", "description": "Which item."}},
        "required": ["item_id"],
    },
}
_OPTIONS: dict[str, Any] = {
    "model": "canned",
    "tools": [{"type": "function", "function": _FUNCTION}],
}


def _opening() -> list[dict[str, Any]]:
    return [{"role": "system", "content": SYSTEM}, {"role": "user", "content": QUESTION}]


async def plain(url: str, *, stream: bool) -> Converse:
    """The least that a loop can do: the SDK, the tool, and a list of messages."""
    import httpx2
    from openai import AsyncOpenAI

    completions: Any = AsyncOpenAI(base_url=f"{url}/v1", api_key="plain").chat.completions
    http = httpx2.AsyncClient(base_url=url)

    async def ask(messages: list[dict[str, Any]]) -> dict[str, Any]:
        if not stream:
            reply = await completions.create(messages=messages, **_OPTIONS)
            return dict(reply.choices[0].message.model_dump(exclude_none=True))
        usage = {"include_usage": True}
        chunks = await completions.create(
            messages=messages, stream=True, stream_options=usage, **_OPTIONS
        )
        return await _streamed(chunks)

    async def converse() -> str:
        messages = _opening()
        while True:
            message = await ask(messages)
            messages.append(message)
            if not message.get("tool_calls"):
                return str(message["content"])
            for call in message["tool_calls"]:
                arguments = json.loads(call["function"]["arguments"])
                response = await http.get(f"/items/{arguments['item_id']}")
                messages.append(_told(call, response.text))

    return converse


async def plain_sync(url: str) -> Converse:
    """The same without asyncio, for who has none."""
    import httpx2
    from openai import OpenAI

    completions: Any = OpenAI(base_url=f"{url}/v1", api_key="plain-sync").chat.completions
    http = httpx2.Client(base_url=url)

    async def converse() -> str:
        messages = _opening()
        while True:
            reply = completions.create(messages=messages, **_OPTIONS)
            message = dict(reply.choices[0].message.model_dump(exclude_none=True))
            messages.append(message)
            if not message.get("tool_calls"):
                return str(message["content"])
            for call in message["tool_calls"]:
                arguments = json.loads(call["function"]["arguments"])
                response = http.get(f"/items/{arguments['item_id']}")
                messages.append(_told(call, response.text))

    return converse


def _told(call: dict[str, Any], text: str) -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": call["id"], "content": text}


async def _streamed(chunks: Any) -> dict[str, Any]:
    """The message that the chunks of a reply are."""
    text: list[str] = []
    calls: dict[int, dict[str, Any]] = {}
    async with chunks:
        async for chunk in chunks:
            for choice in chunk.choices:
                text.append(choice.delta.content or "")
                for delta in choice.delta.tool_calls or ():
                    call = calls.setdefault(
                        delta.index,
                        {
                            "id": delta.id,
                            "type": "function",
                            "function": {"name": "", "arguments": ""},
                        },
                    )
                    call["function"]["name"] += delta.function.name or ""
                    call["function"]["arguments"] += delta.function.arguments or ""
    message: dict[str, Any] = {"role": "assistant", "content": "".join(text)}
    return {**message, "tool_calls": list(calls.values())} if calls else message


async def toolalpaca(url: str) -> Converse:
    """Ours: arguments and responses are held to the document, and every event is on disk."""
    from toolalpaca.llm.registry import ModelSettings, open_model
    from toolalpaca.trace import TraceWriter
    from toolalpaca_runtime.agent import Agent
    from toolalpaca_runtime.connect import open_api
    from toolalpaca_runtime.limits import Limits
    from toolalpaca_runtime.toolbox import Toolbox

    settings = ModelSettings(base_url=f"{url}/v1", api_key="toolalpaca")
    model = open_model("openai:canned", settings)
    api = await open_api(f"{url}/openapi.json")
    writer = TraceWriter(Path("traces.jsonl"))

    async def converse() -> str:
        toolbox = Toolbox([api])
        async with Agent(model, toolbox, recorder=writer, limits=Limits(steps=1000)) as agent:
            async for _ in agent.run(QUESTION):
                pass
        return agent.trace.outcome.answer

    return converse


def _get_item_tool(url: str) -> Callable[[int], Awaitable[str]]:
    import httpx

    http = httpx.AsyncClient(base_url=url)

    async def get_item(item_id: int) -> str:
        """One item.

        Args:
            item_id: Which item.
        """
        return (await http.get(f"/items/{item_id}")).text

    return get_item


async def pydantic_ai(url: str, *, stream: bool) -> Converse:
    """The package pydantic-ai-slim, with its openai extra."""
    from pydantic_ai import Agent, UsageLimits
    from pydantic_ai.models.openai import OpenAIChatModel
    from pydantic_ai.providers.openai import OpenAIProvider

    provider = OpenAIProvider(base_url=f"{url}/v1", api_key="pydantic-ai")
    agent = Agent(OpenAIChatModel("canned", provider=provider), instructions=SYSTEM)
    agent.tool_plain(_get_item_tool(url))
    limits = UsageLimits(request_limit=None)

    async def converse() -> str:
        if not stream:
            return str((await agent.run(QUESTION, usage_limits=limits)).output)
        async with agent.run_stream(QUESTION, usage_limits=limits) as result:
            return str(await result.get_output())

    return converse


async def openai_agents(url: str, *, stream: bool) -> Converse:
    """The package openai-agents."""
    from agents import (
        Agent,
        OpenAIChatCompletionsModel,
        Runner,
        function_tool,
        set_tracing_disabled,
    )
    from openai import AsyncOpenAI

    set_tracing_disabled(True)  # it would be sent to OpenAI
    client = AsyncOpenAI(base_url=f"{url}/v1", api_key="openai-agents")
    agent = Agent(
        name="Stock",
        instructions=SYSTEM,
        model=OpenAIChatCompletionsModel(model="canned", openai_client=client),
        tools=[function_tool(_get_item_tool(url))],
    )

    async def converse() -> str:
        if not stream:
            return str((await Runner.run(agent, QUESTION, max_turns=1000)).final_output)
        result = Runner.run_streamed(agent, QUESTION, max_turns=1000)
        async for _ in result.stream_events():
            pass
        return str(result.final_output)

    return converse


async def smolagents(url: str) -> Converse:
    """The package smolagents; where it streams it also draws, so it does not."""
    import httpx
    from smolagents import LogLevel, OpenAIServerModel, ToolCallingAgent, tool

    http = httpx.Client(base_url=url)

    @tool  # type: ignore[untyped-decorator]
    def get_item(item_id: int) -> str:
        """One item.

        Args:
            item_id: Which item.
        """
        return http.get(f"/items/{item_id}").text

    agent = ToolCallingAgent(
        tools=[get_item],
        model=OpenAIServerModel("canned", api_base=f"{url}/v1", api_key="smolagents"),
        max_steps=1000,
        verbosity_level=LogLevel.OFF,
    )

    async def converse() -> str:
        return str(agent.run(QUESTION))

    return converse


CLIENTS: dict[str, Callable[[str], Awaitable[Converse]]] = {
    "plain": lambda url: plain(url, stream=False),
    "plain-sync": plain_sync,
    "plain-stream": lambda url: plain(url, stream=True),
    "toolalpaca-stream": toolalpaca,
    "smolagents-sync": smolagents,
    "openai-agents": lambda url: openai_agents(url, stream=False),
    "openai-agents-stream": lambda url: openai_agents(url, stream=True),
    "pydantic-ai": lambda url: pydantic_ai(url, stream=False),
    "pydantic-ai-stream": lambda url: pydantic_ai(url, stream=True),
}
"""Every client, by the name that the table shows."""


async def measure(client: str, url: str, turns: int, runs: int) -> dict[str, Any]:
    """Milliseconds a model's turn, and megabytes, of *client* in this process."""
    converse = await CLIENTS[client](url)
    for _ in range(_WARM_UP):
        if (answer := await converse()) != "All of it is in aisle seven.":
            sys.exit(f"{client} answered {answer!r}")
    cpu, wall = time.process_time(), time.perf_counter()
    for _ in range(runs):
        await converse()
    asked = runs * (turns + 1)  # the answer is a turn, too
    return {
        "cpu": (time.process_time() - cpu) * 1000 / asked,
        "wall": (time.perf_counter() - wall) * 1000 / asked,
        "resident": _resident(),
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000,
    }


def _resident() -> float:
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1000


def main() -> None:
    """Measure one client, and print what was measured."""
    parser = argparse.ArgumentParser()
    parser.add_argument("client", choices=CLIENTS)
    parser.add_argument("url")
    parser.add_argument("--turns", type=int, required=True)
    parser.add_argument("--runs", type=int, required=True)
    options = parser.parse_args()
    numbers = asyncio.run(measure(options.client, options.url, options.turns, options.runs))
    print(json.dumps(numbers))


if __name__ == "__main__":
    main()
