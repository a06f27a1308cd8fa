"""What a recording holds, and how it is told again."""

from __future__ import annotations

import json
import resource
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi import Response

from toolalpaca.errors import DataError
from toolalpaca_mockserver.catalog import Catalog
from toolalpaca_mockserver.recording.recorder import Recorder
from toolalpaca_mockserver.recording.replay import Recordings, Replay, read_recordings

Open = Callable[..., httpx2.Client]
CANARY = "canary-5f1c9a"


class Tape:
    """A recording that is being made.

    Attributes:
        client: Speaks with the proxy that records.
        path: The file.
    """

    def __init__(self, client: httpx2.Client, path: Path) -> None:
        self.client = client
        self.path = path

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.path.read_text().splitlines()]


@pytest.fixture
def tape(open_proxy: Open, tmp_path: Path) -> Tape:
    apis, path = Catalog(()), tmp_path / "tape.jsonl"
    recorder = Recorder(path, apis)
    client = open_proxy(
        listeners=[recorder.hear],
        parts=[recorder],
        on_app=lambda app: apis.replace(list(app.apis)),
    )
    return Tape(client, path)


@pytest.fixture
def replay(open_client: Open, pets: dict[str, Any]) -> Callable[..., httpx2.Client]:
    """Opens a client on a server that replays a file."""

    def start(path: Path, *, simulate: bool = False) -> httpx2.Client:
        found = read_recordings(path)
        return open_client(
            pets,
            validation="warn",
            answerer=lambda document, responder: Replay(
                found.get(document.name, Recordings(())), document, responder if simulate else None
            ),
        )

    return start


def test_what_was_recorded_is_told_again_byte_for_byte(
    tape: Tape, replay: Callable[..., httpx2.Client], real: Any
) -> None:
    real.answers["pets/7/photo"] = Response(b"\x89PNG\xff\x00", media_type="image/png")
    requests = [
        ("GET", "/pets?kind=dog&limit=2", None),
        ("POST", "/pets", {"name": "New", "kind": "dog"}),
        ("GET", "/pets?kind=dog&limit=2", None),
        ("GET", "/pets/1", None),
        ("GET", "/pets?limit=many", None),
    ]
    told = [tape.client.request(m, p, json=body) for m, p, body in requests]
    asked = len(real.seen)
    client = replay(tape.path)
    again = [client.request(m, p, json=body) for m, p, body in requests]
    for first, second in zip(told, again, strict=True):
        assert (first.status_code, first.content) == (second.status_code, second.content)
        assert first.headers["content-type"] == second.headers["content-type"]
        assert second.headers["toolalpaca-source"] == "replay"
    assert told[0].headers["x-count"] == again[0].headers["x-count"]
    assert told[0].content != told[2].content  # the same request, answered otherwise
    assert len(real.seen) == asked


def test_each_session_hears_it_from_the_first_on_and_then_the_last(
    tape: Tape, replay: Callable[..., httpx2.Client]
) -> None:
    tape.client.get("/pets")
    tape.client.post("/pets", json={"name": "New", "kind": "dog"})
    tape.client.get("/pets")
    client = replay(tape.path)
    assert [len(client.get("/pets").json()) for _ in range(3)] == [1, 2, 2]
    other = client.get("/pets", headers={"toolalpaca-session": "other"})
    assert len(other.json()) == 1


def test_spelling_makes_no_other_request(tape: Tape, replay: Callable[..., httpx2.Client]) -> None:
    tape.client.post("/pets", json={"name": "New", "kind": "dog"})
    tape.client.get("/pets?kind=dog&limit=2")
    client = replay(tape.path)
    body = b'{ "kind": "dog",  "name": "New" }'
    made = client.post("/pets", content=body, headers={"content-type": "application/json"})
    assert made.status_code == 201
    assert client.get("/pets?limit=2&kind=%64og").status_code == 200


def test_what_was_not_recorded_is_refused_or_simulated_and_labelled(
    tape: Tape, replay: Callable[..., httpx2.Client]
) -> None:
    tape.client.get("/pets?limit=2")
    refused = replay(tape.path).get("/pets?limit=3")
    assert refused.status_code == 404
    assert refused.headers["toolalpaca-source"] == "replay; reason=not-recorded"
    assert "/pets?limit=2" in refused.json()["detail"]
    simulated = replay(tape.path, simulate=True).get("/pets?limit=3")
    assert simulated.status_code == 200
    assert simulated.headers["toolalpaca-source"] == "state; reason=not-recorded"


def test_a_recording_says_what_was_asked_answered_and_wrong(tape: Tape, real: Any) -> None:
    real.answers["pets"] = Response('[{"id": "one"}]', media_type="application/json")
    tape.client.get("/pets", headers={"toolalpaca-session": "s"})
    tape.client.get("/nowhere")
    (line,) = tape.lines()
    assert line["schema"] == "toolalpaca.exchange/1"
    assert (line["api"], line["operation"], line["session"]) == ("test", "listPets", "s")
    assert (line["source"], line["conforming"]) == ("proxy", False)
    assert "/0/id" in line["problem"]
    assert (line["request"]["method"], line["request"]["path"]) == ("GET", "/pets")
    assert line["response"]["body"] == {"text": '[{"id": "one"}]'}


