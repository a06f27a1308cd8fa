"""Checkpoints of transformers on this machine, such as those that ``toolalpaca train`` saves.

The loop that generates is our own, so that a request can be cancelled between any two tokens, a
grammar and stop texts hold token by token, and the prompt of each step is computed only from where
it differs from the step before. Greedily it writes what ``model.generate(do_sample=False)`` does.
The sampling settings of a checkpoint's ``generation_config.json`` are left out, because the request
says how to sample.
"""

from __future__ import annotations

import importlib
import logging
import warnings
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toolalpaca.errors import MissingExtra, ModelReplyError, ModelUnavailable, UsageError
from toolalpaca.llm.background import Emit, Worker
from toolalpaca.llm.chat_template import ChatTemplate, read_template
from toolalpaca.llm.decoding import Choice, Grammars, Past, decode
from toolalpaca.llm.lora import merge_adapter
from toolalpaca.llm.protocol import (
    Capabilities,
    Completion,
    Finish,
    Message,
    Request,
    Usage,
    joined,
)
from toolalpaca.llm.reply_text import StopText, TokenText
from toolalpaca.llm.settings import NO_TEMPLATE, ModelSettings

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

_LOG = logging.getLogger(__name__)


def open_folder(path: str, settings: ModelSettings) -> Checkpoint:
    """The model ``transformers:PATH``.

    Raises:
        ModelUnavailable: The folder is no checkpoint, or cannot be loaded or chatted with.
        MissingExtra: torch or transformers is not installed.
    """
    model, tokenizer = _load(Path(path), settings)
    return Checkpoint(f"transformers:{path}", model, tokenizer, settings)


class Checkpoint:
    """A causal language model of transformers and its tokenizer as a language model.

    Args:
        name: What ``--model`` took.
        model: On the device where it shall run.
        tokenizer: With a chat template, unless the settings say that there is none.
        settings: ``threads`` and ``context`` matter here, and whether there is a chat template.

    Raises:
        ModelUnavailable: The tokenizer has no usable chat template, or does not fit the model.
    """

    def __init__(
        self,
        name: str,
        model: PreTrainedModel,
        tokenizer: PreTrainedTokenizerBase,
        settings: ModelSettings,
    ) -> None:
        self.name = name
        self._tokenizer = tokenizer
        self._threads = settings.threads
        vocabulary = model.get_input_embeddings().num_embeddings
        assert isinstance(vocabulary, int), "an embedding of text has a number of tokens"
        if len(tokenizer) > vocabulary:
            raise ModelUnavailable("the tokenizer has more tokens than the model", where=name)
        text = settings.chat_template == NO_TEMPLATE
        try:
            self._template = None if text else ChatTemplate(tokenizer)
            self._ends = _end_tokens(model, tokenizer, self._template)
        except UsageError as error:
            raise ModelUnavailable(error.what, where=name, hint=error.hint) from error
        context = settings.context or _own_context(model)
        # llguidance reads the tokenizers of the Rust library only, which are the fast ones.
        fast = bool(tokenizer.is_fast)
        self.capabilities = Capabilities(
            grammar=fast, json_schema=fast, regex=fast, text=text, context=context
        )
        self._grammars = Grammars(tokenizer, vocabulary, self._ends) if fast else None
        self._past: Past | None = Past(model)
        self._worker = Worker(f"transformers {Path(name).name}")

    async def stream(self, request: Request) -> AsyncIterator[str | Completion]:
        """Yield pieces of text as they come, and the whole completion last.

        Raises:
            ModelReplyError: The prompt does not fit the context, the chat template refuses it, or
                torch cannot compute the reply.
        """
        past = self._past
        if past is None:
            raise ModelUnavailable("the model has been closed", where=self.name)
        prompt = self._prompt(request)
        async for piece in self._worker.stream(
            lambda emit: self._generate(past, prompt, request, emit)
        ):
            yield piece

    async def aclose(self) -> None:
        """Stop what runs and free the memory."""
        await self._worker.aclose()
        self._past = None

    def _prompt(self, request: Request) -> list[int]:
        if self._template is None:
            # Here nobody else writes the token that begins a sequence.
            prompt = _tokens_of(joined(request.messages), self._tokenizer, special=True)
        else:
            try:
                text = self._template.render(request.messages, prompt=True)
            except UsageError as error:
                raise ModelReplyError(error.what, where=self.name, hint=error.hint) from error
            prompt = _tokens_of(text, self._tokenizer)
        if (context := self.capabilities.context) is not None and len(prompt) >= context:
            raise ModelReplyError(
                f"the prompt of {len(prompt)} tokens leaves no room for a reply in the context of "
                f"{context} tokens",
                where=self.name,
            )
        return prompt

    def _generate(self, past: Past, prompt: list[int], request: Request, emit: Emit) -> Completion:
        import torch

        # torch keeps this for the whole process, and OpenMP for each thread: hence here, each time.
        torch.set_num_threads(self._threads)
        matcher = None
        if request.constraint and self._grammars:
            matcher = self._grammars.matcher(request.constraint)
        try:
            with torch.inference_mode():
                return self._reply(past, prompt, request, Choice(request, matcher), emit)
        except RuntimeError as error:  # torch's own, out of memory among them
            raise ModelReplyError(
                f"torch cannot compute the reply: {_first_line(error)}", where=self.name
            ) from error

    def _reply(
        self, past: Past, prompt: list[int], request: Request, choice: Choice, emit: Emit
    ) -> Completion:
        room = request.max_tokens
        if (context := self.capabilities.context) is not None:
            room = min(room, context - len(prompt))
        cached = past.rewind(prompt)
        text, stop = TokenText(self._tokenizer), StopText(request.stop)
        pieces: list[str] = []
        finish: Finish = "length"
        count = 0
        for token in decode(past, prompt[cached:], room, choice, lambda: emit("")):
            count += 1
            ended = token in self._ends
            if not ended:
                pieces.append(stop.push(text.push(token)))
                if not emit(pieces[-1]):
                    break
            if ended or stop.stopped or choice.finished:
                finish = "stop"
                break
        pieces.append(stop.push(text.flush()) + stop.flush())
        emit(pieces[-1])
        usage = Usage(prompt_tokens=len(prompt), completion_tokens=count, cached_tokens=cached)
        _LOG.info("%s: %s", self.name, usage)
        return Completion("".join(pieces), usage=usage, finish="stop" if stop.stopped else finish)


