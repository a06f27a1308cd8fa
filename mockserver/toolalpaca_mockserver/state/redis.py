"""Sessions in Redis, which servers on several machines may share (``redis://``).

What has been acknowledged is there again after any server of ours was killed. What happens when
Redis itself is killed is Redis' to decide: with ``appendonly yes`` and ``appendfsync always``
nothing is lost, with its usual settings what came after its last save is. Nothing is half there in
any case: a transaction is one script, which Redis runs as a whole or not at all.

A session is had by whoever holds its lock, a key with a token that expires: a server that is killed
keeps a session from others for that long. The script that ends a transaction checks the token, so
that one who has lost the lock (a process that was stopped for a while) changes nothing.

A database of its own (``redis://host/1``), one server and not a cluster, and no eviction of keys.
"""

from __future__ import annotations

import asyncio
import json
import logging
import random
import secrets
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import replace
from typing import Any, Final

import redis.asyncio
from redis.asyncio.retry import Retry
from redis.backoff import ConstantBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError

from toolalpaca.errors import StateError
from toolalpaca_mockserver.state.buffered import BufferedStore
from toolalpaca_mockserver.state.limits import DEFAULT_LIMITS, LASTING, Limits, Usage
from toolalpaca_mockserver.state.store import StoreUnavailable
from toolalpaca_mockserver.state.stored import Changes, Draft, Head, Shelf
from toolalpaca_mockserver.state.turns import Turns

_log = logging.getLogger(__name__)

VERSION: Final = 1
"""Of the keys. Another one, another number."""
_LEASE: Final = 5.0
"""Seconds after which who has a session has lost it."""
_WAITS: Final = 10.0
"""Seconds for a session or an answer: longer than a lease, so that a killed server harms nobody."""
_RELEASES_WITHIN: Final = 1.0
_NAP: Final = 0.01
_CONNECTIONS: Final = 50
_START: Final = "toolalpaca:"
_SCHEMA: Final = f"{_START}schema"
_SESSIONS: Final = f"{_START}sessions"

_ITEMS: Final = """
local keys = redis.call('ZRANGE', KEYS[2], 0, ARGV[1])
local found = {}
for at = 1, #keys, 1000 do
  local values = redis.call('HMGET', KEYS[1], unpack(keys, at, math.min(at + 999, #keys)))
  for i, value in ipairs(values) do
    found[#found + 1] = keys[at + i - 1]
    found[#found + 1] = value
  end
end
return found
"""
_TAKE: Final = """
if not redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2])
   and redis.call('GET', KEYS[1]) ~= ARGV[1] then return false end
return {redis.call('HMGET', KEYS[2], 'ticks', 'items', 'bytes'),
        redis.call('ZSCORE', KEYS[3], ARGV[3])}
"""
_DROPS: Final = """
local function drop(session)
  for _, name in ipairs(redis.call('HKEYS', session .. ':collections')) do
    redis.call('UNLINK', session .. ':items:' .. name, session .. ':order:' .. name,
               session .. ':removed:' .. name)
  end
  redis.call('UNLINK', session, session .. ':collections')
end
"""
_COMMIT: Final = f"""{_DROPS}
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
local at = 2
while at <= #ARGV do
  local count = tonumber(ARGV[at])
  if count == 0 then drop(KEYS[2])
  else redis.call(unpack(ARGV, at + 1, at + count)) end
  at = at + count + 1
end
redis.call('DEL', KEYS[1])
return 1
"""
_RELEASE: Final = """
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
"""
_FORGET: Final = f"""{_DROPS}
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
if tonumber(redis.call('ZSCORE', KEYS[3], ARGV[1]) or '0') > tonumber(ARGV[2]) then return 0 end
drop(KEYS[2])
return redis.call('ZREM', KEYS[3], ARGV[1])
"""
"""Forgets a session that nobody has, if it has not been used since."""

_TOO_LATE: Final = "the session was taken away from a request that took too long"


