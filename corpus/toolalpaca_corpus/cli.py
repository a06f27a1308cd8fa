"""``toolalpaca corpus``: build, import and count tool-use corpora."""

from __future__ import annotations

import sys
from argparse import Namespace
from typing import TYPE_CHECKING, Any

from toolalpaca.arguments import existing_file, existing_folder, integer, output_folder
from toolalpaca.command import CommandParser
from toolalpaca.counting import counted
from toolalpaca.llm.options import add_model_options

if TYPE_CHECKING:
    from pathlib import Path

    from toolalpaca.llm.protocol import LanguageModel
    from toolalpaca_corpus.building import Build
    from toolalpaca_corpus.formats.imported import Imported
    from toolalpaca_corpus.statistics import Statistics

_EXAMPLES = """\
  toolalpaca corpus build examples --out runs/first         # by the baseline, no model needed
  toolalpaca corpus stats runs/first
  toolalpaca corpus import eval_simulated.json --out runs/eval
"""

_BUILD_EXAMPLES = """\
  toolalpaca corpus build examples --out runs/first
  toolalpaca corpus build openapi.yaml --out runs/mine --tasks 200 --model openai:gpt-5
  toolalpaca corpus build openapi.yaml --out runs/mine --tasks 200 --model openai:gpt-5
                                    # the same command again goes on where it stopped
"""

_IMPORT_EXAMPLES = """\
  toolalpaca corpus import eval_simulated.json --out runs/eval --licence Apache-2.0
  toolalpaca evaluate runs/eval --model baseline
  toolalpaca corpus import spotify.json --document spotify_oas.json --out runs/spotify
                                    # RestBench's instructions, and the document of their API
"""

_STATS_EXAMPLES = """\
  toolalpaca corpus stats runs/first
  toolalpaca corpus stats runs/first --json
"""


def configure(parser: CommandParser) -> None:
    """Declare the subcommands and their options."""
    parser.set_examples(_EXAMPLES)
    commands = parser.add_subparsers(
        dest="command", metavar="COMMAND", required=True, parser_class=CommandParser
    )
    _configure_build(
        commands.add_parser(
            "build",
            help="make tasks from OpenAPI documents, run them, keep what passes",
            description="Make tasks from the operations of OpenAPI documents, let an agent do them "
            "against a mock server, and keep the traces that pass the checks.",
            examples=_BUILD_EXAMPLES,
        )
    )
    _configure_import(
        commands.add_parser(
            "import",
            help="read tasks in the format of ToolAlpaca or RestBench",
            description="Read a JSON file in ToolAlpaca's format, whose APIs become toolsets and "
            "whose instructions with golden answers become tasks; or in RestBench's, whose "
            "instructions are for the API of --document.",
            examples=_IMPORT_EXAMPLES,
        )
    )
    stats = commands.add_parser(
        "stats",
        help="count what a corpus holds",
        description="Count what a corpus holds, and write statistics.json into it.",
        examples=_STATS_EXAMPLES,
    )
    stats.add_argument("folder", metavar="DIR", type=existing_folder, help="the corpus")
    stats.add_argument("--json", action="store_true", help="print the numbers as JSON")


def _configure_build(parser: CommandParser) -> None:
    parser.add_argument(
        "sources", metavar="SOURCE", nargs="+", help="an OpenAPI document: file, folder or URL"
    )
    parser.add_argument(
        "--out", metavar="DIR", type=output_folder, required=True, help="the corpus"
    )
    parser.add_argument(
        "--tasks", metavar="N", type=integer(1, 100_000), default=40, help="tasks an API"
    )
    parser.add_argument("--seed", type=integer(0), default=0, help="another seed, other tasks")
    parser.add_argument(
        "--concurrency", metavar="N", type=integer(1, 256), default=4, help="runs at the same time"
    )
    parser.add_argument("--json", action="store_true", help="print the numbers as JSON")
    add_model_options(parser)


def _configure_import(parser: CommandParser) -> None:
    parser.add_argument("file", metavar="FILE", type=existing_file, help="the JSON file")
    parser.add_argument(
        "--document",
        metavar="SOURCE",
        help="the OpenAPI document of the tasks, which RestBench keeps in another file",
    )
    parser.add_argument(
        "--out", metavar="DIR", type=output_folder, required=True, help="the corpus"
    )
    parser.add_argument(
        "--split",
        choices=["train", "validation", "test"],
        default="test",
        help="what the tasks may be used for",
    )
    parser.add_argument(
        "--licence", metavar="SPDX", default="", help="the licence of the file, for the record"
    )
    parser.add_argument("--json", action="store_true", help="print a summary as JSON")


