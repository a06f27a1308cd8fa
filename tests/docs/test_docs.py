"""The documentation says what is true."""

from __future__ import annotations

import re
import runpy
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent


def test_the_architecture_page_shows_the_layers_that_the_linter_holds() -> None:
    configuration = tomllib.loads((ROOT / "pyproject.toml").read_text())
    layers = configuration["tool"]["importlinter"]["contracts"][0]["layers"]
    assert "\n".join(layers) in (ROOT / "docs" / "architecture.md").read_text()


def test_the_commands_page_is_what_the_commands_say() -> None:
    page = runpy.run_path(str(ROOT / "scripts" / "commands"))["page"]
    assert (ROOT / "docs" / "commands.md").read_text() == page(), "run: make docs"


def _pages() -> list[Path]:
    return sorted([*ROOT.glob("*.md"), *ROOT.glob("*/*.md")])


@pytest.mark.parametrize("page", _pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text()):
        if not target.startswith("http"):
            assert (page.parent / target).exists(), f"{page} links to {target}"


def test_files_that_the_architecture_page_names_exist() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text()
    table = text.split("## Where to look")[1].split("##")[0]
    for cell in re.findall(r"\| (`.*) \|$", table, re.MULTILINE):
        folder = ROOT
        for path in re.findall(r"`([^`]+)`", cell):
            candidates = [ROOT / path, folder / path]
            found = next((c for c in candidates if c.exists()), None)
            assert found is not None, f"the architecture page names {path}"
            folder = found if found.is_dir() else found.parent