class RedisStore(BufferedStore):
    """Keeps sessions in a database of Redis'.

    Args:
        url: The database.
        where: What messages call it: the URL without its password.
        limits: How much is kept.
        clock: Seconds since the epoch.
        lease: Seconds after which who has a session has lost it.
    """

    def __init__(
        self,
        url: str,
        where: str,
        limits: Limits = DEFAULT_LIMITS,
        clock: Callable[[], float] = time.time,
        lease: float = _LEASE,
    ) -> None:
        super().__init__(limits, clock)
        self.where = where
        self.lease = lease
        self._turns = Turns()
        # One more attempt, at once: a connection that the server has closed shows only in use.
        self._pool = redis.asyncio.BlockingConnectionPool.from_url(
            url,
            max_connections=_CONNECTIONS,
            timeout=_WAITS,
            socket_timeout=_WAITS / 2,
            socket_connect_timeout=_WAITS / 2,
            retry=Retry(ConstantBackoff(0), 1),
            retry_on_error=[RedisConnectionError],
        )
        self.client: Any = redis.asyncio.Redis(connection_pool=self._pool)
        register = self.client.register_script
        self.items = register(_ITEMS)
        self.take = register(_TAKE)
        self.commit = register(_COMMIT)
        self.release = register(_RELEASE)
        self.drop = register(_FORGET)

    async def prepare(self) -> None:
        """Connect, and see whether the keys are ours.

        Raises:
            StateError: The database cannot be used.
        """
        try:
            with _told():
                await self.client.set(_SCHEMA, VERSION, nx=True)
                found = (await self.client.get(_SCHEMA)).decode()
        except StoreUnavailable as error:
            raise StateError(error.what, where=self.where) from error
        if found != str(VERSION):
            raise StateError(
                f"its keys have the version {found}, and this server needs {VERSION}",
                where=self.where,
                hint="keep sessions in another database, or delete the keys toolalpaca:*",
            )
        await self._warn()

    async def _warn(self) -> None:
        """Say what Redis is set to lose."""
        try:
            told = await self.client.config_get("appendonly", "appendfsync", "maxmemory-policy")
        except RedisError:  # whoever hosts it may not let clients ask
            return
        policy = told.get("maxmemory-policy", "")
        if policy.startswith("allkeys"):
            _log.warning("%s: maxmemory-policy %s drops parts of sessions", self.where, policy)
        if (told.get("appendonly"), told.get("appendfsync")) != ("yes", "always"):
            told_so = "%s: what is remembered may be lost when Redis is killed; to keep it: %s"
            _log.info(told_so, self.where, "appendonly yes, appendfsync always")

    @asynccontextmanager
    async def held(self, session: str) -> AsyncIterator[RedisStored]:
        """See :class:`toolalpaca_mockserver.state.buffered.BufferedStore`."""
        # Who waits for a session waits here, so that one of each process asks for it at a time.
        async with self._turns.of(session, _WAITS):
            stored = RedisStored(self, session)
            await stored.wait()
            try:
                yield stored
            except BaseException:
                # A lock that cannot be given back expires.
                with suppress(StoreUnavailable, TimeoutError):
                    async with asyncio.timeout(_RELEASES_WITHIN):
                        await stored.done(strict=False)
                raise
            await stored.done(strict=True)

    async def names(self) -> list[str]:
        """The sessions that hold something, used last first."""
        with _told():
            found = await self.client.zrange(
                _SESSIONS, "+inf", self.deadline(), desc=True, byscore=True
            )
            names = [name.decode() for name in found]
            async with self.client.pipeline(transaction=False) as asked:
                for name in names:
                    asked.exists(f"{_key(name)}:collections")
                full = await asked.execute() if names else []
        return [name for name, there in zip(names, full, strict=True) if there]

    async def sweep(self) -> None:
        """Let go of sessions that have expired."""
        if self.limits.idle is None:
            return
        oldest = self.deadline()
        with _told():
            found = await self.client.zrange(_SESSIONS, "-inf", f"({oldest}", byscore=True)
        for name in found:
            await self.let_go(name.decode(), oldest)

    async def let_go(self, session: str, unused_since: float) -> None:
        """Forget the session, unless somebody has it or has used it since."""
        with _told():
            keys = [f"{_key(session)}:lock", _key(session), _SESSIONS]
            await self.drop(keys=keys, args=[session, unused_since])

    async def aclose(self) -> None:
        """Close the connections."""
        await self.client.aclose()
        await self._pool.disconnect()


