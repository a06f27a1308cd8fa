"""What Prometheus reads, by a reader of its format."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import httpx2
from hypothesis import given
from hypothesis import strategies as st

from toolalpaca.openapi.loading import load_document
from toolalpaca_mockserver.answers import Answer
from toolalpaca_mockserver.observation.exchange import Exchange
from toolalpaca_mockserver.observation.exposition import Family, Sample, exposition
from toolalpaca_mockserver.observation.metrics import Metrics
from toolalpaca_mockserver.observation.observing import Watch
from toolalpaca_mockserver.reading.requests import Request
from toolalpaca_mockserver.state.memory import MemoryStore

Open = Callable[..., httpx2.Client]
Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]

SAMPLE = re.compile(r"([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)", re.ASCII)
LABEL = re.compile(r'([a-zA-Z_]\w*)="((?:[^"\\\n]|\\[\\"n])*)"(?:,|\Z)', re.ASCII)
ESCAPE = re.compile(r"\\(.)")


def samples_of(text: str) -> Samples:
    """The samples of a text in the format, each of a family whose type was said before."""
    types: dict[str, str] = {}
    found: Samples = {}
    assert text.endswith("\n")
    for line in text.removesuffix("\n").split("\n"):
        if line.startswith("#"):
            _, kind, name, said = line.split(" ", 3)
            if kind == "TYPE":
                assert name not in types
                types[name] = said
            continue
        sample = SAMPLE.fullmatch(line)
        assert sample is not None, line
        name, inside, value = sample.groups()
        assert name in types or types[re.sub("_(bucket|sum|count)$", "", name)] == "histogram"
        labels = LABEL.findall(inside or "")
        assert sum(len(n) + len(v) + 3 for n, v in labels) + max(len(labels) - 1, 0) in (
            len(inside or ""),
            len(inside or "") - 1,
        )
        plain = {n: ESCAPE.sub(lambda m: "\n" if m[1] == "n" else m[1], v) for n, v in labels}
        key = (name, frozenset(plain.items()))
        assert key not in found
        found[key] = float(value)
    return found


def value(samples: Samples, name: str, **labels: str) -> float:
    """The sum of the samples of that name with those labels."""
    wanted = set(labels.items())
    return sum(number for (n, has), number in samples.items() if n == name and wanted <= has)


def read(client: httpx2.Client) -> Samples:
    answer = client.get("/_toolalpaca/metrics")
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    return samples_of(answer.text)


def test_requests_and_problems_are_counted(open_client: Open, pets: dict[str, Any]) -> None:
    client = open_client(load_document(pets, name="pets"))
    client.post("/pets", json={"name": "Rex", "kind": "dog"})
    client.post("/pets", json={"name": ""}, headers={"toolalpaca-session": "other"})
    client.get("/pets/987654")
    client.request("PROPFIND", "/coffee")
    told = read(client)
    requests = "toolalpaca_requests_total"
    assert value(told, requests) == 4
    created = {"operation": "createPet", "method": "POST", "api": "pets"}
    assert value(told, requests, **created, status="201", source="state") == 1
    assert value(told, requests, **created, status="400", source="validator") == 1
    assert value(told, requests, operation="", method="other", status="404") == 1
    problems = "toolalpaca_problems_total"
    assert value(told, problems, rule="required") == 1
    assert value(told, problems, rule="minLength") == 1
    assert value(told, problems, rule="not-found") == 2
    seconds = "toolalpaca_request_duration_seconds"
    assert value(told, seconds + "_count") == value(told, seconds + "_bucket", le="+Inf") == 4
    assert value(told, seconds + "_sum", operation="createPet") > 0
    assert value(told, "toolalpaca_sessions") == len(client.get("/_toolalpaca/sessions").json())
    held = client.get("/_toolalpaca/sessions/default").json()["collections"]
    assert value(told, "toolalpaca_items") == sum(len(one["items"]) for one in held.values())
    assert value(told, "process_cpu_seconds_total") > 0
    assert value(told, "toolalpaca_build_info") == 1


def test_what_else_was_measured_is_told(open_client: Open, pets: dict[str, Any]) -> None:
    family = Family("tokens_total", "counter", "Tokens.", [Sample(7, {"direction": "out"})])

    class Silent(MemoryStore):
        measure = None  # type: ignore[assignment]

        async def names(self) -> list[str]:
            raise OSError("gone")

    watch = Watch(collectors=[lambda: [family]])
    told = read(open_client(pets, watch=watch, store=Silent()))
    assert value(told, "tokens_total", direction="out") == 7
    assert ("toolalpaca_sessions", frozenset()) not in told


@given(st.lists(st.floats(min_value=0, max_value=1e5), min_size=1))
def test_buckets_hold_all_that_is_no_longer_than_their_bound(durations: list[float]) -> None:
    metrics = Metrics()
    for seconds in durations:
        metrics(Exchange(Request("GET", "/"), Answer(200), "default", 0.0, seconds * 1000))
    told = samples_of(exposition(metrics.collect()))
    buckets = {key: number for key, number in told.items() if key[0].endswith("_bucket")}
    assert buckets
    for (_, labels), number in buckets.items():
        bound = float(dict(labels)["le"])
        assert number == sum(ms * 1000 / 1000 <= bound for ms in durations)


@given(st.text())
def test_any_text_can_be_a_label(text: str) -> None:
    written = exposition([Family("a", "gauge", text, [Sample(1.5, {"b": text, "c": text})])])
    assert samples_of(written) == {("a", frozenset({("b", text), ("c", text)})): 1.5}


def test_clients_cannot_make_labels_grow() -> None:
    metrics = Metrics()
    for number in range(500):
        answer = Answer(400, headers={"toolalpaca-problem": "x"}, rules=(f"rule{number}",))
        metrics(Exchange(Request(f"M{number}", f"/{number}"), answer, f"s{number}", 0.0, 1.0))
    told = samples_of(exposition(metrics.collect()))
    assert value(told, "toolalpaca_problems_total", rule="other") == 400
    assert value(told, "toolalpaca_requests_total", method="other") == 500


def test_methods_of_documents_are_known(
    open_client: Open, make_document: Callable[..., Any]
) -> None:
    report = {"REPORT": {"responses": {"204": {"description": "Fine"}}}}
    document = make_document({"/coffee": {"additionalOperations": report}})
    client = open_client({**document, "openapi": "3.2.0"})
    client.request("REPORT", "/coffee")
    assert value(read(client), "toolalpaca_requests_total", method="REPORT", status="204") == 1
