"""Evaluation: every model does every task, on a mock server, in a world of its own."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import orjson

from toolalpaca.errors import ModelUnavailable, ToolAlpacaError
from toolalpaca.llm.protocol import LanguageModel
from toolalpaca.openapi.names import document_name, unique_name
from toolalpaca.serving import mock_server
from toolalpaca.task import Task, Toolset
from toolalpaca.trace import Trace
from toolalpaca_runtime.episode import run_episode
from toolalpaca_runtime.formats import PromptFormat
from toolalpaca_runtime.limits import Limits
from toolalpaca_training.metrics import TaskResult, failure, score
from toolalpaca_training.results import ResultStore
from toolalpaca_training.tasks import TaskSet

_LOG = logging.getLogger(__name__)


class Listener(Protocol):
    """Who is told how an evaluation goes."""

    def began(self, model: str, tasks: int, done: int) -> None:
        """A model begins; so many of its tasks have a result already."""
        ...

    def finished(self, result: TaskResult) -> None:
        """A task has a result."""
        ...


@dataclass(frozen=True, slots=True)
class Settings:
    """How tasks are run.

    Attributes:
        seed: Of the mock server's data and of sampling.
        limits: Of each run.
        prompt_format: For all models; None takes what suits each.
        concurrency: Tasks of one model at the same time.
    """

    seed: int = 0
    limits: Limits = field(default_factory=Limits)
    prompt_format: PromptFormat | None = None
    concurrency: int = 1


def evaluate(
    tasks: TaskSet,
    models: Sequence[LanguageModel],
    store: ResultStore,
    settings: Settings,
    listener: Listener,
) -> None:
    """Run every task with every model, and keep the results in *store*; the models are closed.

    A run that breaks is kept as failed, and the others go on.

    Raises:
        ModelUnavailable: A model cannot be used from its first task on.
        ApiError: The mock server does not start.
    """
    with serve(list(tasks.toolsets.values()), settings.seed) as urls:
        asyncio.run(_evaluate_all(tasks, urls, models, store, settings, listener))


@contextmanager
def serve(toolsets: Sequence[Toolset], seed: int) -> Iterator[dict[str, str]]:
    """A mock server for the documents of *toolsets*; yields their URLs by name.

    Raises:
        ApiError: It does not start.
    """
    # A world depends on the name that an API has in the URL: under its own, the tasks of a corpus
    # find what they were made about.
    stems: dict[str, Toolset] = {}
    for toolset in toolsets:
        stems[unique_name(document_name(toolset.name), stems, separator="-")] = toolset
    with tempfile.TemporaryDirectory(prefix="toolalpaca-") as folder:
        for stem, toolset in stems.items():
            (Path(folder) / f"{stem}.json").write_bytes(orjson.dumps(toolset.document))
        files = [str(Path(folder) / f"{stem}.json") for stem in stems]
        with mock_server(files, seed=seed) as server:
            yield {toolset.name: server.apis[stem] for stem, toolset in stems.items()}


async def _evaluate_all(
    tasks: TaskSet,
    urls: dict[str, str],
    models: Sequence[LanguageModel],
    store: ResultStore,
    settings: Settings,
    listener: Listener,
) -> None:
    try:
        for model in models:
            await _ModelRun(model, tasks, urls, store, settings, listener).run()
            await model.aclose()
    finally:
        for model in models:
            await model.aclose()


class _ModelRun:
    """One model's way through the tasks."""

    def __init__(
        self,
        model: LanguageModel,
        tasks: TaskSet,
        urls: dict[str, str],
        store: ResultStore,
        settings: Settings,
        listener: Listener,
    ) -> None:
        self._model = model
        self._tasks = tasks
        self._urls = urls
        self._store = store
        self._settings = settings
        self._listener = listener
        self._worked = False

    async def run(self) -> None:
        waiting = [
            task for task in self._tasks.tasks if not self._store.done(self._model.name, task.id)
        ]
        total = len(self._tasks.tasks)
        self._listener.began(self._model.name, total, total - len(waiting))
        todo = iter(waiting)
        workers = min(self._settings.concurrency, len(waiting))
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(workers):
                    group.create_task(self._work(todo))
        except* ModelUnavailable as errors:
            raise errors.exceptions[0] from None

    async def _work(self, todo: Iterator[Task]) -> None:
        for task in todo:
            result, trace = await self._do(task)
            self._store.add(result, trace)
            self._listener.finished(result)

    async def _do(self, task: Task) -> tuple[TaskResult, Trace | None]:
        try:
            trace = await run_episode(
                task,
                self._tasks.toolsets[task.toolset],
                model=self._model,
                base_url=self._urls[task.toolset],
                prompt_format=self._settings.prompt_format,
                limits=self._settings.limits,
                session=self._session(task),
                seed=self._settings.seed,
            )
        except ModelUnavailable as error:
            if not self._worked:
                raise  # It has never answered: no other task will fare better.
            return failure(task, self._model.name, str(error)), None
        except ToolAlpacaError as error:
            return failure(task, self._model.name, str(error)), None
        except Exception as error:
            # A bug of ours must not cost the other tasks, whose answers were paid for.
            _LOG.exception("task %s of %s broke", task.id, self._model.name)
            return failure(task, self._model.name, f"{type(error).__name__}: {error}"), None
        self._worked = True
        return score(task, trace), trace

    def _session(self, task: Task) -> str:
        """A world for this run alone: what one model creates, no other finds."""
        return hashlib.sha256(f"{self._model.name}\n{task.id}".encode()).hexdigest()[:32]
