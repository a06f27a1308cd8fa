"""``toolalpaca trace replay``: calls made again, and where the answers differ."""

from __future__ import annotations

import asyncio
import sys
import uuid
from argparse import Namespace
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import asdict

import orjson

from toolalpaca.counting import counted
from toolalpaca.serving import mock_server
from toolalpaca.trace import Trace
from toolalpaca_runtime.auth.asking import ask_for
from toolalpaca_runtime.commands.options import network_from_options
from toolalpaca_runtime.commands.session import policy_from_options
from toolalpaca_runtime.commands.sources import warn_of_missing_credentials
from toolalpaca_runtime.connect import open_api
from toolalpaca_runtime.event_text import call_line, printable
from toolalpaca_runtime.toolbox import Toolbox
from toolalpaca_runtime.traces.replay import ReplayedCall, replay, sent_calls


def replay_traces(traces: Sequence[Trace], options: Namespace) -> int:
    """Replay each of *traces* in a session of its own.

    Returns:
        0 when every answer is as it was, 1 when one differs.
    """
    return asyncio.run(_replay_all(traces, options))


async def _replay_all(traces: Sequence[Trace], options: Namespace) -> int:
    made, different = 0, 0
    async with _address(options) as address:
        for trace in traces:
            if len(traces) > 1 and not options.json:
                print(f"trace {printable(trace.id, keep_lines=False)}")
            async for replayed in _replay(trace, address, options, warn=not made):
                made += 1
                different += not replayed.same
                _show(trace, replayed, as_json=options.json)
    unsent = sum(len(list(trace.calls())) - len(sent_calls(trace)) for trace in traces)
    kept = f"; {counted(unsent, 'call')} had not been sent to an API" if unsent else ""
    print(
        f"toolalpaca: {counted(made, 'call')} made again, {different} answered otherwise{kept}",
        file=sys.stderr,
    )
    return 1 if different else 0


@asynccontextmanager
async def _address(options: Namespace) -> AsyncIterator[str]:
    """Where the API is: the one that is named, or a mock server's for as long as it is needed."""
    if options.mock is None:
        yield options.against
        return
    with mock_server([options.mock], seed=options.seed) as server:
        yield next(iter(server.apis.values()))


async def _replay(
    trace: Trace, address: str, options: Namespace, *, warn: bool
) -> AsyncGenerator[ReplayedCall, None]:
    api = await open_api(
        address,
        base_url=options.base_url,
        auth=getattr(options, "auth", None) or (),
        auth_file=options.auth_file,
        ask=ask_for if options.ask_auth else None,
        policy=policy_from_options(options),
        dry_run=options.dry_run,
        network=network_from_options(options),
        session=f"replay-{uuid.uuid4().hex}",
    )
    try:
        if warn:
            warn_of_missing_credentials(api)
        async with aclosing(replay(trace, Toolbox([api]))) as calls:
            async for replayed in calls:
                yield replayed
    finally:
        await api.aclose()


def _show(trace: Trace, replayed: ReplayedCall, *, as_json: bool) -> None:
    if as_json:
        line = {
            "trace": trace.id,
            "call": replayed.call.id,
            "tool": replayed.call.tool,
            "arguments": replayed.call.arguments,
            "recorded": replayed.recorded and replayed.recorded.status,
            "now": replayed.now and replayed.now.status,
            "problem": replayed.problem,
            "differences": [asdict(each) for each in replayed.differences],
        }
        print(orjson.dumps(line).decode())
        return
    for text in _lines(replayed):
        print(printable(text))


def _lines(replayed: ReplayedCall) -> Iterator[str]:
    status = replayed.now.status if replayed.now is not None else "no response"
    yield f"{'=' if replayed.same else '!'} {call_line(replayed.call)}: {status}"
    for old, new in replayed.stand_ins.items():
        yield f"    {new} stands for {old}"
    if replayed.problem:
        yield f"    {replayed.problem}"
    for difference in replayed.differences:
        yield f"    {difference}"
