"""A corpus from documents: toolsets, tasks, episodes, checks, numbers; in that order.

Every stage reads what the one before wrote. Stopped at any point and started again, a build goes on
where it stopped.
"""

from __future__ import annotations

import asyncio
import hashlib
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import orjson

from toolalpaca.calling.tools import make_tools
from toolalpaca.errors import DocumentError
from toolalpaca.llm.protocol import LanguageModel
from toolalpaca.openapi.discovery import load_documents
from toolalpaca.openapi.model import Document
from toolalpaca.serving import mock_server
from toolalpaca.task import Task, Toolset
from toolalpaca.trace import Trace
from toolalpaca_corpus.episodes import EpisodeRunner, EpisodeWriter, read_episodes, tasks_to_run
from toolalpaca_corpus.filters import Candidate, Dropped, KeptInstructions, reasons_to_drop
from toolalpaca_corpus.folder import CorpusFolder, Recipe
from toolalpaca_corpus.instructions import make_tasks
from toolalpaca_corpus.rehearsal import Rehearsals
from toolalpaca_corpus.statistics import Statistics, count
from toolalpaca_corpus.toolsets import make_toolset
from toolalpaca_corpus.world import World, look_around


@dataclass(frozen=True, slots=True)
class Build:
    """A corpus in the making.

    Attributes:
        tasks: All tasks of the corpus.
        waiting: Those without a finished run.
        urls: Where the mock server serves each toolset's document; empty when nothing waits.
    """

    folder: CorpusFolder
    toolsets: Mapping[str, Toolset]
    tasks: Sequence[Task]
    waiting: Sequence[Task]
    urls: Mapping[str, str]
    seed: int


def load(sources: Sequence[str]) -> list[Document]:
    """The documents at *sources*, each with something to make tasks of.

    Raises:
        DocumentError: One cannot be read, or has no operation.
    """
    documents = load_documents(sources)
    for document in documents:
        if not document.operations:
            raise DocumentError(
                "has no operations, so there is nothing to make tasks of", where=document.source
            )
    return documents


@contextmanager
def begin(
    documents: Sequence[Document], folder: CorpusFolder, *, tasks: int, seed: int, model: str
) -> Iterator[Build]:
    """Serve the documents, write toolsets and tasks, and find what is to be run.

    Tasks that were written before are taken as they are: their runs are about them.

    Args:
        documents: Their names are unique.
        folder: Where the corpus stands or will stand.
        tasks: Tasks an API.
        seed: Decides the mock server's data and the tasks.
        model: The name of the model that will run them.

    Raises:
        UsageError: The folder holds another corpus.
        DataError: Its tasks or episodes cannot be read.
        ApiError: The mock server does not start.
    """
    toolsets = {document.name: make_toolset(document) for document in documents}
    hashes = {name: _hash(toolset.document) for name, toolset in toolsets.items()}
    folder.settle(Recipe(documents=hashes, tasks=tasks, seed=seed, model=model))
    made = folder.tasks() if folder.has_tasks else None
    episodes = read_episodes(folder.episodes)
    if made is not None and not tasks_to_run(made, episodes):
        yield Build(folder, toolsets, made, (), {}, seed)
        return
    with _served(toolsets.values(), seed) as urls:
        if made is None:
            made = _made(documents, urls, tasks, seed)
            folder.write_tasks(toolsets.values(), made)
        yield Build(folder, toolsets, made, tasks_to_run(made, episodes), urls, seed)


def _made(
    documents: Sequence[Document], urls: Mapping[str, str], count: int, seed: int
) -> list[Task]:
    """Tasks that can be done on the mock server, about things that it has."""
    worlds = asyncio.run(_look_around(documents, urls))
    with Rehearsals(documents, urls) as rehearse:
        return make_tasks(documents, count, seed, worlds, rehearse)


def run(
    build: Build,
    model: LanguageModel,
    *,
    concurrency: int,
    done: Callable[[Task], None] = lambda _: None,
) -> dict[str, str]:
    """Run the tasks that wait, and close *model*.

    Returns:
        Why runs failed, by task; the same build, begun again, runs them again.

    Raises:
        ModelUnavailable: The model cannot be used; what was run is kept.
    """
    with EpisodeWriter(build.folder.episodes) as writer:
        runner = EpisodeRunner(build.toolsets, model, build.urls, writer, seed=build.seed)
        return asyncio.run(runner.run(build.waiting, concurrency=concurrency, done=done))


async def _look_around(documents: Sequence[Document], urls: Mapping[str, str]) -> dict[str, World]:
    return {
        document.name: await look_around(document, make_tools(document), urls[document.name])
        for document in documents
    }


def check(build: Build) -> Statistics:
    """Keep the runs that pass, drop the others with their reasons, and count."""
    episodes = read_episodes(build.folder.episodes)
    kept: list[Trace] = []
    dropped: list[Dropped] = []
    instructions = KeptInstructions()
    for task in build.tasks:
        trace = episodes.get(task.id)
        if trace is None:
            continue
        reasons = reasons_to_drop(Candidate(task, trace, build.toolsets[task.toolset]))
        if not reasons and (repeated := instructions.add(task)):
            reasons = [repeated]
        if reasons:
            dropped.append(Dropped(id=trace.id, task=task.id, reasons=reasons))
        else:
            kept.append(trace)
    build.folder.write_checked(kept, dropped)
    numbers = count(list(build.toolsets.values()), build.tasks, kept, dropped)
    build.folder.write_statistics(numbers)
    return numbers


@contextmanager
def _served(toolsets: Iterable[Toolset], seed: int) -> Iterator[Mapping[str, str]]:
    """A mock server of the toolsets' documents: their URLs by name."""
    with tempfile.TemporaryDirectory(prefix="toolalpaca-corpus-") as folder:
        files = []
        for toolset in toolsets:
            file = Path(folder) / f"{toolset.name}.json"
            file.write_bytes(orjson.dumps(toolset.document))
            files.append(str(file))
        with mock_server(files, seed=seed) as server:
            yield server.apis


def _hash(document: Mapping[str, object]) -> str:
    content = orjson.dumps(document, option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(content).hexdigest()[:16]
