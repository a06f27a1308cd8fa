"""What is wrong with a request is refused: with the right status, for a reason with a place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from toolalpaca.errors import ToolAlpacaError
from toolalpaca.openapi.loading import load_document
from toolalpaca.openapi.model import Document
from toolalpaca_mockserver.app import MockServerApp, create_app
from toolalpaca_mockserver.reading.requests import Request
from toolalpaca_mockserver.settings import Settings
from toolalpaca_mockserver.validators import Validation
from toolalpaca_mockserver.values import ValueGenerator


class Hunt:
    """What became of the mutants of some documents."""

    def __init__(self, call: Any, draft: Any, make_mutants: Any) -> None:
        self.call, self.draft, self.make_mutants = call, draft, make_mutants
        self.validation: Validation = "strict"
        self.refused: Counter[str] = Counter()
        self.escaped: list[str] = []

    def drafts(self, document: Document) -> Iterator[Any]:
        generator = ValueGenerator(document.root, 1, direction="request")
        for operation in document:
            for optional in (False, True):
                try:
                    yield self.draft(document, operation, generator, optional=optional)
                except ToolAlpacaError:
                    break  # no request satisfies it: test_answers.py counts those

    def visit(self, path: Path) -> None:
        document = load_document(path)
        app = create_app([document], Settings(validation=self.validation))
        seen: set[tuple[str, ...]] = set()
        for draft in self.drafts(document):
            for mutant in self.make_mutants(draft):
                where = f"{path.name} {draft.operation.method} {draft.operation.path}"
                key = (where, mutant.kind, mutant.location, mutant.pointer)
                if key in seen:
                    continue
                seen.add(key)
                fault = self._fault(app, mutant)
                if fault:
                    self.escaped.append(f"{where}: {mutant.kind} {mutant.pointer}: {fault}")
                else:
                    self.refused[mutant.kind] += 1

    def _fault(self, app: MockServerApp, mutant: Any) -> str:
        if self.validation != "strict":
            return _unwarned(self.call(app, mutant.sample), self.validation)
        reply = self.call(app, mutant.sample)
        if reply.status not in mutant.statuses:
            return f"{reply.status} and not {sorted(mutant.statuses)}"
        if not reply.headers.get("toolalpaca-problem"):
            return "no reason in the header"
        if not mutant.location:
            return "" if "www-authenticate" in reply.headers else "no challenge"
        return _unreasoned(app, mutant)

    def summary(self) -> str:
        total = sum(self.refused.values())
        deed = "refused" if self.validation == "strict" else f"answered ({self.validation})"
        lines = [f"{total} mutants {deed} rightly, {len(self.escaped)} not:"]
        return "\n  ".join([*lines, *(f"{n:6} {kind}" for kind, n in self.refused.most_common())])


def _unwarned(reply: Any, validation: Validation) -> str:
    """What is wrong with the answer of a server that refuses nothing."""
    if reply.status == 500 or reply.headers["toolalpaca-source"] == "validator":
        return f"{reply.status}: {reply.headers.get('toolalpaca-problem')}"
    told = reply.headers.get("toolalpaca-problem", "")
    return "no warning" if validation == "warn" and not told else ""


def _unreasoned(app: MockServerApp, mutant: Any) -> str:
    """What the reasons of a refusal lack."""
    (api,) = app.apis
    sample = mutant.sample
    match = api.router.match(sample.method.lower(), urlsplit(sample.path).path)
    assert match is not None
    request = Request(sample.method, sample.path, "&".join(sample.query), {
        name.lower(): value for name, value in sample.headers.items()}, sample.body)  # fmt: skip
    _, reasons = api.plans[match.target.name].check(request, match.values)
    for reason in reasons:
        fits = reason.location == mutant.location and reason.rule
        # A composition (oneOf) is broken as a whole, above the property.
        inside = reason.pointer.startswith(mutant.pointer) or mutant.pointer.startswith(
            reason.pointer
        )
        if fits and inside and (not mutant.rules or reason.rule in mutant.rules):
            return ""
    return f"the reasons are {[(r.location, r.pointer, r.rule) for r in reasons]}"


@pytest.fixture
def hunt(call: Any, draft: Callable[..., Any], make_mutants: Any) -> Hunt:
    return Hunt(call, draft, make_mutants)


MODES: tuple[Validation, ...] = ("strict", "warn", "off")


@pytest.mark.parametrize("validation", MODES)
def test_the_examples(hunt: Hunt, example_paths: list[Path], validation: Validation) -> None:
    hunt.validation = validation
    for path in example_paths:
        hunt.visit(path)
    assert hunt.escaped == []
    assert sum(hunt.refused.values()) > 100


@pytest.mark.slow
@pytest.mark.parametrize("validation", MODES)
def test_the_pool(
    hunt: Hunt, pool_paths: list[Path], capsys: pytest.CaptureFixture[str], validation: Validation
) -> None:
    hunt.validation = validation
    for path in pool_paths:
        hunt.visit(path)
    with capsys.disabled():
        print("\n" + hunt.summary())
    assert hunt.escaped == []
    assert sum(hunt.refused.values()) > 10_000
