"""``toolalpaca evaluate``: score models on tasks with golden calls."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from toolalpaca.arguments import existing_folder, integer, output_folder
from toolalpaca.command import CommandParser
from toolalpaca.counting import counted
from toolalpaca.llm.options import add_model_options, settings_from_options

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from toolalpaca.llm.protocol import LanguageModel
    from toolalpaca_training.metrics import Summary, TaskResult
    from toolalpaca_training.tasks import TaskSet

_FLOOR = "baseline"

_EXAMPLES = """\
  toolalpaca evaluate corpus/                                  # the baseline alone
  toolalpaca evaluate corpus/ --model transformers:checkpoint/ # against the baseline
  toolalpaca evaluate corpus/ --model smollm2 --out results/ --limit 20
  toolalpaca evaluate corpus/ --model openai:gpt-5 --concurrency 8 --json

  toolalpaca corpus import eval_simulated.json --out tasks/    # ToolAlpaca's test set
  toolalpaca evaluate tasks/ --markdown
"""


def configure(parser: CommandParser) -> None:
    """Declare the options."""
    parser.set_examples(_EXAMPLES)
    add = parser.add_argument
    add(
        "tasks",
        metavar="TASKS_DIR",
        type=existing_folder,
        help="a folder with toolsets.jsonl and tasks.jsonl, such as a corpus",
    )
    add_model_options(parser, several=True)
    splits = ["train", "validation", "test"]
    add("--split", choices=splits, help="take only the tasks of this split")
    add(
        "--limit",
        metavar="N",
        type=integer(1),
        help="take only N tasks: the first of each toolset, then the second, and so on",
    )
    add(
        "--out",
        metavar="DIR",
        type=output_folder,
        help="keep results, traces and the table there; the same command again goes on where it "
        "stopped",
    )
    add(
        "--concurrency",
        metavar="N",
        type=integer(1, 256),
        default=1,
        help="tasks of one model at the same time; for remote models",
    )
    add("--steps", metavar="N", type=integer(1), default=12, help="asks of the model a task")
    add(
        "--seed",
        metavar="N",
        type=integer(0),
        help="of the mock APIs and of sampling (default: the seed of the corpus, 0 for others)",
    )
    add("--format", metavar="NAME", help="the prompt format (default: what suits each model)")
    add(
        "--markdown",
        action="store_true",
        help="print the table in Markdown, as is done anyway where the output is no terminal",
    )
    add("--json", action="store_true", help="print the numbers as one JSON object")


def run(options: Namespace) -> int:
    """Evaluate, and print the table."""
    from toolalpaca_runtime.formats import get_format
    from toolalpaca_runtime.limits import Limits
    from toolalpaca_training.evaluate import Settings, evaluate
    from toolalpaca_training.metrics import summarize
    from toolalpaca_training.results import Conditions, ResultStore
    from toolalpaca_training.tasks import load_tasks

    tasks = load_tasks(options.tasks, split=options.split, limit=options.limit)
    seed = tasks.seed if options.seed is None else options.seed
    settings = Settings(
        seed=seed,
        limits=Limits(steps=options.steps),
        prompt_format=get_format(options.format) if options.format else None,
        concurrency=options.concurrency,
    )
    for skipped in tasks.skipped:
        number = counted(skipped.tasks, "task")
        _say(f"skipped {skipped.toolset}, which has {number}: {skipped.reason}")
    models = _open_models(options)
    conditions = Conditions(
        tasks_sha256=tasks.sha256,
        seed=seed,
        steps=options.steps,
        prompt_format=options.format or "",
    )
    with ResultStore(options.out, conditions) as store, _Progress() as progress:
        evaluate(tasks, models, store, settings, progress)
    ids = {task.id for task in tasks.tasks}
    results = {
        model.name: [result for result in store.of(model.name) if result.task in ids]
        for model in models
    }
    summaries = {name: summarize(of_model) for name, of_model in results.items()}
    _report(options, tasks, summaries)
    return _failures([result for of_model in results.values() for result in of_model])


def _open_models(options: Namespace) -> list[LanguageModel]:
    """The models that were asked for, each once, and the floor that they must beat."""
    from toolalpaca.llm.registry import open_model

    names: list[str] = options.model or []
    if not names:
        _say(f"no --model given: evaluating {_FLOOR!r} alone, a rule-based planner")
    settings = settings_from_options(options)
    return [open_model(name, settings) for name in dict.fromkeys([*names, _FLOOR])]


def _report(options: Namespace, tasks: TaskSet, summaries: Mapping[str, Summary]) -> None:
    from toolalpaca_training.report import markdown_table, terminal_tables

    markdown = markdown_table(summaries)
    if options.out is not None:
        (options.out / "table.md").write_text(markdown, encoding="utf-8")
    if options.json:
        import orjson

        numbers = {
            "models": {name: asdict(summary) for name, summary in summaries.items()},
            "skipped": [asdict(skipped) for skipped in tasks.skipped],
        }
        print(orjson.dumps(numbers).decode())
    elif options.markdown or not sys.stdout.isatty():
        print(markdown, end="")
    else:
        from rich.console import Console

        console = Console()
        for table in terminal_tables(summaries, console.width):
            console.print(table)


def _failures(results: Sequence[TaskResult]) -> int:
    """Say which runs broke; the exit status."""
    failed = [result for result in results if result.status == "failed"]
    if not failed:
        return 0
    first = failed[0]
    _say(
        f"{len(failed)} of {len(results)} runs failed and count as not done; the first was "
        f"{first.task} with {first.model}: {first.reason}"
    )
    return 1


def _say(text: str) -> None:
    print(f"toolalpaca: {text}", file=sys.stderr)


class _Progress:
    """A bar for each model on standard error."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeElapsedColumn,
            TimeRemainingColumn,
        )

        self._progress: Progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[successes]} done right"),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=Console(stderr=True),
        )
        self._task: TaskID | None = None
        self._successes = 0

    def __enter__(self) -> _Progress:
        self._progress.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._progress.stop()

    def began(self, model: str, tasks: int, done: int) -> None:
        self._successes = 0
        self._task = self._progress.add_task(model, total=tasks, completed=done, successes=0)

    def finished(self, result: TaskResult) -> None:
        assert self._task is not None, "a model begins before its tasks finish"
        self._successes += result.success
        self._progress.update(self._task, advance=1, successes=self._successes)
