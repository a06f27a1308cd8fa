from __future__ import annotations

import asyncio
from typing import Any

import pytest
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from toolalpaca.errors import ModelError, UsageError
from toolalpaca.llm.embeddings import check_embedder_name, open_embedder
from toolalpaca.llm.protocol import ToolSpec
from toolalpaca.llm.settings import ModelSettings
from toolalpaca_runtime.tools.embedding import EmbeddingIndexes

from ..conftest import Serve

# What a model of meanings knows: these pairs of words are near each other.
MEANINGS = {"remove": 0, "delete": 0, "make": 1, "create": 1, "show": 2, "list": 2}


def embeddings(answer: Any = None) -> FastAPI:
    """An embeddings server; its last row comes first, because the protocol says the order."""
    app = FastAPI()
    app.state.asked = []

    @app.post("/v1/embeddings")
    async def embed(request: Request) -> Any:
        body = await request.json()
        app.state.asked.append(body)
        if answer is not None:
            return answer
        rows = []
        for index, text in enumerate(body["input"]):
            vector = [0.0, 0.0, 0.0, 0.1]
            for word in text.lower().replace(":", " ").split():
                if word in MEANINGS:
                    vector[MEANINGS[word]] += 1
            rows.append({"index": index, "embedding": vector})
        return {"data": rows[::-1], "usage": {"prompt_tokens": 1, "total_tokens": 1}}

    return app


SPECS = [
    ToolSpec(name=f"tool{number}", description=text, parameters={"type": "object"})
    for number, text in enumerate(["Create a pet", "Delete a pet", "List all pets"])
]


def find(url: str, *texts: str) -> list[list[str]]:
    async def play() -> list[list[str]]:
        embedder = open_embedder("openai:small", ModelSettings(base_url=f"{url}/v1"))
        try:
            indexes = EmbeddingIndexes(embedder)
            # Two agents: what one had embedded, the other has.
            found = [await indexes(SPECS).find(text, 2) for text in texts]
        finally:
            await embedder.aclose()
        return [[spec.name for spec in specs] for specs in found]

    return asyncio.run(play())


def test_tools_are_found_by_meaning_and_embedded_once(serve: Serve) -> None:
    app = embeddings()
    found = find(serve(app), "remove something", "make something", "remove something")
    assert [names[0] for names in found] == ["tool1", "tool0", "tool1"]
    assert [len(body["input"]) for body in app.state.asked] == [4, 1]
    assert {body["model"] for body in app.state.asked} == {"small"}


@pytest.mark.parametrize(
    "answer",
    [
        {"data": []},
        {"data": [{"index": 0}]},
        {"data": [{"index": n, "embedding": [1.0] * (n + 1)} for n in range(4)]},
        {"data": "none"},
        [1],
    ],
)
def test_a_reply_without_vectors_is_a_clear_error(serve: Serve, answer: Any) -> None:
    with pytest.raises(ModelError, match="vectors"):
        find(serve(embeddings(answer)), "remove something")


def test_a_busy_server_is_asked_again(serve: Serve) -> None:
    app = embeddings()
    busy = [True]

    @app.middleware("http")
    async def refuse_once(request: Request, answer: Any) -> Any:
        if busy.pop() if busy else False:
            return JSONResponse({"error": {"message": "busy"}}, 429, {"retry-after-ms": "1"})
        return await answer(request)

    assert find(serve(app), "remove something")[0][0] == "tool1"
    assert not busy


def test_a_server_that_is_not_there_is_a_clear_error() -> None:
    with pytest.raises(ModelError, match="cannot be reached"):
        find("http://127.0.0.1:9", "remove something")


@pytest.mark.parametrize("name", ["small", "openai:", "gguf:x", ""])
def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(UsageError, match="openai:NAME"):
        check_embedder_name(name)
