"""Batches: examples of about the same length, computed in parts that fit into the memory."""

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
class Part:
    """A part of a batch: examples as tensors of the shape (examples, tokens).

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


def parts(examples: Sequence[Example], most_tokens: int, padding: int) -> list[Part]:
    """*examples* in parts of at most *most_tokens* tokens, padding included.

    An example that is longer than that is a part by itself.

    Args:
        examples: A batch.
        most_tokens: What fits into the memory at once.
        padding: The token to pad with; it is never attended to.
    """
    groups: list[list[Example]] = []
    for example in sorted(examples, key=lambda example: len(example.ids)):
        # In this order the newest example is the longest, to which the others are padded.
        if groups and (len(groups[-1]) + 1) * len(example.ids) <= most_tokens:
            groups[-1].append(example)
        else:
            groups.append([example])
    return [collate(group, padding) for group in groups]


def collate(examples: Sequence[Example], padding: int) -> Part:
    """*examples* as tensors, padded on the right with the token *padding*."""
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
    return Part(
        ids=ids,
        attention=attention,
        targets=targets,
        tokens=int(attention.sum()),
        learned=int((targets != IGNORED).sum()),
    )
