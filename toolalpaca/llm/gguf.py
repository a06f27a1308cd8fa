"""Models in GGUF files, run by llama.cpp inside this process (package ``xllamacpp``).

xllamacpp embeds llama.cpp's server: requests and replies are dictionaries in the shape of OpenAI's
chat completions, plus llama.cpp's own fields (``cache_prompt``, ``grammar``, ``return_progress``;
see https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md). There is one slot, so
the prompt of each step is computed only from where it differs from the step before; what was
computed of other conversations is kept beside it. llama.cpp applies stop texts itself.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from toolalpaca.errors import MissingExtra, ModelReplyError, ModelUnavailable
from toolalpaca.llm.background import Emit, Worker
from toolalpaca.llm.catalog import fetchable, fetched_path
from toolalpaca.llm.chat_template import read_template
from toolalpaca.llm.grammar import LLGUIDANCE, as_grammar, check_grammar
from toolalpaca.llm.protocol import (
    Capabilities,
    Completion,
    Finish,
    Message,
    Request,
    Usage,
    joined,
)
from toolalpaca.llm.settings import NO_TEMPLATE, ModelSettings

_LOG = logging.getLogger(__name__)

# llama.cpp reserves the memory for the whole context; a model trained for less uses less.
_CONTEXT = 8192
# Tokens computed at once: between two batches a cancelled request ends, so this bounds how long
# that takes (two seconds on a slow core), at no measured cost in speed.
_BATCH = 256
# Prompts that lost their slot to another conversation are kept up to this many MiB.
_KEPT_PROMPTS = 512


def open_fetched(name: str, settings: ModelSettings) -> Gguf:
    """A model of the catalog.

    Raises:
        ModelUnavailable: It has not been fetched, or cannot be loaded.
        MissingExtra: xllamacpp is not installed.
    """
    return Gguf(name, fetched_path(name), settings, context=fetchable(name).context)


def open_file(path: str, settings: ModelSettings) -> Gguf:
    """The model ``gguf:PATH``.

    Raises:
        ModelUnavailable: The file is not there or cannot be loaded.
        MissingExtra: xllamacpp is not installed.
    """
    return Gguf(f"gguf:{path}", Path(path), settings)


class Gguf:
    """A GGUF file as a language model.

    Args:
        name: What ``--model`` took.
        path: The file.
        settings: ``threads``, ``context``, ``adapters``, ``chat_template`` and ``verbose`` matter
            here.
        context: Tokens of prompt and reply together, unless the settings choose.
    """

    def __init__(
        self, name: str, path: Path, settings: ModelSettings, *, context: int = _CONTEXT
    ) -> None:
        self.name = name
        context = settings.context or context
        self.capabilities = Capabilities(
            grammar=True,
            json_schema=True,
            regex=True,
            text=settings.chat_template == NO_TEMPLATE,
            context=context,
        )
        self._server = _load(path, settings, context)
        self._worker = Worker(f"llama.cpp {path.name}")

    async def stream(self, request: Request) -> AsyncIterator[str | Completion]:
        """Yield pieces of text as they come, and the whole completion last.

        Raises:
            ModelReplyError: The prompt does not fit the context, or llama.cpp refuses the request.
        """
        if self._server is None:
            raise ModelUnavailable("the model has been closed", where=self.name)
        body = _body(request, text=self.capabilities.text)
        async for piece in self._worker.stream(lambda emit: self._generate(body, emit)):
            yield piece

    async def aclose(self) -> None:
        """Stop what runs and free the memory."""
        await self._worker.aclose()
        self._server = None

    def _generate(self, body: dict[str, Any], emit: Emit) -> Completion:
        reply = _Reply(self.name, emit)
        if "prompt" in body:
            self._server.handle_completions(body, reply.take)
        else:
            self._server.handle_chat_completions(body, reply.take)
        return reply.completion()


class _Reply:
    """Collects what llama.cpp streams."""

    def __init__(self, model: str, emit: Emit) -> None:
        self._model = model
        self._emit = emit
        self._pieces: list[str] = []
        self._finish: Finish = "stop"
        self._usage = Usage()
        self._error: str | None = None

    def take(self, chunk: dict[str, Any]) -> bool:
        """Take a chunk; True tells llama.cpp to stop."""
        if "error" in chunk:
            self._error = str(chunk["error"].get("message", chunk["error"]))
            return True
        text = ""
        for choice in chunk.get("choices", ()):
            text += (choice["delta"].get("content") if "delta" in choice else choice["text"]) or ""
            self._finish = "length" if choice["finish_reason"] == "length" else self._finish
        if usage := chunk.get("usage"):
            details = usage.get("prompt_tokens_details") or {}
            self._usage = Usage(
                prompt_tokens=usage["prompt_tokens"],
                completion_tokens=usage["completion_tokens"],
                cached_tokens=details.get("cached_tokens", 0),
            )
        if timings := chunk.get("timings"):
            _LOG.info(
                "%s: %d prompt tokens (%d cached) in %.1f s, %d tokens in %.1f s",
                self._model,
                timings["prompt_n"] + timings["cache_n"],
                timings["cache_n"],
                timings["prompt_ms"] / 1000,
                timings["predicted_n"],
                timings["predicted_ms"] / 1000,
            )
        if text:
            self._pieces.append(text)
        # Progress chunks carry no text, but ask all the same whether anybody still listens.
        return not self._emit(text)

    def completion(self) -> Completion:
        """The whole reply.

        Raises:
            ModelReplyError: llama.cpp answered with an error.
        """
        if self._error is not None:
            raise ModelReplyError(self._error, where=self._model)
        return Completion("".join(self._pieces), usage=self._usage, finish=self._finish)


def _body(request: Request, *, text: bool) -> dict[str, Any]:
    body: dict[str, Any] = {
        "max_tokens": request.max_tokens,
        "temperature": request.temperature,
        "seed": request.seed,
        "stop": list(request.stop),
        "stream": True,
        "stream_options": {"include_usage": True},
        "return_progress": True,
        "cache_prompt": True,
    }
    if text:
        body["prompt"] = joined(request.messages)
    else:
        body["messages"] = [_message(message) for message in request.messages]
    if constraint := request.constraint:
        grammar = as_grammar(constraint)
        # llama.cpp goes on without a grammar that it cannot read, and says so only in its log.
        check_grammar(grammar)
        body["grammar"] = LLGUIDANCE + grammar.lark
    return body


def _message(message: Message) -> dict[str, str]:
    # Small models' chat templates know no tool messages: a result is something they are told.
    role = "user" if message.role == "tool" else message.role
    return {"role": role, "content": message.content}


def _load(path: Path, settings: ModelSettings, context: int) -> Any:
    try:
        import xllamacpp
    except ImportError as error:
        raise MissingExtra("xllamacpp", "local") from error
    for file in (path, *settings.adapters):
        _expect_gguf(file)
    params = xllamacpp.CommonParams()
    params.model.path = str(path)
    params.n_ctx = context
    params.n_parallel = 1
    params.n_batch = params.n_ubatch = _BATCH
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = settings.threads
    params.cache_ram_mib = _KEPT_PROMPTS
    params.lora_adapters = [_adapter(file) for file in settings.adapters]
    if template := read_template(settings):
        params.chat_template = template
    params.warmup = params.ui = params.endpoint_slots = False
    params.verbosity = 4 if settings.verbose else 0
    # It also listens on a loopback port, which nobody here needs: a key that nobody knows closes
    # it to the machine's other users.
    params.api_keys = [secrets.token_urlsafe(32)]
    try:
        return xllamacpp.Server(params)
    except RuntimeError as error:
        hint = "-vv shows llama.cpp's log"
        if settings.adapters:
            hint = f"is --adapter made for this model? {hint}"
        raise ModelUnavailable(
            f"llama.cpp cannot load it: {error}", where=str(path), hint=hint
        ) from error


def _adapter(path: Path) -> Any:
    import xllamacpp

    adapter = xllamacpp.CommonAdapterLoraInfo()
    adapter.path, adapter.scale = str(path), 1.0
    return adapter


def _expect_gguf(path: Path) -> None:
    try:
        with path.open("rb") as file:
            magic = file.read(4)
    except OSError as error:
        raise ModelUnavailable(
            f"the model cannot be read: {error.strerror}", where=str(path)
        ) from error
    if magic != b"GGUF":
        raise ModelUnavailable("this is no GGUF file", where=str(path))
