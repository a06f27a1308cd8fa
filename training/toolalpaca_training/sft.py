"""Supervised fine-tuning, from traces to a checkpoint, top to bottom.

    toolalpaca train corpus/ --base tiny --out checkpoint/

What is learned is decided in :mod:`toolalpaca_training.masking`, how in
:mod:`toolalpaca_training.loop`. On a processor the same seed gives the same numbers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toolalpaca.errors import DataError, ToolAlpacaError
from toolalpaca_training.bases import Base, check_packages, open_base
from toolalpaca_training.checkpoint import TrainingRecord, check_target, save_checkpoint, versions
from toolalpaca_training.examples import Example, ExampleCounts, make_examples
from toolalpaca_training.interruption import interruption
from toolalpaca_training.loop import Listener, Loop
from toolalpaca_training.masking import ConversationTokenizer
from toolalpaca_training.recipe import Recipe, resolve
from toolalpaca_training.traces import TraceSplits, load_traces

if TYPE_CHECKING:
    from toolalpaca_runtime.formats import PromptFormat


def fine_tune(
    corpus: Path,
    base_name: str,
    out: Path,
    recipe: Recipe,
    prompt_format: PromptFormat,
    listener: Listener,
    *,
    overwrite: bool = False,
) -> TrainingRecord:
    """Fine-tune *base_name* on the traces of *corpus* and save it in *out*, after every epoch too.

    The first Ctrl-C ends training after the step that runs, and saves.

    Raises:
        ToolAlpacaError: The corpus, the base or the folder cannot be used; the loss is no number
            any more; the memory is too small.
    """
    check_packages()
    check_target(out, overwrite=overwrite)
    traces = load_traces(corpus, validation=recipe.validation, seed=recipe.seed)

    base = open_base(base_name, _texts(traces, prompt_format), seed=recipe.seed)
    recipe = resolve(recipe, base)
    train, validation, counts = _examples(traces, base, prompt_format, recipe, corpus)
    _learn_to_stop(base, train)

    record = TrainingRecord(
        base=base_name,
        corpus=str(corpus),
        data_sha256=traces.sha256,
        prompt_format=prompt_format.name,
        settings=asdict(recipe),
        counts={name: count.as_dict() for name, count in counts.items()},
        parameters=base.parameters,
        versions=versions(),
    )
    with interruption() as wish, _memory_errors():
        loop = Loop(base, train, validation, recipe, record, listener, wish)
        listener.prepared(record, counts)
        for _epoch in loop.epochs():
            save_checkpoint(out, base, record)
            listener.saved(out, record)
    return record


@contextmanager
def _memory_errors() -> Iterator[None]:
    """Say what to do when the memory is too small; torch tells it by many kinds of error."""
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if "memory" not in str(error):
            raise
        raise ToolAlpacaError(
            "the memory is too small for the model and its examples",
            hint="lower --batch-tokens or --max-length, or take a smaller base",
        ) from error


def _texts(traces: TraceSplits, prompt_format: PromptFormat) -> Iterator[str]:
    """What is said in the traces that are learned from."""
    for trace in traces.train:
        for message in prompt_format.messages(trace):
            yield message.content


def _examples(
    traces: TraceSplits, base: Base, prompt_format: PromptFormat, recipe: Recipe, corpus: Path
) -> tuple[list[Example], list[Example], dict[str, ExampleCounts]]:
    assert recipe.max_length is not None, "the recipe is resolved"
    longest = recipe.max_length
    tokenizer = ConversationTokenizer(base.tokenizer)
    train, of_train = make_examples(traces.train, prompt_format, tokenizer, max_length=longest)
    validation, of_validation = make_examples(
        traces.validation, prompt_format, tokenizer, max_length=longest
    )
    if not train:
        raise DataError(
            f"there is nothing to learn: {of_train.summary()}",
            where=str(corpus),
            hint=f"the longest example may have {longest} tokens (--max-length)",
        )
    counts = {"train": of_train}
    if traces.validation:
        counts["validation"] = of_validation
    return train, validation, counts


def _learn_to_stop(base: Base, examples: Sequence[Example]) -> None:
    """Let generation end at the tokens that end a turn, which the base may not know of yet."""
    config: Any = base.model.generation_config
    known = config.eos_token_id
    known = [known] if isinstance(known, int) else list(known or ())
    config.eos_token_id = sorted({*known, *(example.ids[-1] for example in examples)})
