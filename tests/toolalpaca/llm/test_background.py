from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from toolalpaca.errors import ModelReplyError
from toolalpaca.llm.background import Emit, Work, Worker
from toolalpaca.llm.protocol import Completion

LONG = 20.0  # seconds after which a test that hangs fails; none takes them


async def pieces(worker: Worker, work: Work) -> list[str | Completion]:
    return [piece async for piece in worker.stream(work)]


def hello(emit: Emit) -> Completion:
    for piece in ("Hel", "", "lo"):
        assert emit(piece)
    return Completion("Hello")


def test_pieces_come_in_order_and_the_completion_last() -> None:
    async def run() -> None:
        worker = Worker("test")
        for _ in range(2):
            assert await pieces(worker, hello) == ["Hel", "lo", Completion("Hello")]
        await worker.aclose()

    asyncio.run(run())


@pytest.mark.parametrize("error", [ModelReplyError("no"), KeyError("oops"), SystemExit(3)])
def test_an_exception_reaches_the_reader_and_ends_nothing_else(error: BaseException) -> None:
    def failing(emit: Emit) -> Completion:
        emit("Hel")
        raise error

    async def run() -> None:
        worker = Worker("test")
        stream = worker.stream(failing)
        assert await anext(stream) == "Hel"
        with pytest.raises(type(error)) as caught:
            await anext(stream)
        assert caught.value is error
        assert (await pieces(worker, hello))[-1] == Completion("Hello")

    asyncio.run(run())


class Endless:
    """Generates until nobody listens."""

    def __init__(self) -> None:
        self.ended = threading.Event()

    def __call__(self, emit: Emit) -> Completion:
        while emit("more"):
            pass
        self.ended.set()
        return Completion("cut off")


def test_closing_the_stream_stops_the_work() -> None:
    async def run() -> None:
        worker, work = Worker("test"), Endless()
        stream: Any = worker.stream(work)
        assert await anext(stream) == "more"
        await stream.aclose()
        assert await asyncio.to_thread(work.ended.wait, LONG)
        assert (await pieces(worker, hello))[-1] == Completion("Hello")

    asyncio.run(run())


def test_cancelling_the_reader_stops_the_work() -> None:
    async def run() -> None:
        worker, work = Worker("test"), Endless()
        begun = asyncio.Event()

        async def read() -> None:
            async for _ in worker.stream(work):
                begun.set()

        reader = asyncio.create_task(read())
        await begun.wait()
        reader.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reader
        assert await asyncio.to_thread(work.ended.wait, LONG)

    asyncio.run(run())


def test_closing_the_worker_waits_until_the_work_has_ended() -> None:
    async def run() -> None:
        worker, work = Worker("test"), Endless()
        stream = worker.stream(work)
        assert await anext(stream) == "more"
        await worker.aclose()
        assert work.ended.is_set()
        await worker.aclose()

    asyncio.run(run())


def test_generations_take_turns_and_one_that_is_not_wanted_any_more_is_left_out() -> None:
    async def run() -> None:
        worker, first, log = Worker("test"), Endless(), list[str]()

        def noting(name: str) -> Work:
            def work(_: Emit) -> Completion:
                log.append(name)
                return Completion(name)

            return work

        running: Any = worker.stream(first)
        assert await anext(running) == "more"
        unwanted = asyncio.create_task(pieces(worker, noting("unwanted")))
        wanted = asyncio.create_task(pieces(worker, noting("wanted")))
        await asyncio.sleep(0)  # both are waiting for their turn
        assert log == []
        unwanted.cancel()
        with pytest.raises(asyncio.CancelledError):
            await unwanted
        await running.aclose()
        assert await wanted == [Completion("wanted")]
        await worker.aclose()
        assert log == ["wanted"]

    asyncio.run(run())


def test_a_loop_that_is_gone_stops_the_work() -> None:
    work = Endless()

    async def leave() -> None:
        stream = Worker("test").stream(work)
        assert await anext(stream) == "more"

    asyncio.run(leave())
    assert work.ended.wait(LONG)
