"""Texts as vectors, by the embeddings route of an OpenAI-compatible server."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from contextlib import aclosing
from itertools import count
from typing import Any, Protocol, TypeAlias

from toolalpaca.errors import ModelError, ModelReplyError, UsageError
from toolalpaca.llm.model_server import ModelServer
from toolalpaca.llm.openai_server import open_openai_server
from toolalpaca.llm.patience import pause_after
from toolalpaca.llm.settings import ModelSettings

Vector: TypeAlias = Sequence[float]

_AT_ONCE = 128  # texts of one request; OpenAI takes 2,048, several servers fewer


class Embedder(Protocol):
    """Turns texts into vectors whose angles tell how near their meanings are."""

    async def embed(self, texts: Sequence[str]) -> list[Vector]:
        """A vector for each of *texts*, all of one length.

        Raises:
            ModelError: The model cannot be used.
        """
        ...

    async def aclose(self) -> None:
        """Release connections. Calling it twice is harmless."""
        ...


def check_embedder_name(name: str) -> str:
    """Return *name* when it can be an embedding model's.

    Raises:
        UsageError: It cannot.
    """
    prefix, _, model = name.partition(":")
    if prefix != "openai" or not model:
        raise UsageError(
            f"there is no embedding model {name!r}", hint="embedding models are named openai:NAME"
        )
    return name


def open_embedder(name: str, settings: ModelSettings) -> ServerEmbedder:
    """The embedding model ``openai:NAME``.

    Raises:
        UsageError: The name is another.
        ModelUnavailable: Neither a server nor a key is given.
    """
    model = check_embedder_name(name).partition(":")[2]
    return ServerEmbedder(model, open_openai_server(name, settings, model), settings.retries)


class ServerEmbedder:
    """An embedding model behind an OpenAI-compatible server.

    Args:
        model: What the server calls it.
        server: It is closed with the embedder.
        retries: Attempts after the first, where what went wrong may pass.
    """

    def __init__(self, model: str, server: ModelServer, retries: int = 0) -> None:
        self._retries = retries
        self._model = model
        self._server = server

    async def embed(self, texts: Sequence[str]) -> list[Vector]:
        """A vector for each of *texts*; see :class:`Embedder`."""
        vectors: list[Vector] = []
        for start in range(0, len(texts), _AT_ONCE):
            vectors += await self._embed_patiently(texts[start : start + _AT_ONCE])
        if len({len(vector) for vector in vectors}) > 1:
            raise ModelReplyError("vectors of several lengths came", where=self._server.where)
        return vectors

    async def aclose(self) -> None:
        """Close the connections."""
        await self._server.aclose()

    async def _embed_patiently(self, texts: Sequence[str]) -> list[Vector]:
        for attempt in count(1):
            try:
                return await self._embed(texts)
            except ModelError as error:
                pause = pause_after(error, attempt, self._retries)
            await asyncio.sleep(pause)
        raise AssertionError("count() is endless")

    async def _embed(self, texts: Sequence[str]) -> list[Vector]:
        body = {"model": self._model, "input": list(texts), "encoding_format": "float"}
        answer = ""
        async with aclosing(self._server.events("embeddings", body)) as events:
            async for data in events:
                answer += data
        try:
            vectors = _vectors(json.loads(answer))
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise ModelReplyError(
                f"the reply holds no vectors: {error!r}", where=self._server.where
            ) from error
        if len(vectors) != len(texts):
            raise ModelReplyError(
                f"{len(vectors)} vectors came for {len(texts)} texts", where=self._server.where
            )
        return vectors


def _vectors(reply: Any) -> list[Vector]:
    """The vectors in the order of the texts, each by its index."""
    rows = sorted(reply["data"], key=lambda row: int(row["index"]))
    return [tuple(float(number) for number in row["embedding"]) for row in rows]
