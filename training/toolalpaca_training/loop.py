"""The optimizer's way through the epochs.

AdamW, a linear warm-up and a cosine, batches by length, the loss a mean over the learned tokens of
a whole step.
"""

from __future__ import annotations

import inspect
import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from toolalpaca.errors import ToolAlpacaError
from toolalpaca_training.bases import Base
from toolalpaca_training.batches import Part, parts, plan_batches
from toolalpaca_training.checkpoint import TrainingRecord
from toolalpaca_training.examples import Example, ExampleCounts
from toolalpaca_training.interruption import Interruption
from toolalpaca_training.masking import IGNORED
from toolalpaca_training.recipe import LEARNING_RATE, Recipe

if TYPE_CHECKING:
    from pathlib import Path

    import torch


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the optimizer, done.

    Attributes:
        step: From 1.
        steps: How many there will be.
        epoch: From 1.
        loss: Mean over the learned tokens, in nats.
        learning_rate: What it was.
        gradient_norm: Before it was clipped.
        tokens_per_second: Tokens read, padding left out.
    """

    step: int
    steps: int
    epoch: int
    loss: float
    learning_rate: float
    gradient_norm: float
    tokens_per_second: float


class Listener(Protocol):
    """Who is told how training goes."""

    def prepared(self, record: TrainingRecord, counts: dict[str, ExampleCounts]) -> None:
        """The data and the model are ready."""
        ...

    def stepped(self, step: Step) -> None:
        """A step is done."""
        ...

    def validated(self, step: int, loss: float) -> None:
        """The loss on the validation traces after that many steps."""
        ...

    def saved(self, folder: Path, record: TrainingRecord) -> None:
        """A checkpoint was written."""
        ...


class Loop:
    """The optimizer's way through the epochs."""

    def __init__(
        self,
        base: Base,
        train: Sequence[Example],
        validation: Sequence[Example],
        recipe: Recipe,
        record: TrainingRecord,
        listener: Listener,
        wish: Interruption,
    ) -> None:
        import torch

        if recipe.threads:
            torch.set_num_threads(recipe.threads)
        torch.manual_seed(recipe.seed)
        self.train, self.validation = train, validation
        self.recipe, self.record, self.listener, self.wish = recipe, record, listener, wish
        self.device = torch.device(recipe.device)
        self.model: Any = base.model.to(self.device)  # type: ignore[arg-type]
        self.padding = _padding(base)
        self.peak = recipe.learning_rate or LEARNING_RATE
        self.optimizer = _optimizer(self.model, recipe)
        self.steps = math.ceil(len(train) / recipe.batch_size) * recipe.epochs
        self.steps = min(self.steps, recipe.max_steps or self.steps)
        record.steps = (0, self.steps)

    def epochs(self) -> Iterator[int]:
        """Train, and yield the number of each epoch that has ended (the last perhaps early)."""
        self._validate()
        lengths = [len(example.ids) for example in self.train]
        for epoch in range(1, self.recipe.epochs + 1):
            for indices in plan_batches(
                lengths, self.recipe.batch_size, seed=self.recipe.seed + epoch
            ):
                self._step(epoch, self._parts([self.train[index] for index in indices]))
                if self.wish.wanted:
                    self.record.interrupted = self.record.steps[0] < self.steps
                    yield epoch
                    return
                if self.record.steps[0] == self.steps:
                    break
            self._validate()
            yield epoch
            if self.record.steps[0] == self.steps:
                return

    def _parts(self, examples: Sequence[Example]) -> list[Part]:
        return parts(examples, self.recipe.batch_tokens, self.padding)

    def _step(self, epoch: int, batch: list[Part]) -> None:
        import torch

        began = time.perf_counter()
        number = self.record.steps[0] + 1
        rate = self.peak * schedule(number, self.steps, self.recipe.warmup)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.model.train()
        # One mean over all learned tokens of the batch: a mean of the parts' means would weigh a
        # token by the company it came in.
        learned = sum(part.learned for part in batch)
        total = 0.0
        for part in batch:
            loss = self._loss(part) / learned
            loss.backward()  # type: ignore[no-untyped-call]
            total += loss.item()
        norm = float(torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.recipe.clip))
        if not math.isfinite(total) or not math.isfinite(norm):
            raise ToolAlpacaError(
                f"the loss is {total} and the gradient's norm {norm} at step {number}",
                hint="lower --learning-rate; the last checkpoint, if there is one, is kept",
            )
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)

        seconds = time.perf_counter() - began
        self.record.losses.append(total)
        self.record.steps = (number, self.steps)
        self.record.seconds += seconds
        self.listener.stepped(
            Step(
                step=number,
                steps=self.steps,
                epoch=epoch,
                loss=total,
                learning_rate=rate,
                gradient_norm=norm,
                tokens_per_second=sum(part.tokens for part in batch) / seconds,
            )
        )

    def _loss(self, part: Part) -> torch.Tensor:
        """The loss of the part's learned tokens, summed."""
        import torch

        # Logits are the largest tensor by far, and most tokens are not learned: only those
        # positions that any example of the part learns at get theirs.
        positions = (part.targets != IGNORED).any(dim=0).nonzero().squeeze(1)
        output = self.model(
            input_ids=part.ids.to(self.device),
            attention_mask=part.attention.to(self.device),
            use_cache=False,
            **({"logits_to_keep": positions.to(self.device)} if self._keeps_logits() else {}),
        )
        logits = output.logits if self._keeps_logits() else output.logits[:, positions]
        return torch.nn.functional.cross_entropy(
            logits.flatten(0, 1).float(),
            part.targets[:, positions].flatten().to(self.device),
            ignore_index=IGNORED,
            reduction="sum",
        )

    def _keeps_logits(self) -> bool:
        return "logits_to_keep" in inspect.signature(self.model.forward).parameters

    def _validate(self) -> None:
        import torch

        if not self.validation:
            return
        self.model.eval()
        with torch.no_grad():
            whole = self._parts(self.validation)
            total = sum(float(self._loss(part)) for part in whole)
        loss = total / sum(part.learned for part in whole)
        step = self.record.steps[0]
        self.record.validation_losses[step] = loss
        self.listener.validated(step, loss)


def schedule(step: int, steps: int, warmup: float) -> float:
    """The share of the peak learning rate at *step* (from 1) of *steps*.

    It rises in a line over the share *warmup* of the steps and falls as half a cosine after that,
    to a little above 0 at the last step.

    >>> [round(schedule(step, 4, 0.5), 2) for step in (1, 2, 3, 4)]
    [0.5, 1.0, 0.75, 0.25]
    """
    rising = max(1, round(steps * warmup))
    if step <= rising:
        return step / rising
    progress = (step - rising) / (steps - rising + 1)
    return 0.5 * (1 + math.cos(math.pi * progress))


def _padding(base: Base) -> int:
    """Any token will do, as it is neither attended to nor learned."""
    padding = base.tokenizer.pad_token_id
    return padding if isinstance(padding, int) else 0


def _optimizer(model: Any, recipe: Recipe) -> torch.optim.Optimizer:
    import torch

    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    groups = [
        {"params": [p for p in parameters if p.dim() >= 2], "weight_decay": recipe.weight_decay},
        {"params": [p for p in parameters if p.dim() < 2], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=0.0, betas=(0.9, 0.95))