def test_no_secret_is_recorded_and_what_carries_one_is_still_found(
    open_client: Open, pets: dict[str, Any], real: Any, open_proxy: Open, tmp_path: Path
) -> None:
    scheme = {"key": {"type": "apiKey", "in": "query", "name": "appid"}}
    pets["components"]["securitySchemes"] = scheme
    pets["security"] = [{"key": []}]
    apis, path = Catalog(()), tmp_path / "tape.jsonl"
    recorder = Recorder(path, apis)
    client = open_proxy(
        listeners=[recorder.hear],
        parts=[recorder],
        on_app=lambda app: apis.replace(list(app.apis)),
    )
    response = client.get(
        f"/pets?appid={CANARY}",
        headers={"Authorization": f"Bearer {CANARY}", "Cookie": f"sid={CANARY}"},
    )
    assert response.status_code == 200
    assert real.seen[0].headers["authorization"] == f"Bearer {CANARY}"  # it did go on
    assert CANARY not in path.read_text()
    found = read_recordings(path)
    again = open_client(
        pets, answerer=lambda document, responder: Replay(found[document.name], document)
    )
    assert again.get("/pets?appid=another-key-42").json() == response.json()


def test_bytes_are_kept_as_they_are(
    tape: Tape, replay: Callable[..., httpx2.Client], real: Any
) -> None:
    picture = b"\x89PNG\xff\x00"
    real.answers["pets/1"] = Response(picture, media_type="image/png")
    tape.client.get("/pets/1")
    assert "base64" in tape.lines()[0]["response"]["body"]
    assert replay(tape.path).get("/pets/1").content == picture


def test_a_full_disk_ends_the_recording_and_nothing_else(
    tape: Tape, caplog: pytest.LogCaptureFixture
) -> None:
    tape.client.get("/pets")
    kept = tape.path.read_bytes()
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(kept) + 10, before[1]))
    try:
        answers = [tape.client.get("/pets") for _ in range(2)]
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert [answer.status_code for answer in answers] == [200, 200]
    assert [record.message.partition(":")[0] for record in caplog.records] == [
        "the recording ends here"
    ]
    assert tape.path.read_bytes()[: len(kept)] == kept
    assert len(read_recordings(tape.path)) == 1


def test_a_recording_goes_on_after_a_crash(tape: Tape) -> None:
    tape.client.get("/pets")
    whole = tape.path.read_bytes()
    tape.path.write_bytes(whole + whole[:40])
    assert len(read_recordings(tape.path)) == 1
    Recorder(tape.path, Catalog(())).close()
    assert tape.path.read_bytes() == whole


def test_what_no_api_answered_is_not_replayed(
    tape: Tape, replay: Callable[..., httpx2.Client]
) -> None:
    tape.client.get("/pets", headers={"toolalpaca-disturb": "status=503"})
    tape.client.get("/pets")
    client = replay(tape.path)
    assert [client.get("/pets").status_code for _ in range(3)] == [200, 200, 200]


def test_headers_that_only_speak_of_credentials_are_told_again_and_the_date_is_ours(
    tape: Tape, replay: Callable[..., httpx2.Client], real: Any
) -> None:
    headers = {"access-control-allow-credentials": "true", "date": "Thu, 01 Jan 1970 00:00:00 GMT"}
    real.answers["pets"] = Response("[]", headers=headers, media_type="application/json")
    for answer in (tape.client.get("/pets"), replay(tape.path).get("/pets")):
        assert answer.headers["access-control-allow-credentials"] == "true"
        assert len(answer.headers.get_list("date")) == 1
        assert "1970" not in answer.headers["date"]


@pytest.mark.parametrize("content", ["nonsense\n", '{"schema": "toolalpaca.trace/1"}\n'])
def test_a_file_of_something_else_is_told(tmp_path: Path, content: str) -> None:
    path = tmp_path / "other.jsonl"
    path.write_text(content)
    with pytest.raises(DataError, match=r"other.jsonl:1"):
        read_recordings(path)


@pytest.mark.parametrize(
    "part", [{"headers": {"x-a": "1\r\nset-cookie: a=1"}}, {"content_type": "a\nb"}]
)
def test_a_recording_cannot_begin_another_header(
    tape: Tape, tmp_path: Path, part: dict[str, Any]
) -> None:
    tape.client.get("/pets")
    (line,) = tape.lines()
    path = tmp_path / "forged.jsonl"
    path.write_text(json.dumps({**line, "response": {**line["response"], **part}}) + "\n")
    with pytest.raises(DataError, match=r"forged.jsonl:1"):
        read_recordings(path)
