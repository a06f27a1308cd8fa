"""The files of a corpus, which stand under agreed names in its folder."""

from __future__ import annotations

from pathlib import Path

from toolalpaca.errors import DataError


def corpus_file(folder: Path, name: str) -> Path:
    """The file *name* of the corpus in *folder*.

    Raises:
        DataError: It is not there.
    """
    path = folder / name
    if not path.exists():
        raise DataError(
            f"there is no {name}",
            where=str(folder),
            hint="a corpus folder is made by 'toolalpaca corpus build' or 'corpus import'",
        )
    return path
