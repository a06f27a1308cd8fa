"""Supervised fine-tuning, from traces to a checkpoint, top to bottom.

    toolalpaca train corpus/ --base tiny --out checkpoint/

What is learned is decided in :mod:`toolalpaca_training.masking`; this file is the rest of the
recipe: AdamW, a linear warm-up and a cosine, batches by length, the loss a mean over the learned
tokens of a whole step. On a processor the same seed gives the same numbers.
"""

from __future__ import annotations

import inspect
import math
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from toolalpaca.errors import DataError, ToolAlpacaError, UsageError
from toolalpaca_training.bases import TINY, Base, check_packages, open_base
from toolalpaca_training.batches import Part, parts, plan_batches
from toolalpaca_training.checkpoint import TrainingRecord, check_target, save_checkpoint, versions
from toolalpaca_training.examples import Example, ExampleCounts, make_examples
from toolalpaca_training.interruption import Interruption, interruption
from toolalpaca_training.masking import IGNORED, ConversationTokenizer
from toolalpaca_training.traces import TraceSplits, load_traces

if TYPE_CHECKING:
    import torch

    from toolalpaca_runtime.formats import PromptFormat

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
    recipe = _resolved(recipe, base)
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
        loop = _Loop(base, train, validation, recipe, record, listener, wish)
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


class _Loop:
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


def _resolved(recipe: Recipe, base: Base) -> Recipe:
    """*recipe* with everything chosen that it leaves to the base and the machine."""
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


def _learn_to_stop(base: Base, examples: Sequence[Example]) -> None:
    """Let generation end at the tokens that end a turn, which the base may not know of yet."""
    config: Any = base.model.generation_config
    known = config.eos_token_id
    known = [known] if isinstance(known, int) else list(known or ())
    config.eos_token_id = sorted({*known, *(example.ids[-1] for example in examples)})


def _padding(base: Base) -> int:
    """Any token will do, as it is neither attended to nor learned."""
    padding = base.tokenizer.pad_token_id
    return padding if isinstance(padding, int) else 0


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


def _optimizer(model: Any, recipe: Recipe) -> torch.optim.Optimizer:
    import torch

    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    groups = [
        {"params": [p for p in parameters if p.dim() >= 2], "weight_decay": recipe.weight_decay},
        {"params": [p for p in parameters if p.dim() < 2], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=0.0, betas=(0.9, 0.95))
