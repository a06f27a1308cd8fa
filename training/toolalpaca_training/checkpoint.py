"""Checkpoints: a model, its tokenizer and how it came to be, in one folder, whole or not at all."""

from __future__ import annotations

import tempfile
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import orjson

from toolalpaca.errors import ToolAlpacaError, UsageError

if TYPE_CHECKING:
    from toolalpaca_training.bases import Base

TRAINING_SCHEMA: Final = "toolalpaca.training/1"
RECORD_FILE = "training.json"


@dataclass(slots=True)
class TrainingRecord:
    """How a checkpoint came to be; ``training.json`` in its folder.

    Attributes:
        base: The base that it started from.
        corpus: Where the traces were.
        data_sha256: Hash of the files of traces.
        prompt_format: The format that it learned, and must be used with.
        settings: The recipe.
        counts: What became of the traces: for ``train`` and ``validation``.
        parameters: Numbers in the model.
        losses: The mean loss a learned token, of each step, in nats.
        validation_losses: By step; step 0 is before training.
        steps: Steps that were done, of how many.
        interrupted: Whether it was stopped before its last step.
        seconds: How long the steps took.
        versions: Of the packages that did it.
    """

    base: str
    corpus: str
    data_sha256: str
    prompt_format: str
    settings: dict[str, Any]
    counts: dict[str, dict[str, int]]
    parameters: int
    versions: dict[str, str]
    losses: list[float] = field(default_factory=list)
    validation_losses: dict[int, float] = field(default_factory=dict)
    steps: tuple[int, int] = (0, 0)
    interrupted: bool = False
    seconds: float = 0.0

    def as_json(self) -> bytes:
        """The record as indented JSON."""
        return orjson.dumps(
            {"schema": TRAINING_SCHEMA, **asdict(self)},
            option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS | orjson.OPT_APPEND_NEWLINE,
        )


def check_target(folder: Path, *, overwrite: bool) -> None:
    """Refuse a folder that holds something else, before hours of work go into it.

    Raises:
        UsageError: *folder* is no folder, holds something that is no checkpoint of ours, or holds
            one that may not be overwritten.
    """
    if not folder.exists():
        return
    if not folder.is_dir():
        raise UsageError("is not a folder", where=str(folder))
    if not any(folder.iterdir()):
        return
    if not (folder / RECORD_FILE).is_file():
        raise UsageError(
            "the folder is not empty and holds no checkpoint of ours",
            where=str(folder),
            hint="choose another folder for --out",
        )
    if not overwrite:
        raise UsageError(
            "there is a checkpoint already",
            where=str(folder),
            hint="choose another folder, or replace it with --overwrite",
        )


def save_checkpoint(folder: Path, base: Base, record: TrainingRecord) -> None:
    """Write the model, the tokenizer with its chat template, and *record* to *folder*.

    It is written beside the folder first and then renamed, so a crash leaves the old one or the new
    one.

    Raises:
        ToolAlpacaError: The folder cannot be written.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as scratch:
            new, old = Path(scratch) / "new", Path(scratch) / "old"
            base.model.save_pretrained(new)
            base.tokenizer.save_pretrained(new)
            (new / RECORD_FILE).write_bytes(record.as_json())
            if folder.exists():
                folder.rename(old)
            try:
                new.rename(folder)
            except OSError:
                if old.exists():
                    old.rename(folder)
                raise
    except OSError as error:
        reason = error.strerror or str(error)
        raise ToolAlpacaError(f"cannot be written: {reason}", where=str(folder)) from error


def versions() -> dict[str, str]:
    """The versions of the packages that training depends on."""
    import torch
    import transformers

    from toolalpaca import __version__

    return {
        "toolalpaca": __version__,
        "torch": str(torch.__version__),
        "transformers": transformers.__version__,
    }