def _end_tokens(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, template: ChatTemplate | None
) -> frozenset[int]:
    """The tokens that end a reply.

    Those that the model and the tokenizer name, and the one with which the chat template closes an
    assistant's turn: training teaches that one, and some tokenizers name another.
    """
    ends: set[int] = set()
    for named in (
        getattr(model.generation_config, "eos_token_id", None),
        tokenizer.eos_token_id,
    ):
        ends.update([named] if isinstance(named, int) else named or ())
    if template is None:
        return frozenset(ends)
    probe = "the assistant says this"
    question = Message(role="user", content="?")
    answered = template.render([question, Message(role="assistant", content=probe)], prompt=False)
    _, _, after = answered.rpartition(probe)
    special = {number for number, token in tokenizer.added_tokens_decoder.items() if token.special}
    ends.update([token for token in _tokens_of(after, tokenizer) if token in special][:1])
    return frozenset(ends)


def _tokens_of(
    text: str, tokenizer: PreTrainedTokenizerBase, *, special: bool = False
) -> list[int]:
    # A chat template writes the special tokens, the beginning of the sequence included.
    encoding: Any = tokenizer(text, add_special_tokens=special, verbose=False)
    tokens: list[int] = encoding["input_ids"]
    return tokens


def _own_context(model: PreTrainedModel) -> int | None:
    length = getattr(model.config.get_text_config(), "max_position_embeddings", None)
    return length if isinstance(length, int) and length > 0 else None


def _load(folder: Path, settings: ModelSettings) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    for package in ("torch", "transformers"):
        try:
            importlib.import_module(package)
        except ImportError as error:
            raise MissingExtra(package, "training") from error
    if not (folder / "config.json").is_file():
        raise ModelUnavailable(
            "this is no checkpoint of transformers: it has no config.json",
            where=str(folder),
            hint="give the folder that `toolalpaca train` or save_pretrained wrote",
        )
    with _quiet(settings):
        try:
            return _from_pretrained(folder, settings)
        except (ModelUnavailable, UsageError, MemoryError):
            raise
        # Whatever is wrong in the files, each library behind it says in an exception of its own.
        except Exception as error:
            raise ModelUnavailable(
                f"transformers cannot load it: {_first_line(error)}", where=str(folder)
            ) from error


def _from_pretrained(
    folder: Path, settings: ModelSettings
) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """The model and tokenizer of a folder; nothing is downloaded, and no code of it is run."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    where: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
    tokenizer: Any = AutoTokenizer.from_pretrained(folder, **where)
    if template := read_template(settings):
        tokenizer.chat_template = template
    device = _device(settings.device)
    loaded: Any = AutoModelForCausalLM.from_pretrained(
        folder, dtype=_dtype(settings.dtype, device), output_loading_info=True, **where
    )
    model, found = loaded
    # transformers gives weights that it does not find random values.
    if missing := sorted(found["missing_keys"]):
        raise ModelUnavailable(
            f"{len(missing)} weights of the model are missing, {missing[0]} among them",
            where=str(folder),
        )
    for adapter in settings.adapters:
        merge_adapter(model, adapter)
    return model.to(device).eval(), tokenizer


def _device(name: str | None) -> str:
    import torch

    if name is None:
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        torch.empty(0, device=name)
    except (RuntimeError, AssertionError) as error:
        raise UsageError(
            f"there is no device {name!r}: {_first_line(error)}", where="--device"
        ) from error
    return name


def _dtype(name: str | None, device: str) -> Any:
    """What transformers takes for it."""
    import torch

    if name is None:
        # On a processor float32 is the fast one; a graphics card takes what the weights are in.
        return torch.float32 if device == "cpu" else "auto"
    return name if name == "auto" else getattr(torch, name)


@contextmanager
def _quiet(settings: ModelSettings) -> Iterator[None]:
    """Keep transformers' progress bars, log and warnings off standard error."""
    from transformers.utils import logging

    chatter: Any = logging  # it has no types
    if settings.verbose:
        yield
        return
    verbosity, bars = chatter.get_verbosity(), chatter.is_progress_bar_enabled()
    chatter.set_verbosity_error()
    chatter.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        chatter.set_verbosity(verbosity)
        if bars:
            chatter.enable_progress_bar()


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