def run(options: Namespace) -> int:
    """Run the chosen subcommand."""
    return {"build": _build, "import": _import, "stats": _stats}[options.command](options)


def _build(options: Namespace) -> int:
    from toolalpaca.llm.options import model_from_options
    from toolalpaca_corpus.building import begin, check, load
    from toolalpaca_corpus.folder import CorpusFolder

    documents = load(options.sources)
    model = model_from_options(options)
    with begin(
        documents,
        CorpusFolder(options.out),
        tasks=options.tasks,
        seed=options.seed,
        model=model.name,
    ) as build:
        _say_what_waits(build, options.tasks * len(documents))
        try:
            failures = _run_with_progress(build, model, options.concurrency)
        finally:
            numbers = check(build)
    _show(numbers, options.out, as_json=options.json)
    _say_what_failed(failures, len(build.waiting))
    return 0


def _say_what_failed(failures: dict[str, str], run: int) -> None:
    """Tell of runs that failed.

    Raises:
        ApiError: All did: something is wrong that no other task would mend.
    """
    from toolalpaca.errors import ApiError

    if not failures:
        return
    task, reason = next(iter(failures.items()))
    text = f"{len(failures)} of {run} runs failed, the first ({task}): {reason}"
    if len(failures) == run:
        raise ApiError(text, hint="-vv shows more")
    print(f"{text} (the same command runs them again, -vv shows more)", file=sys.stderr)


def _say_what_waits(build: Build, wanted: int) -> None:
    made, done = len(build.tasks), len(build.tasks) - len(build.waiting)
    text = f"{counted(made, 'task')} for {counted(len(build.toolsets), 'API')}"
    if made < wanted:
        text += f" ({wanted} were asked for: the operations offer no more)"
    if done:
        text += f"; {done} have been run before"
    print(text, file=sys.stderr)


def _run_with_progress(build: Build, model: LanguageModel, concurrency: int) -> dict[str, str]:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    from toolalpaca_corpus.building import run

    columns = (
        TextColumn("[progress.description]{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as progress:
        bar = progress.add_task("episodes", total=len(build.waiting))
        return run(build, model, concurrency=concurrency, done=lambda _: progress.advance(bar))


def _import(options: Namespace) -> int:
    from collections import Counter

    import orjson

    from toolalpaca_corpus.folder import CorpusFolder

    imported = _read(options)
    folder = CorpusFolder(options.out)
    folder.refuse_to_mix()
    folder.write_tasks(imported.toolsets, imported.tasks)
    folder.write_problems(imported.problems)
    kinds = Counter(task.kind for task in imported.tasks)
    if options.json:
        summary = {
            "toolsets": len(imported.toolsets),
            "tasks": dict(kinds),
            "problems": [problem.model_dump(mode="json") for problem in imported.problems],
        }
        print(orjson.dumps(summary).decode())
        return 0
    for problem in imported.problems:
        print(problem, file=sys.stderr)
    parts = ", ".join(f"{number} {kind}" for kind, number in kinds.most_common())
    print(
        f"{counted(len(imported.toolsets), 'toolset')}, "
        f"{counted(len(imported.tasks), 'task')} ({parts}), "
        f"{counted(len(imported.problems), 'problem')}: {options.out}"
    )
    return 0


def _read(options: Namespace) -> Imported:
    """What the file holds, by its format; a RestBench file is one that comes with a document.

    Raises:
        DataError: Nothing.
    """
    from toolalpaca.errors import DataError
    from toolalpaca_corpus.formats.restbench import read_restbench
    from toolalpaca_corpus.formats.toolalpaca import read_toolalpaca

    about: dict[str, Any] = {"split": options.split, "licence": options.licence}
    if options.document:
        imported = read_restbench(options.file, options.document, **about)
    else:
        imported = read_toolalpaca(options.file, **about)
    if not imported.toolsets:
        first = next(iter(imported.problems), "it is empty")
        raise DataError(
            f"holds no API in ToolAlpaca's format: {first}",
            where=str(options.file),
            hint="RestBench's files need --document",
        )
    return imported


def _stats(options: Namespace) -> int:
    from toolalpaca_corpus.folder import CorpusFolder
    from toolalpaca_corpus.statistics import count

    folder = CorpusFolder(options.folder)
    numbers = count(folder.toolsets(), folder.tasks(), folder.kept(), folder.dropped())
    _show(numbers, options.folder, as_json=options.json)
    folder.write_statistics(numbers)
    return 0


def _show(numbers: Statistics, folder: Path, *, as_json: bool) -> None:
    if as_json:
        print(numbers.model_dump_json())
        return
    from rich.console import Console

    from toolalpaca_corpus.statistics_table import table

    Console().print(table(numbers, str(folder)))
