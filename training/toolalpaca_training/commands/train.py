"""``toolalpaca train``: fine-tune a small causal model on a corpus of traces."""

from __future__ import annotations

import signal
import sys
import time
from argparse import ArgumentTypeError, Namespace
from dataclasses import asdict, fields
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from toolalpaca.arguments import existing_path, integer, number, output_folder
from toolalpaca.command import CommandParser

if TYPE_CHECKING:
    from pathlib import Path

    from toolalpaca_training.checkpoint import TrainingRecord
    from toolalpaca_training.examples import ExampleCounts
    from toolalpaca_training.loop import Step

_EXAMPLES = """\
  toolalpaca train corpus/ --base tiny --out checkpoint/      # seconds; shows that it works
  toolalpaca models fetch smollm2
  toolalpaca train corpus/ --base smollm2 --out checkpoint/ --validation 0.1
  toolalpaca train traces.jsonl --base checkpoint/ --out better/ --epochs 1 --json
  toolalpaca ask openapi.yaml "Find ..." --model transformers:checkpoint/
"""


def configure(parser: CommandParser) -> None:
    """Declare the options."""
    parser.set_examples(_EXAMPLES)
    parser.add_argument(
        "corpus", metavar="CORPUS", type=existing_path, help="a corpus folder, or a file of traces"
    )
    parser.add_argument(
        "--base",
        metavar="NAME",
        required=True,
        help="tiny (random weights, a tokenizer made on the spot), smollm2 (fetched), or the "
        "folder of a checkpoint",
    )
    parser.add_argument(
        "--out",
        metavar="DIR",
        type=output_folder,
        required=True,
        help="where the checkpoint is saved",
    )
    parser.add_argument(
        "--overwrite", action="store_true", help="replace a checkpoint that is in --out"
    )
    parser.add_argument(
        "--json", action="store_true", help="print one JSON line for each step and event"
    )
    _configure_recipe(parser)


def _configure_recipe(parser: CommandParser) -> None:
    recipe = parser.add_argument_group("recipe")
    add = recipe.add_argument
    add("--format", metavar="NAME", default="react", help="the prompt format to learn")
    add("--epochs", metavar="N", type=integer(1), default=3, help="passes over the traces")
    add("--max-steps", metavar="N", type=integer(1), help="end after so many steps")
    add("--batch-size", metavar="N", type=integer(1), default=4, help="examples in one step")
    add(
        "--batch-tokens",
        metavar="N",
        type=integer(1),
        default=4096,
        help="tokens computed at once: fewer take less memory and change nothing else",
    )
    add(
        "--learning-rate",
        metavar="RATE",
        type=number(0),
        help="its peak (default: 3e-3 for tiny, else 1e-4)",
    )
    add("--weight-decay", metavar="RATE", type=_rate, default=0.01, help="of matrices")
    add("--clip", metavar="NORM", type=number(0), default=1.0, help="largest norm of a gradient")
    add("--warmup", metavar="SHARE", type=_share, default=0.05, help="of the steps, to the peak")
    add(
        "--max-length",
        metavar="TOKENS",
        type=integer(1),
        help="of an example; longer ones are cut after an earlier step or dropped, and counted "
        "(default: what the base can see, at most 4096)",
    )
    add(
        "--validation",
        metavar="SHARE",
        type=_share,
        default=0.0,
        help="of the traces, kept apart to measure the loss on",
    )
    add("--seed", metavar="N", type=integer(0), default=0, help="for everything that is random")
    add("--threads", metavar="N", type=integer(1, 256), help="of the processor (default: all)")
    add(
        "--device",
        choices=["auto", "cpu", "cuda", "mps"],
        default="auto",
        help="auto takes a CUDA device where there is one",
    )


def run(options: Namespace) -> int:
    """Fine-tune, and say how it goes."""
    from toolalpaca_runtime.formats import get_format
    from toolalpaca_training.bases import check_packages

    prompt_format = get_format(options.format)
    check_packages()
    _quieten_transformers()
    from toolalpaca_training.recipe import Recipe
    from toolalpaca_training.sft import fine_tune

    recipe = Recipe(**{field.name: getattr(options, field.name) for field in fields(Recipe)})
    print(f"toolalpaca: reading {options.corpus} and loading {options.base}", file=sys.stderr)
    record = fine_tune(
        options.corpus,
        options.base,
        options.out,
        recipe,
        prompt_format,
        _JsonLines() if options.json else _Console(),
        overwrite=options.overwrite,
    )
    if record.interrupted:
        print(f"toolalpaca: interrupted; what was learned is in {options.out}", file=sys.stderr)
        return 128 + signal.SIGINT
    return 0


class _JsonLines:
    """Events as JSON lines on standard output."""

    def prepared(self, record: TrainingRecord, counts: dict[str, ExampleCounts]) -> None:
        _print_json(
            "prepared",
            base=record.base,
            parameters=record.parameters,
            steps=record.steps[1],
            counts={name: count.as_dict() for name, count in counts.items()},
        )

    def stepped(self, step: Step) -> None:
        _print_json("step", **asdict(step))

    def validated(self, step: int, loss: float) -> None:
        _print_json("validation", step=step, loss=loss)

    def saved(self, folder: Path, record: TrainingRecord) -> None:
        _print_json("saved", path=str(folder), step=record.steps[0], interrupted=record.interrupted)


class _Console:
    """Lines for a person: a twentieth of the steps each, and one every few seconds at least."""

    _PATIENCE = 5.0

    def __init__(self) -> None:
        self._began = self._printed = time.monotonic()

    def prepared(self, record: TrainingRecord, counts: dict[str, ExampleCounts]) -> None:
        print(f"base {record.base}: {record.parameters:,} parameters")
        for name, count in counts.items():
            print(f"{name}: {count.summary()}", flush=True)
        self._began = time.monotonic()

    def stepped(self, step: Step) -> None:
        now = time.monotonic()
        due = step.step in (1, step.steps) or step.step % max(1, step.steps // 20) == 0
        if not due and now - self._printed < self._PATIENCE:
            return
        self._printed = now
        left = (now - self._began) / step.step * (step.steps - step.step)
        print(
            f"step {step.step:>{len(str(step.steps))}}/{step.steps}  epoch {step.epoch}  "
            f"loss {step.loss:.4f}  learning rate {step.learning_rate:.2e}  "
            f"{step.tokens_per_second:,.0f} tokens/s  {timedelta(seconds=round(left))} left",
            flush=True,
        )

    def validated(self, step: int, loss: float) -> None:
        print(f"after step {step}: validation loss {loss:.4f}", flush=True)

    def saved(self, folder: Path, record: TrainingRecord) -> None:
        done, steps = record.steps
        if done == steps or record.interrupted:
            print(f"saved in {folder}; use it with: --model transformers:{folder}", flush=True)


def _print_json(event: str, **fields: Any) -> None:
    import orjson

    print(orjson.dumps({"event": event, **fields}).decode(), flush=True)


def _quieten_transformers() -> None:
    """Progress is ours to show; transformers' own bars and hints would write over it."""
    from transformers.utils import logging as transformers_logging

    logging: Any = transformers_logging  # its functions have no types
    logging.disable_progress_bar()
    logging.set_verbosity_error()


def _rate(text: str) -> float:
    return 0.0 if text == "0" else number(0)(text)


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = -1.0
    if not 0 <= share < 1:
        raise ArgumentTypeError(f"{text!r} is not a number from 0 to below 1")
    return share
