"""Batches: examples of about the same length, padded to the longest of them."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from toolalpaca_training.examples import Example
from toolalpaca_training.masking import IGNORED

if TYPE_CHECKING:
    import torch

_BUCKET = 16  # batches that are sorted by length together: enough to pad little, and still random


@dataclass(frozen=True, slots=True)
class Batch:
    """Examples as tensors of the shape (examples, tokens).

    Attributes:
        ids: Token ids, padded on the right.
        attention: 1 for a token, 0 for padding.
        targets: The token to predict *after* each position, or :data:`masking.IGNORED`.
        tokens: Tokens without padding.
        learned: Tokens to predict.
    """

    ids: torch.Tensor
    attention: torch.Tensor
    targets: torch.Tensor
    tokens: int
    learned: int


def plan_batches(lengths: Sequence[int], size: int, *, seed: int) -> list[list[int]]:
    """Divide examples into batches of at most *size*, in a random order that *seed* decides.

    Args:
        lengths: The length of each example.
        size: Examples a batch.
        seed: The same seed gives the same batches.

    Returns:
        Indices of the examples, each once.
    """
    chance = random.Random(seed)  # noqa: S311 - a reproducible order, not a secret
    order = list(range(len(lengths)))
    chance.shuffle(order)
    batches = []
    for start in range(0, len(order), size * _BUCKET):
        bucket = sorted(order[start : start + size * _BUCKET], key=lambda i: lengths[i])
        batches += [bucket[i : i + size] for i in range(0, len(bucket), size)]
    chance.shuffle(batches)
    return batches


def collate(examples: Sequence[Example], padding: int) -> Batch:
    """*examples* as one batch, padded with the token *padding*, which is never attended to."""
    import torch

    longest = max(len(example.ids) for example in examples)
    shape = (len(examples), longest)
    ids = torch.full(shape, padding, dtype=torch.long)
    attention = torch.zeros(shape, dtype=torch.long)
    targets = torch.full(shape, IGNORED, dtype=torch.long)
    for row, example in enumerate(examples):
        length = len(example.ids)
        ids[row, :length] = torch.tensor(example.ids)
        attention[row, :length] = 1
        targets[row, : length - 1] = torch.tensor(example.labels[1:])
    return Batch(
        ids=ids,
        attention=attention,
        targets=targets,
        tokens=int(attention.sum()),
        learned=int((targets != IGNORED).sum()),
    )
