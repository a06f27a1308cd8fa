"""What was too long or no text to be told, kept so that it can be read in parts.

A model reads the head of a long body and its structure, and the rest with the tool
``retrievalDataFromFile``, which knows the names given here and no other: it reads no file of the
machine's.
"""

from __future__ import annotations

import mimetypes
from pathlib import Path

from toolalpaca.errors import UsageError
from toolalpaca.openapi.media_types import essence
from toolalpaca.trace import StoredFile
from toolalpaca_runtime.observation import Payload

_KINDS = ("image", "audio", "video")
_EXTENSIONS = {"application/json": ".json", "text/plain": ".txt", "text/html": ".html"}


class Storage:
    """The files of one conversation.

    Args:
        folder: Where they are written; it is made with the first one. None keeps them in memory,
            for runs that nobody looks into afterwards.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder
        self._contents: dict[str, bytes] = {}
        self._files: dict[str, StoredFile] = {}

    def __len__(self) -> int:
        return len(self._files)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all files, in the order in which they came."""
        return tuple(self._files)

    def file(self, name: str) -> StoredFile | None:
        """What is known of the file of that name; None when there is none."""
        return self._files.get(name)

    def keep(self, payload: Payload) -> StoredFile:
        """Keep a body under a name of its own: ``response_1.json``, ``image_2.png``.

        Raises:
            UsageError: It cannot be written.
        """
        kind = essence(payload.content_type) or "application/octet-stream"
        family = kind.partition("/")[0]
        stem = family if family in _KINDS else "response"
        name = f"{stem}_{len(self._files) + 1}{_extension(kind)}"
        self._write(name, payload.data)
        self._files[name] = StoredFile(name=name, content_type=kind, size=len(payload.data))
        return self._files[name]

    def read(self, name: str) -> bytes | None:
        """The content of a file of this conversation; None when there is none of that name."""
        if name not in self._files:
            return None
        if self.folder is None:
            return self._contents[name]
        try:
            return (self.folder / name).read_bytes()
        except OSError:  # the folder is the user's, who may tidy it up
            return None

    def _write(self, name: str, data: bytes) -> None:
        if self.folder is None:
            self._contents[name] = data
            return
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            (self.folder / name).write_bytes(data)
        except OSError as error:
            raise UsageError(
                f"a response cannot be kept: {error.strerror}",
                where=str(self.folder / name),
                hint="choose another place for the trace with --trace",
            ) from error


def _extension(kind: str) -> str:
    """The extension of files of a media type, ``.bin`` for one that nobody knows."""
    if kind in _EXTENSIONS:
        return _EXTENSIONS[kind]
    if kind.endswith("+json"):
        return ".json"
    return mimetypes.guess_extension(kind) or ".bin"
