"""The numbers of a fine-tune, and which of them the base and the machine choose."""

from __future__ import annotations

from dataclasses import dataclass, replace

from toolalpaca.errors import UsageError
from toolalpaca_training.bases import TINY, Base

LEARNING_RATE = 1e-4
TINY_LEARNING_RATE = 3e-3
LONGEST = 4096


@dataclass(frozen=True, slots=True)
class Recipe:
    """The numbers of a fine-tune.

    Attributes:
        epochs: Times that every example is seen.
        max_steps: Bound on the optimizer's steps; None is no bound.
        batch_size: Examples in one step of the optimizer.
        batch_tokens: Tokens in one forward pass; a batch with more is computed in parts, and their
            gradients are added. It bounds the memory and changes nothing else.
        learning_rate: Its peak; None takes what suits the base.
        warmup: Share of the steps in which it rises from 0; after that it falls as a cosine.
        weight_decay: Of matrices; vectors (norms, biases) have none.
        clip: Largest norm of a step's gradient.
        max_length: Tokens of an example at most; None takes the model's context, 4,096 at most.
        validation: Share of the training traces to keep apart.
        seed: For everything that chance decides.
        device: ``auto``, ``cpu``, ``cuda`` or ``mps``.
        threads: Of the processor; None leaves it to torch.
    """

    epochs: int = 3
    max_steps: int | None = None
    batch_size: int = 4
    batch_tokens: int = 4096
    learning_rate: float | None = None
    warmup: float = 0.05
    weight_decay: float = 0.01
    clip: float = 1.0
    max_length: int | None = None
    validation: float = 0.0
    seed: int = 0
    device: str = "auto"
    threads: int | None = None


def resolve(recipe: Recipe, base: Base) -> Recipe:
    """*recipe* with everything chosen that it leaves to the base and the machine.

    Raises:
        UsageError: It asks for more than the base can see, or for a device that is not there.
    """
    context = base.context
    if recipe.max_length and context and recipe.max_length > context:
        raise UsageError(
            f"{recipe.max_length} tokens are more than the {context} that the base can see",
            where="--max-length",
        )
    return replace(
        recipe,
        learning_rate=recipe.learning_rate
        or (TINY_LEARNING_RATE if base.name == TINY else LEARNING_RATE),
        max_length=recipe.max_length or min(context or LONGEST, LONGEST),
        device=_device(recipe.device),
    )


def _device(name: str) -> str:
    """The device of that name; ``auto`` is the fastest that is there and can do everything."""
    import torch

    if name == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        torch.empty(0, device=name)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise UsageError(f"there is no device {name!r}: {reason}", where="--device") from error
    return name
