"""What a model has made, kept by what it was asked: a run can be had again without the model.

A file is an SQLite database in WAL mode: several processes may use it at once, and what one of them
has written outlives its being killed. It holds values alone, and no word of prompts or requests.
"""

from __future__ import annotations

import logging
import sqlite3
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

from toolalpaca.errors import DataError
from toolalpaca_mockserver.json_text import dump, load

_log = logging.getLogger(__name__)

_MOST: Final = 2048
_MOST_BYTES: Final = 32 * 1024 * 1024
_OURS: Final = 0x70616361
"""Marks the databases of this kind, of this version."""
_WAIT: Final = 10.0
"""Seconds that another process may write before this one gives up."""
_TABLE: Final = (
    "CREATE TABLE answers (key TEXT PRIMARY KEY, model TEXT NOT NULL, "
    "value BLOB, reason TEXT NOT NULL) WITHOUT ROWID"
)


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of a question.

    Attributes:
        value: The value, when the model made one.
        reason: Why it made none: another one would be no better; ``""`` when it did.
    """

    value: Any = None
    reason: str = ""


class Cache(Protocol):
    """Keeps what became of questions."""

    def get(self, key: str) -> Kept | None:
        """What became of the question with that key, or None when that is not known."""
        ...

    def put(self, key: str, kept: Kept) -> None:
        """Keep it; what is there already stays."""
        ...

    def close(self) -> None:
        """Release what is held. Calling it twice is harmless."""
        ...


class MemoryCache:
    """Keeps what was asked last, as long as the process lives.

    Args:
        most: How many answers are kept.
    """

    def __init__(self, most: int = _MOST) -> None:
        self.most = most
        self._kept: OrderedDict[str, tuple[bytes, str]] = OrderedDict()
        self._size = 0

    def get(self, key: str) -> Kept | None:
        """See :class:`Cache`."""
        found = self._kept.get(key)
        if found is None:
            return None
        self._kept.move_to_end(key)
        return Kept(load(found[0]), found[1])

    def put(self, key: str, kept: Kept) -> None:
        """See :class:`Cache`."""
        if key in self._kept:
            return
        value = dump(kept.value)
        self._kept[key] = (value, kept.reason)
        self._size += len(value)
        while len(self._kept) > self.most or self._size > _MOST_BYTES:
            _, (oldest, _) = self._kept.popitem(last=False)
            self._size -= len(oldest)

    def close(self) -> None:
        """Forget everything."""
        self._kept.clear()
        self._size = 0


class FileCache:
    """Keeps answers in a file.

    Args:
        path: The file. It is made when it is not there, unless it is only read.
        model: Who makes what is put; when only reading, whose answers count, None for those of the
            one model that there are answers of.
        read_only: Whether nothing is put.

    Raises:
        DataError: It is no such file, cannot be read or written, or holds answers of several models
            and none is named.
    """

    def __init__(self, path: Path, model: str | None, *, read_only: bool = False) -> None:
        self.path = path
        self.read_only = read_only
        try:
            self._database = _open(path, read_only)
            self.model = model or self._only_model()
        except (sqlite3.Error, OSError) as error:
            raise DataError(
                f"is no file of answers that can be used: {error}", where=str(path)
            ) from error

    def _only_model(self) -> str:
        found = self._database.execute("SELECT DISTINCT model FROM answers LIMIT 9").fetchall()
        if len(found) > 1:
            names = ", ".join(sorted(name for (name,) in found))
            self.close()
            raise DataError(
                f"holds answers of several models: {names}",
                where=str(self.path),
                hint="say with --model which one's are wanted",
            )
        return found[0][0] if found else ""

    def get(self, key: str) -> Kept | None:
        """See :class:`Cache`."""
        try:
            found = self._database.execute(
                "SELECT value, reason FROM answers WHERE key = ?", (key,)
            ).fetchone()
            return Kept(load(found[0]), found[1]) if found is not None else None
        except (sqlite3.Error, ValueError, TypeError) as error:
            _log.warning("%s: an answer cannot be read: %s", self.path, error)
            return None

    def put(self, key: str, kept: Kept) -> None:
        """See :class:`Cache`. What cannot be kept is told in the log, and the answer sent."""
        if self.read_only:
            return
        row = (key, self.model, dump(kept.value), kept.reason)
        try:
            self._database.execute("INSERT OR IGNORE INTO answers VALUES (?, ?, ?, ?)", row)
        except sqlite3.Error as error:
            _log.warning("%s: an answer cannot be kept: %s", self.path, error)

    def close(self) -> None:
        """Close the file."""
        self._database.close()


def _open(path: Path, read_only: bool) -> sqlite3.Connection:
    if read_only:
        return _open_to_read(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    database = sqlite3.connect(path, timeout=_WAIT, isolation_level=None, check_same_thread=False)
    # After a crash of the machine the last answers may be missing; of the process, none.
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = NORMAL")
    database.execute("BEGIN IMMEDIATE")  # of two who make the file, one does
    if database.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone() is None:
        database.execute(_TABLE)
        database.execute(f"PRAGMA application_id = {_OURS}")
    _expect_answers(database)
    database.execute("COMMIT")
    return database


def _expect_answers(database: sqlite3.Connection) -> None:
    """Leave a database of anything else alone.

    Raises:
        DatabaseError: It is one.
    """
    if database.execute("PRAGMA application_id").fetchone()[0] != _OURS:
        database.close()
        raise sqlite3.DatabaseError("it holds something else")


def _open_to_read(path: Path) -> sqlite3.Connection:
    """The database, which may stand where nothing can be written."""
    for mode in ("mode=ro", "immutable=1"):
        url = f"{path.resolve().as_uri()}?{mode}"
        database = sqlite3.connect(
            url, uri=True, timeout=_WAIT, isolation_level=None, check_same_thread=False
        )
        try:
            _expect_answers(database)
        except sqlite3.OperationalError:
            database.close()
            if mode == "immutable=1":
                raise
        else:
            return database
    raise AssertionError