class RedisStored:
    """See :class:`toolalpaca_mockserver.state.stored.Stored`."""

    def __init__(self, store: RedisStore, session: str) -> None:
        self._store = store
        self._session = session
        self._key = _key(session)
        self._lock = f"{self._key}:lock"
        self._token = secrets.token_hex(16)
        self._head: Head | None = None
        self._released = False

    async def wait(self) -> None:
        """Have the session.

        Raises:
            StoreUnavailable: Others have had it for too long.
        """
        until = time.monotonic() + _WAITS
        keys = [self._lock, self._key, _SESSIONS]
        arguments: list[Any] = [self._token, int(self._store.lease * 1000), self._session]
        nap = _NAP / 8
        while True:
            with _told():
                found = await self._store.take(keys=keys, args=arguments)
            if found is not None:
                break
            if time.monotonic() > until:
                raise StoreUnavailable(f"others have had the session for {_WAITS:g} s and more")
            await asyncio.sleep(nap * (0.5 + random.random()))  # noqa: S311 - so that all get on
            nap = min(2 * nap, _NAP)
        (ticks, items, size), used_at = found
        if ticks is not None:
            self._head = Head(int(ticks), float(used_at or 0), Usage(int(items), int(size)))

    async def done(self, *, strict: bool) -> None:
        """Let others have the session.

        Raises:
            StoreUnavailable: It has been taken away meanwhile, if that matters.
        """
        if self._released:
            return
        with _told():
            held = await self._store.release(keys=[self._lock], args=[self._token])
        if strict and not held:
            raise StoreUnavailable(_TOO_LATE)

    async def head(self) -> Head | None:
        """The session, or None when it holds nothing."""
        return self._head

    async def shelf(self, collection: str) -> Shelf | None:
        """The collection, or None when it has not been begun."""
        with _told():
            found = await self._store.client.hget(f"{self._key}:collections", _bytes(collection))
        return _shelf(_bytes(collection), found) if found is not None else None

    async def shelves(self, start: str) -> list[tuple[str, Shelf]]:
        """The collections whose names begin so."""
        with _told():
            found = await self._store.client.hgetall(f"{self._key}:collections")
        own = ((name, told) for name, told in found.items() if name.startswith(_bytes(start)))
        return [(_text(name), _shelf(name, told)) for name, told in own]

    async def items(self, shelf: Shelf, most: int | None) -> list[tuple[str, bytes]]:
        """Ids and items in order, but no more than *most*."""
        if most == 0:
            return []
        keys = [self._of("items", shelf), self._of("order", shelf)]
        with _told():
            found = await self._store.items(keys=keys, args=[-1 if most is None else most - 1])
        return [(_text(key), told) for key, told in zip(found[::2], found[1::2], strict=True)]

    async def item(self, shelf: Shelf, key: str) -> bytes | None:
        """The item with that id, or None."""
        with _told():
            found: bytes | None = await self._store.client.hget(
                self._of("items", shelf), _bytes(key)
            )
        return found

    async def was_removed(self, shelf: Shelf, key: str) -> bool:
        """Whether there has been an item with that id."""
        with _told():
            return bool(await self._store.client.sismember(self._of("removed", shelf), _bytes(key)))

    async def removed(self, shelf: Shelf) -> list[str]:
        """The ids that were removed."""
        with _told():
            found = await self._store.client.smembers(self._of("removed", shelf))
        return list(map(_text, found))

    async def write(self, changes: Changes) -> None:
        """Take all *changes*."""
        batch = _Batch()
        if changes.anew:
            batch.drop()
        head = changes.head
        told = ("ticks", head.ticks, "items", head.usage.items, "bytes", head.usage.bytes)
        batch.add("HSET", self._key, *told)
        batch.add("ZADD", _SESSIONS, repr(head.used_at), self._session)
        for name, draft in changes.drafts.items():
            self._add_draft(batch, _bytes(name), draft)
        await self._run(batch)

    def _add_draft(self, batch: _Batch, name: bytes, draft: Draft) -> None:
        shelf = replace(draft.shelf, id=name)
        items, order, removed = (self._of(kind, shelf) for kind in ("items", "order", "removed"))
        collections = f"{self._key}:collections"
        if draft.discarded is not None:
            batch.add("UNLINK", items, order, removed)
            batch.add("HDEL", collections, name)
        if not draft.exists:
            return
        batch.add("HSET", collections, name, _row(shelf))
        for key in map(_bytes, draft.gone):
            batch.add("HDEL", items, key)
            batch.add("ZREM", order, key)
            batch.add("SADD", removed, key)
        for text, written in draft.written.items():
            key = _bytes(text)
            batch.add("HSET", items, key, written.content)
            if written.place is not None:
                batch.add("ZADD", order, written.place, key)
                batch.add("SREM", removed, key)

    async def touch(self, now: float) -> None:
        """Note that the session has been used; this may be lost."""
        batch = _Batch()
        batch.add("ZADD", _SESSIONS, "XX", repr(now), self._session)
        await self._run(batch)

    async def clear(self) -> None:
        """Forget the session."""
        batch = _Batch()
        batch.drop()
        batch.add("ZREM", _SESSIONS, self._session)
        await self._run(batch)

    async def _run(self, batch: _Batch) -> None:
        """Do all of *batch* at once, and let others have the session."""
        with _told():
            arguments: list[Any] = [self._token, *batch.words]
            held = await self._store.commit(keys=[self._lock, self._key], args=arguments)
        if not held:
            raise StoreUnavailable(_TOO_LATE)
        self._released = True

    async def evict(self, most: int) -> None:
        """Let other sessions go, those used longest ago first, until there are *most*."""
        with _told():
            excess = await self._store.client.zcard(_SESSIONS) - most
            if excess <= 0:
                return
            oldest = await self._store.client.zrange(_SESSIONS, 0, excess + 1, withscores=True)
        spared = (self._session, LASTING)
        found = [(name.decode(), at) for name, at in oldest if name.decode() not in spared]
        for name, used_at in found[:excess]:
            await self._store.let_go(name, used_at)

    def _of(self, kind: str, shelf: Shelf) -> bytes:
        return f"{self._key}:{kind}:".encode() + bytes(shelf.id)


class _Batch:
    """Commands for the script that ends a transaction.

    Attributes:
        words: Each command's number of words, and they; 0 for what forgets the session.
    """

    def __init__(self) -> None:
        self.words: list[Any] = []

    def add(self, *command: Any) -> None:
        """One more command."""
        self.words += (len(command), *command)

    def drop(self) -> None:
        """Forget what the session holds."""
        self.words.append(0)


def _key(session: str) -> str:
    return f"{_START}session:{session}"


def _row(shelf: Shelf) -> bytes:
    usage = (shelf.usage.items, shelf.usage.bytes)
    return json.dumps([shelf.origin, shelf.highest, shelf.place, *usage]).encode()


def _shelf(name: bytes, row: bytes) -> Shelf:
    origin, largest, place, items, size = json.loads(row)
    return Shelf(name, origin, largest, place, Usage(items, size))


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _text(content: bytes) -> str:
    return content.decode("utf-8", "surrogatepass")


@contextmanager
def _told() -> Iterator[None]:
    """Say what Redis and the system say as the store's error."""
    try:
        yield
    except (RedisError, OSError, TimeoutError) as error:
        raise StoreUnavailable(f"the Redis of the sessions: {error}") from error
