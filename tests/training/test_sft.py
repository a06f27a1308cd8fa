from __future__ import annotations

import math
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolalpaca.errors import DataError, ModelUnavailable, ToolAlpacaError, UsageError
from toolalpaca.jsonl import write_jsonl
from toolalpaca.task import Split, Task
from toolalpaca.trace import Trace, TraceWriter
from toolalpaca_runtime.formats import get_format
from toolalpaca_training.batches import collate, parts, plan_batches
from toolalpaca_training.checkpoint import TrainingRecord
from toolalpaca_training.examples import Example
from toolalpaca_training.loop import Step, schedule
from toolalpaca_training.masking import IGNORED
from toolalpaca_training.recipe import Recipe
from toolalpaca_training.sft import fine_tune
from toolalpaca_training.traces import load_traces

QUICK = Recipe(epochs=4, batch_size=3, threads=1, device="cpu")


class Notes:
    """A listener that remembers."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self.validations: dict[int, float] = {}
        self.saves: list[Path] = []

    def prepared(self, record: TrainingRecord, counts: Any) -> None:
        pass

    def stepped(self, step: Step) -> None:
        self.steps.append(step)

    def validated(self, step: int, loss: float) -> None:
        self.validations[step] = loss

    def saved(self, folder: Path, record: TrainingRecord) -> None:
        self.saves.append(folder)


def train(
    corpus: Path, out: Path, recipe: Recipe = QUICK, listener: Any = None, base: str = "tiny"
) -> TrainingRecord:
    return fine_tune(corpus, base, out, recipe, get_format("react"), listener or Notes())


def test_a_tiny_model_learns_and_what_was_saved_goes_on_from_there(
    corpus: Path, tmp_path: Path
) -> None:
    notes = Notes()
    recipe = replace(QUICK, epochs=15, validation=0.2)
    record = train(corpus, tmp_path / "model", recipe, notes)
    assert record.losses[-1] < record.losses[0] / 4
    assert [step.loss for step in notes.steps] == record.losses
    assert len(record.losses) == 30
    assert notes.validations == record.validation_losses
    assert notes.validations[30] < notes.validations[0] / 2
    saved = orjson.loads((tmp_path / "model" / "training.json").read_bytes())
    assert saved["schema"] == "toolalpaca.training/1"
    assert saved["counts"]["train"]["examples"] == 5
    assert saved["counts"]["validation"]["examples"] == 1
    assert saved["prompt_format"] == "react"
    assert saved["losses"] == record.losses
    assert saved["parameters"] < 1_500_000
    # A checkpoint is a base, and its loss begins where that of training ended.
    again = train(
        corpus, tmp_path / "again", replace(QUICK, epochs=1), base=str(tmp_path / "model")
    )
    assert again.losses[0] < record.losses[0] / 4


def test_the_same_seed_gives_the_same_losses(corpus: Path, tmp_path: Path) -> None:
    first = train(corpus, tmp_path / "1", replace(QUICK, epochs=2, batch_tokens=600))
    second = train(corpus, tmp_path / "2", replace(QUICK, epochs=2, batch_tokens=600))
    other = train(corpus, tmp_path / "3", replace(QUICK, epochs=2, batch_tokens=600, seed=1))
    assert first.losses == second.losses
    assert first.losses != other.losses


def test_a_batch_in_parts_is_the_same_batch(corpus: Path, tmp_path: Path) -> None:
    whole = train(corpus, tmp_path / "1", replace(QUICK, epochs=2, batch_size=6))
    halves = train(corpus, tmp_path / "2", replace(QUICK, epochs=2, batch_size=6, batch_tokens=700))
    single = train(corpus, tmp_path / "3", replace(QUICK, epochs=2, batch_size=6, batch_tokens=1))
    assert halves.losses == pytest.approx(whole.losses, rel=1e-4)
    assert single.losses == pytest.approx(whole.losses, rel=1e-4)


def test_the_loss_does_not_depend_on_padding() -> None:
    import torch

    from toolalpaca_training.bases import open_base

    model: Any = open_base("tiny", ["some text"], seed=0).model
    short = Example("a", [5, 6, 7], [IGNORED, 6, 7])
    long = Example("b", [8, 9, 10, 11, 12], [IGNORED, IGNORED, 10, 11, 12])

    def loss(*examples: Example) -> float:
        batch = collate(examples, 0)
        logits = model(input_ids=batch.ids, attention_mask=batch.attention).logits
        summed = torch.nn.functional.cross_entropy(
            logits.flatten(0, 1), batch.targets.flatten(), ignore_index=IGNORED, reduction="sum"
        )
        return float(summed.detach())

    assert loss(short, long) == pytest.approx(loss(short) + loss(long), rel=1e-5)


def test_an_interruption_saves_what_there_is(corpus: Path, tmp_path: Path) -> None:
    class Impatient(Notes):
        def stepped(self, step: Step) -> None:
            super().stepped(step)
            if step.step == 3:
                signal.raise_signal(signal.SIGINT)

    notes = Impatient()
    record = train(corpus, tmp_path / "model", QUICK, notes)
    assert len(notes.steps) == 3
    assert record.interrupted
    saved = orjson.loads((tmp_path / "model" / "training.json").read_bytes())
    assert saved["steps"] == [3, 8]
    assert saved["interrupted"] is True
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_the_second_interruption_does_not_wait(corpus: Path, tmp_path: Path) -> None:
    class Furious(Notes):
        def stepped(self, step: Step) -> None:
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        train(corpus, tmp_path / "model", QUICK, Furious())
    assert not (tmp_path / "model").exists()


def test_a_step_limit_ends_training(corpus: Path, tmp_path: Path) -> None:
    record = train(corpus, tmp_path / "model", replace(QUICK, max_steps=3))
    assert record.steps == (3, 3)
    assert not record.interrupted


def test_a_loss_that_is_no_number_ends_with_one_error(corpus: Path, tmp_path: Path) -> None:
    with pytest.raises(ToolAlpacaError, match="lower --learning-rate"):
        train(corpus, tmp_path / "model", replace(QUICK, learning_rate=1e30, clip=1e30))


def test_a_folder_is_never_overwritten_by_accident(corpus: Path, tmp_path: Path) -> None:
    once = replace(QUICK, max_steps=1)
    foreign = tmp_path / "notes"
    foreign.mkdir()
    (foreign / "thesis.tex").write_text("precious")
    with pytest.raises(UsageError, match="holds no checkpoint of ours"):
        fine_tune(corpus, "tiny", foreign, once, get_format("react"), Notes(), overwrite=True)
    train(corpus, tmp_path / "model", once)
    with pytest.raises(UsageError, match="--overwrite"):
        train(corpus, tmp_path / "model", once)
    fine_tune(
        corpus, "tiny", tmp_path / "model", once, get_format("react"), Notes(), overwrite=True
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["corpus", "model", "notes"]


def test_examples_that_do_not_fit_are_an_error_when_nothing_is_left(
    corpus: Path, tmp_path: Path
) -> None:
    with pytest.raises(DataError, match="6 traces dropped as too long"):
        train(corpus, tmp_path / "model", replace(QUICK, max_length=16))
    with pytest.raises(UsageError, match="more than the 8192"):
        train(corpus, tmp_path / "model", replace(QUICK, max_length=10_000))


def test_a_base_that_is_no_checkpoint_is_refused(corpus: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match="bases by name are tiny and smollm2"):
        train(corpus, tmp_path / "model", base="tinny")
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "config.json").write_text("{}")
    with pytest.raises(ModelUnavailable, match="cannot be loaded"):
        train(corpus, tmp_path / "model", base=str(broken))


@pytest.mark.parametrize("content", [None, "", "\n"])
def test_an_empty_corpus_is_refused(content: str | None, tmp_path: Path) -> None:
    folder = tmp_path / "corpus"
    folder.mkdir()
    if content is not None:
        (folder / "traces.jsonl").write_text(content)
    with pytest.raises(DataError, match=r"no trace to train on|there is no traces\.jsonl"):
        load_traces(folder)


def test_runs_that_were_not_checked_are_not_learned_from(
    tmp_path: Path, make_trace: Callable[..., Trace]
) -> None:
    with TraceWriter(tmp_path / "episodes.jsonl") as writer:
        writer.whole(make_trace("Bern"))
    with pytest.raises(DataError, match=r"there is no traces\.jsonl.*a single file"):
        load_traces(tmp_path)
    (trace,) = load_traces(tmp_path / "episodes.jsonl").train  # who names it, means it
    assert trace.id == "trace-Bern"


def test_the_test_split_is_never_learned_and_validation_is_kept_apart(
    tmp_path: Path, make_trace: Callable[..., Trace]
) -> None:
    cities = [f"City{number}" for number in range(12)]
    with TraceWriter(tmp_path / "traces.jsonl") as writer:
        for city in cities:
            writer.whole(make_trace(city))
    splits: dict[int, Split] = {0: "test", 1: "test", 2: "validation"}
    write_jsonl(
        tmp_path / "tasks.jsonl",
        [
            Task(
                id=f"task-{city}", toolset="weather", instruction="?", split=splits.get(i, "train")
            )
            for i, city in enumerate(cities)
        ],
    )
    traces = load_traces(tmp_path, validation=0.3, seed=7)
    assert traces.held_out == 2
    train_ids = {trace.id for trace in traces.train}
    validation_ids = {trace.id for trace in traces.validation}
    assert len(train_ids) == 6
    assert len(validation_ids) == 4
    assert "trace-City2" in validation_ids
    assert not train_ids & validation_ids
    assert not {"trace-City0", "trace-City1"} & (train_ids | validation_ids)
    assert load_traces(tmp_path, validation=0.3, seed=7) == traces
    assert load_traces(tmp_path / "traces.jsonl", validation=0.3, seed=7) == traces


def test_traces_of_one_task_stay_together(tmp_path: Path, make_trace: Callable[..., Trace]) -> None:
    with TraceWriter(tmp_path / "traces.jsonl") as writer:
        for number in range(20):
            writer.whole(make_trace(f"City{number}", task=f"task-{number // 2}"))
    traces = load_traces(tmp_path / "traces.jsonl", validation=0.5)
    assert len(traces.validation) == 10
    assert not {t.task for t in traces.train} & {t.task for t in traces.validation}


@given(
    lengths=st.lists(st.integers(1, 500), min_size=1, max_size=200),
    size=st.integers(1, 9),
    seed=st.integers(0, 3),
)
def test_batches_hold_every_example_once(lengths: list[int], size: int, seed: int) -> None:
    batches = plan_batches(lengths, size, seed=seed)
    assert sorted(index for batch in batches for index in batch) == list(range(len(lengths)))
    assert len(batches) == math.ceil(len(lengths) / size)
    assert max(map(len, batches)) <= size


@given(lengths=st.lists(st.integers(2, 60), min_size=1, max_size=20), most=st.integers(1, 200))
def test_parts_keep_every_example_and_the_bound(lengths: list[int], most: int) -> None:
    examples = [
        Example(str(number), [number] * length, [IGNORED] + [number] * (length - 1))
        for number, length in enumerate(lengths)
    ]
    made = parts(examples, most, padding=0)
    rows = [
        ids[attention == 1].tolist()
        for part in made
        for ids, attention in zip(part.ids, part.attention, strict=True)
    ]
    assert sorted(rows) == sorted(example.ids for example in examples)
    assert sum(part.learned for part in made) == sum(length - 1 for length in lengths)
    for part in made:
        assert part.ids.numel() <= most or len(part.ids) == 1


@given(steps=st.integers(1, 300), warmup=st.floats(0, 1))
def test_the_learning_rate_rises_to_its_peak_and_falls_after_it(steps: int, warmup: float) -> None:
    rates = [schedule(step, steps, warmup) for step in range(1, steps + 1)]
    peak = rates.index(1.0)
    assert rates[: peak + 1] == sorted(rates[: peak + 1])
    assert rates[peak:] == sorted(rates[peak:], reverse=True)
    assert min(rates) > 0
