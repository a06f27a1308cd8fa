"""``toolalpaca corpus``: build, import and count tool-use corpora."""

from __future__ import annotations

import sys
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toolalpaca.arguments import existing_file, existing_folder, integer, output_folder
from toolalpaca.command import CommandParser
from toolalpaca.counting import counted
from toolalpaca.llm.options import add_model_options

if TYPE_CHECKING:
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
  toolalpaca corpus import ToolAlpaca7b.json --out runs/judged --tasks runs/eval
  toolalpaca evaluate runs/eval --model baseline
  toolalpaca corpus import spotify.json --document spotify_oas.json --out runs/spotify
                                    # RestBench's instructions, and the document of their API
"""

_EXPORT_EXAMPLES = """\
  toolalpaca corpus export runs/eval --out eval.json
  toolalpaca corpus export runs/judged --out judged.json --format toolalpaca-judged
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
            help="read a file in one of ToolAlpaca's formats, or RestBench's",
            description="Read a file in one of ToolAlpaca's formats: its APIs become toolsets, its "
            "instructions with golden answers tasks, and its recorded runs traces. What has no "
            "place of its own is kept beside it, so that an export gives the same file again. With "
            "--document, read RestBench's instructions for that API.",
            examples=_IMPORT_EXAMPLES,
        )
    )
    _configure_export(
        commands.add_parser(
            "export",
            help="write a corpus in one of ToolAlpaca's formats",
            description="Write a corpus in one of ToolAlpaca's formats: its APIs with "
            "instructions, golden answers and runs; or runs as they were judged, or as rows of "
            "JSON Lines. What was imported comes back as it was.",
            examples=_EXPORT_EXAMPLES,
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
    parser.add_argument(
        "file",
        metavar="FILE",
        type=existing_file,
        help="a list of APIs, judged runs, or rows of JSON Lines; seen from its content",
    )
    parser.add_argument(
        "--document",
        metavar="SOURCE",
        help="the OpenAPI document of RestBench's instructions, which is another file there",
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
    parser.add_argument(
        "--tasks",
        metavar="DIR",
        type=existing_folder,
        help="the corpus with the tasks that judged runs do, to tell which run does which",
    )
    parser.add_argument("--json", action="store_true", help="print a summary as JSON")


def _configure_export(parser: CommandParser) -> None:
    parser.add_argument("folder", metavar="DIR", type=existing_folder, help="the corpus")
    parser.add_argument("--out", metavar="FILE", type=Path, required=True, help="the file to write")
    parser.add_argument(
        "--format",
        choices=["toolalpaca", "toolalpaca-judged", "toolalpaca-rows"],
        default="toolalpaca",
        help="APIs; judged runs; runs as rows",
    )


def run(options: Namespace) -> int:
    """Run the chosen subcommand."""
    commands = {"build": _build, "import": _import, "export": _export, "stats": _stats}
    return commands[options.command](options)


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
    from toolalpaca_corpus.formats.toolalpaca_judged import link

    imported = _read(options)
    folder = CorpusFolder(options.out)
    folder.refuse_to_mix()
    if options.tasks is not None:
        link(imported, CorpusFolder(options.tasks).tasks())
    folder.write_tasks(imported.toolsets, imported.tasks)
    folder.write_runs(imported.traces)
    folder.write_problems(imported.problems)
    kinds = Counter(task.kind for task in imported.tasks)
    if options.json:
        summary = {
            "toolsets": len(imported.toolsets),
            "tasks": dict(kinds),
            "traces": len(imported.traces),
            "problems": [problem.model_dump(mode="json") for problem in imported.problems],
        }
        print(orjson.dumps(summary).decode())
        return 0
    for problem in imported.problems:
        print(problem, file=sys.stderr)
    parts = ", ".join(f"{number} {kind}" for kind, number in kinds.most_common())
    runs = [counted(len(imported.traces), "run")] if imported.traces else []
    told = [
        counted(len(imported.toolsets), "toolset"),
        counted(len(imported.tasks), "task") + (f" ({parts})" if parts else ""),
        *runs,
        counted(len(imported.problems), "problem"),
    ]
    print(f"{', '.join(told)}: {options.out}")
    return 0


def _read(options: Namespace) -> Imported:
    """What the file holds; one of RestBench comes with a document.

    Raises:
        DataError: Nothing.
    """
    from toolalpaca.errors import DataError
    from toolalpaca_corpus.formats.restbench import read_restbench
    from toolalpaca_corpus.formats.toolalpaca_files import read_file

    about: dict[str, Any] = {"split": options.split, "licence": options.licence}
    if options.document:
        return read_restbench(options.file, options.document, **about)
    imported = read_file(options.file, **about)
    if not imported.toolsets and not imported.traces:
        first = next(iter(imported.problems), "it is empty")
        raise DataError(
            f"holds no API and no run in ToolAlpaca's formats: {first}",
            where=str(options.file),
            hint="RestBench's files need --document",
        )
    return imported


def _export(options: Namespace) -> int:
    from toolalpaca.errors import DataError
    from toolalpaca_corpus.folder import CorpusFolder
    from toolalpaca_corpus.formats.imported import Imported
    from toolalpaca_corpus.formats.toolalpaca_files import WRITERS

    folder = CorpusFolder(options.folder)
    corpus = Imported(folder.toolsets(), folder.tasks(), folder.runs(), folder.problems())
    content = WRITERS[options.format](corpus)
    try:
        options.out.parent.mkdir(parents=True, exist_ok=True)
        options.out.write_bytes(content)
    except OSError as error:
        raise DataError(f"cannot be written: {error.strerror}", where=str(options.out)) from error
    return 0


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
