"""The compiled plans and openapi-core judge the same requests; where they differ, docs say why.

Each class of disagreement is a line of ``docs/validation.md``, with the sentence that decides it.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest
from openapi_core.deserializing.exceptions import DeserializeError
from openapi_core.exceptions import OpenAPIError

from toolalpaca.errors import ToolAlpacaError
from toolalpaca.openapi.loading import load_document
from toolalpaca.openapi.media_types import FORM
from toolalpaca.openapi.model import Document, Operation
from toolalpaca.openapi.references import bundle
from toolalpaca_mockserver.app import create_app
from toolalpaca_mockserver.negotiation import best_match
from toolalpaca_mockserver.plan import OperationPlan
from toolalpaca_mockserver.reading.requests import Request
from toolalpaca_mockserver.validators.openapi_core import Reference
from toolalpaca_mockserver.values import ValueGenerator

PAGE = Path(__file__).parents[4] / "docs" / "validation.md"


class Dispute(NamedTuple):
    """A request that one of the two takes and the other refuses."""

    plan: OperationPlan
    kind: str
    request: Request
    ours: list[Any]
    theirs: list[Exception]

    @property
    def error(self) -> str:
        """What openapi-core says, with all causes."""
        said, error = [], self.theirs[0] if self.theirs else None
        while error is not None:
            said.append(f"{type(error).__name__}: {error}")
            error = error.__cause__  # type: ignore[assignment]
        return " <- ".join(said)

    @property
    def rule(self) -> str:
        return str(self.ours[0].rule) if self.ours and self.ours[0] != "credentials" else ""

    @property
    def body_schema(self) -> Any:
        body = self.plan.operation.body
        key = best_match(self.request.content_type, body.content) if body is not None else None
        return bundle(body.content[key].schema, self.plan.root) if body and key else {}

    @property
    def multipart(self) -> bool:
        return self.request.content_type.startswith("multipart/")


def _not_asked(dispute: Dispute) -> bool:
    """Whether openapi-core complains of a parameter that was not sent."""
    error: Any = dispute.theirs[0]
    name = getattr(error, "name", None)
    if "InvalidParameter" not in dispute.error or name is None:
        return False
    request = dispute.request
    sent = [*request.query_pairs, *request.cookies, *request.headers.items()]
    return name.lower() not in {key.lower() for key, _ in sent}


def _of_scheme(dispute: Dispute, *types: str) -> bool:
    known = dispute.plan.document.security_schemes
    named = {name for alternative in dispute.plan.operation.security for name in alternative}
    return any(known[name].type in types for name in named if name in known)


# What openapi-core refuses and we take, then the other way round: name of the class, and whether a
# dispute is of it. The first that fits counts.
Classes = dict[str, Callable[[Dispute], bool]]
THEY_REFUSE: Classes = {
    "lists of types": lambda d: "Expected a string value, got <class 'list'>" in d.error,
    "it fails": lambda d: not isinstance(d.theirs[0], OpenAPIError),
    "headers that are no parameters": lambda d: (
        getattr(d.theirs[0], "name", "").lower() in ("accept", "content-type", "authorization")
    ),
    "no content type": lambda d: d.kind == "content type: none",
    "defaults are judged": _not_asked,
    "empty texts": lambda d: (
        "EmptyQueryParameterValue" in d.error
        or d.kind in ("parameter: empty", "parameter: no item")
    ),
    "space around header values": lambda d: (
        d.kind == "parameter: a space before" and getattr(d.theirs[0], "location", "") == "header"
    ),
    "labels and matrices": lambda d: (
        getattr(d.theirs[0], "location", "") == "path" and "MissingRequired" in d.error
    ),
    "exploded objects": lambda d: d.kind == "parameter: no object" or "MissingRequired" in d.error,
    "properties in compositions": lambda d: d.request.content_type == FORM,
    "what only the server says": lambda d: (
        "required property" in d.error and '"readOnly"' in json.dumps(d.body_schema)
    ),
    "formats": lambda d: re.search("is not a '[a-z-]+'", d.error) is not None,
    "a label decides": lambda d: "discriminating property" in d.error,
    "texts in multipart": lambda d: d.multipart,
    "media types that it does not read": lambda d: (
        re.search("Value (b['\"]|<Element)", d.error) is not None
    ),
    "types by other words": lambda d: (
        "InvalidParameter" in d.error
        and ("is not one of" in d.error or "under any of the given" in d.error)
    ),
    "1.0 is an integer": lambda d: "invalid literal for int()" in d.error,
    "parts inside parts": lambda d: isinstance(d.theirs[0].__cause__, DeserializeError),
}
WE_REFUSE: Classes = {
    "tokens": lambda d: d.ours[0] == "credentials" and _of_scheme(d, "oauth2", "openIdConnect"),
    "missing is missing": lambda d: d.rule == "required",
    "formats": lambda d: d.rule == "format" or "2147483648" in d.ours[0].message,
    "exploded objects": lambda d: d.kind == "parameter: no object",
    "the same key twice": lambda d: d.kind == "parameter: twice",
    "texts in multipart": lambda d: d.multipart,
    "numbers as Python reads them": lambda d: (
        d.kind in ("parameter: a space before", "parameter: +1", "parameter: 01")
    ),
    "booleans as Python reads them": lambda d: d.kind in ("parameter: TRUE", "parameter: 1"),
}


class Comparison:
    """What both said of the requests to some documents."""

    def __init__(self, draft: Any, make_mutants: Any, make_oddities: Any) -> None:
        self.draft, self.make_mutants, self.make_oddities = draft, make_mutants, make_oddities
        self.agreed: Counter[str] = Counter()
        self.disputes: Counter[tuple[str, str]] = Counter()
        self.unexplained: list[str] = []

    def requests(self, document: Document) -> Iterator[tuple[Operation, str, str, Any]]:
        generator = ValueGenerator(document.root, 1, direction="request")
        for operation in document:
            seen: set[tuple[str, ...]] = set()
            last = None
            for last in self._drafts(document, operation, generator):
                yield operation, "sound", "sound", last.write()
                for mutant in self.make_mutants(last):
                    key = (last.content_type, mutant.kind, mutant.location, mutant.pointer)
                    if key not in seen:
                        seen.add(key)
                        yield operation, "mutated", mutant.kind, mutant.sample
            for kind, sample in self.make_oddities(last) if last is not None else ():
                yield operation, "odd", kind, sample

    def _drafts(
        self, document: Document, operation: Operation, generator: ValueGenerator
    ) -> Iterator[Any]:
        body = operation.body
        kinds = list(body.content)[:4] if body is not None else []
        try:
            yield self.draft(document, operation, generator)
            for kind in reversed(kinds or [""]):
                yield self.draft(document, operation, generator, optional=True, content_type=kind)
        except ToolAlpacaError:
            return  # no request satisfies it: test_answers.py counts those

    def visit(self, path: Path) -> None:
        document = load_document(path)
        (api,) = create_app([document]).apis
        reference = Reference(document, security=True)
        for operation, group, kind, sample in self.requests(document):
            headers = {name.lower(): value for name, value in sample.headers.items()}
            query = "&".join(sample.query)
            request = Request(sample.method, sample.path, query, headers, sample.body)
            match = api.router.match(sample.method.lower(), urlsplit(sample.path).path)
            assert match is not None
            plan = api.plans[match.target.name]
            ours: list[Any] = [] if plan.guard.admits(request) else ["credentials"]
            ours += plan.check(request, match.values)[1]
            theirs: list[Exception] = []
            try:
                theirs = reference.errors(match.target, request, match.values)
            except Exception as error:
                theirs = [error]
            if bool(ours) == bool(theirs):
                self.agreed[group] += 1
                continue
            dispute = Dispute(plan, kind, request, ours, theirs)
            self._settle(dispute, group, f"{path.name} {operation.method} {operation.path}")

    def _settle(self, dispute: Dispute, group: str, where: str) -> None:
        classes = WE_REFUSE if dispute.ours else THEY_REFUSE
        name = next((name for name, fits in classes.items() if fits(dispute)), None)
        self.disputes[group, name or "unexplained"] += 1
        if name is None:
            said = dispute.error or str(dispute.ours[0])
            sent = f"{dispute.request.path}?{dispute.request.query} {dispute.request.body[:200]!r}"
            self.unexplained.append(f"{where}: {dispute.kind}: {said[:300]} | {sent[:300]}")

    def summary(self) -> str:
        lines = []
        for group in ("sound", "mutated", "odd"):
            classes = {name: n for (g, name), n in self.disputes.items() if g == group}
            agreed, all_ = self.agreed[group], self.agreed[group] + sum(classes.values())
            lines.append(f"{group}: agreed on {agreed} of {all_} requests, {agreed / all_:.2%}")
            ranked = sorted(classes.items(), key=lambda item: -item[1])
            lines.extend(f"  {n:6} {name}" for name, n in ranked)
        return "\n".join(lines)


@pytest.fixture
def comparison(draft: Any, make_mutants: Any, make_oddities: Any) -> Comparison:
    return Comparison(draft, make_mutants, make_oddities)


def test_every_class_of_disagreement_is_decided() -> None:
    page = PAGE.read_text()
    for name in {**THEY_REFUSE, **WE_REFUSE}:
        assert f"| {name} |" in page


def test_the_examples(comparison: Comparison, example_paths: list[Path]) -> None:
    for path in example_paths:
        comparison.visit(path)
    assert comparison.unexplained == []
    assert comparison.agreed["sound"] > 20


@pytest.mark.slow
def test_the_pool(
    comparison: Comparison, pool_paths: list[Path], capsys: pytest.CaptureFixture[str]
) -> None:
    for path in pool_paths:
        comparison.visit(path)
    with capsys.disabled():
        print("\n" + comparison.summary())
    assert comparison.unexplained == []
