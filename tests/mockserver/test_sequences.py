"""Contents that hold one value after another: event streams, JSON sequences, multiparts."""

from __future__ import annotations

import re
from collections.abc import Callable
from email.parser import BytesParser
from email.policy import default
from typing import Any

import httpx2
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolalpaca.openapi.loading import load_document
from toolalpaca_mockserver.app import create_app
from toolalpaca_mockserver.contract import Contract
from toolalpaca_mockserver.event_streams import read_events, write_events
from toolalpaca_mockserver.faults import checked

Open = Callable[..., httpx2.Client]
STREAM = {"content-type": "text/event-stream"}
CHUNK: dict[str, Any] = {
    "type": "object",
    "required": ["id", "choices"],
    "properties": {"id": {"type": "string"}, "choices": {"type": "array", "minItems": 1}},
}
EVENT: dict[str, Any] = {  # as the specification has it, with JSON in the data of one kind
    "type": "object",
    "required": ["data", "event"],
    "properties": {
        "data": {"type": "string"},
        "event": {"type": "string"},
        "id": {"type": "string"},
        "retry": {"type": "integer", "minimum": 0},
    },
    "oneOf": [
        {"properties": {"event": {"const": "said"}}},
        {
            "properties": {
                "event": {"const": "chunk"},
                "data": {"contentMediaType": "application/json", "contentSchema": CHUNK},
            }
        },
    ],
}


def document(content: dict[str, Any], version: str = "3.2.0") -> dict[str, Any]:
    paths = {
        "/it": {
            "get": {"responses": {"200": {"description": "Fine", "content": content}}},
            "post": {
                "requestBody": {"required": True, "content": content},
                "responses": {"204": {"description": "Fine"}},
            },
        }
    }
    return {"openapi": version, "info": {"title": "T", "version": "1"}, "paths": paths}


def parsed(text: str) -> list[dict[str, str]]:
    """The events of a stream by the letter of the HTML Standard, section 9.2.6."""
    events = []
    assert text.endswith("\n\n")
    for block in text.removesuffix("\n\n").split("\n\n"):
        event: dict[str, str] = {}
        for line in block.split("\n"):
            name, _, value = line.partition(": ")
            event[name] = event[name] + "\n" + value if name in event else value
        events.append(event)
    return events


def test_events_are_objects_of_their_fields(open_client: Open) -> None:
    described = document({"text/event-stream": {"itemSchema": EVENT}})
    answers = [open_client(described, seed=seed).get("/it") for seed in range(4)]
    assert {answer.headers["content-type"] for answer in answers} == {"text/event-stream"}
    events = [event for answer in answers for event in parsed(answer.text)]
    assert {event["event"] for event in events} == {"said", "chunk"}
    for event in events:
        assert event.keys() <= EVENT["properties"].keys()
        if event["event"] == "chunk":
            assert Contract(CHUNK, {}).is_valid(orjson.loads(event["data"]))


@pytest.mark.parametrize("version", ["3.0.3", "3.1.1"])
def test_before_3_2_an_object_is_the_data_of_each_event(open_client: Open, version: str) -> None:
    content = {"text/event-stream": {"schema": CHUNK}}
    for event in parsed(open_client(document(content, version)).get("/it").text):
        assert event.keys() == {"data"}
        assert Contract(CHUNK, {}).is_valid(orjson.loads(event["data"]))


def test_an_object_of_an_events_fields_is_an_event(open_client: Open) -> None:
    done = {"properties": {"event": {"const": "done"}, "data": {"const": "[DONE]"}}}
    more = {"properties": {"event": {"const": "more"}, "data": CHUNK, "enabled": {"const": 1}}}
    schema = {"oneOf": [{"required": list(kind["properties"]), **kind} for kind in (done, more)]}
    described = document({"text/event-stream": {"schema": schema}}, "3.1.1")
    texts = [open_client(described, seed=seed).get("/it").text for seed in range(4)]
    events = [event for text in texts for event in parsed(text)]
    assert {event["event"] for event in events} == {"done", "more"}
    for event in events:
        if event["event"] == "done":
            assert event["data"] == "[DONE]"
        else:
            assert Contract(CHUNK, {}).is_valid(orjson.loads(event["data"]))


def test_a_text_stays_a_text_and_nothing_becomes_events(open_client: Open) -> None:
    example = ": hello\n\n"
    content = {"text/event-stream": {"schema": {"type": "string"}, "example": example}}
    assert open_client(document(content)).get("/it").text == example
    assert parsed(open_client(document({"text/event-stream": {}})).get("/it").text)


@pytest.mark.parametrize("schema", [{"schema": CHUNK}, {"itemSchema": CHUNK}])
@pytest.mark.parametrize(
    "example",
    [
        {"id": "a", "choices": [1]},
        [{"id": "a", "choices": [1]}],
        'data: {"id": "a",\ndata: "choices": [1]}\n',
    ],
)
def test_examples_are_a_value_a_list_or_the_stream_itself(
    open_client: Open, schema: dict[str, Any], example: Any
) -> None:
    loaded = load_document(document({"text/event-stream": {**schema, "example": example}}))
    response = open_client(loaded).get("/it")
    assert response.headers["toolalpaca-source"] == "example"
    assert response.text == 'data: {"id":"a","choices":[1]}\n\n'


def test_examples_of_sequences_are_checked() -> None:
    content = {"text/event-stream": {"schema": CHUNK, "example": {"id": 1}}}
    (api,) = create_app([load_document(document(content))]).apis
    pointers = {fault.pointer for fault in checked(api)}
    assert "/paths/~1it/get/responses/200/content/text~1event-stream/example" in pointers


def test_event_streams_are_read(open_client: Open) -> None:
    client = open_client(document({"text/event-stream": {"itemSchema": EVENT}}))

    def post(body: str) -> httpx2.Response:
        return client.post("/it", content=body.encode(), headers=STREAM)

    sound = "\ufeff: hello\r\n\r\nevent:said\rdata: a\rdata\rretry: 5\rother: x\r\r"
    assert post(sound).status_code == 204
    refused = post("event: said\ndata: a\n\nevent: sung\ndata: a\nretry: soon\n\n").json()["errors"]
    assert {e["pointer"] for e in refused} >= {"/1/retry"}
    for unfinished in ("event: said\ndata: a", "event: said\ndata: a\n"):
        assert [e["rule"] for e in post(unfinished).json()["errors"]] == ["event-stream"]


def test_the_data_of_events_is_read(open_client: Open) -> None:
    schema = {"oneOf": [CHUNK, {"const": "[DONE]"}]}
    client = open_client(document({"text/event-stream": {"schema": schema}}, "3.0.3"))
    sound = b'data: {"id": "a",\ndata: "choices": [1]}\n\nid: 5\ndata: [DONE]\n\n'
    assert client.post("/it", content=sound, headers=STREAM).status_code == 204
    broken = client.post("/it", content=b'data: {"id": 5}\n\n', headers=STREAM)
    assert [e["pointer"] for e in broken.json()["errors"]] == ["/0/choices", "/0/id"]


@given(
    st.lists(
        st.fixed_dictionaries(
            {"data": st.text(st.characters(exclude_characters="\r", exclude_categories=["Cs"]))},
            optional={
                "event": st.text("ab: "),
                "id": st.text("ab: "),
                "retry": st.integers(min_value=0),
            },
        )
    )
)
def test_what_is_written_is_read(events: list[dict[str, Any]]) -> None:
    contract = Contract({"properties": EVENT["properties"]}, {})
    assert read_events(write_events(events, contract), contract) == events


@pytest.mark.parametrize("kind", ["application/x-ndjson", "application/jsonl"])
def test_json_lines_hold_a_value_each(open_client: Open, kind: str) -> None:
    client = open_client(document({kind: {"schema": CHUNK}}, "3.0.3"))
    lines = client.get("/it").content.split(b"\n")
    assert lines.pop() == b""
    assert all(Contract(CHUNK, {}).is_valid(orjson.loads(line)) for line in lines)
    headers = {"content-type": kind}
    assert client.post("/it", content=b"\n".join(lines), headers=headers).status_code == 204
    broken = client.post("/it", content=lines[0] + b"\n{}", headers=headers)
    assert {e["pointer"] for e in broken.json()["errors"]} == {"/1/id", "/1/choices"}


@pytest.mark.parametrize("kind", ["application/json-seq", "application/geo+json-seq"])
def test_json_sequences_follow_rfc_7464(open_client: Open, kind: str) -> None:
    client = open_client(document({kind: {"itemSchema": CHUNK}}))
    body = client.get("/it").content
    assert all(re.fullmatch(rb"\{.*\}\n", text) for text in body.split(b"\x1e")[1:])
    headers = {"content-type": kind}
    assert client.post("/it", content=body, headers=headers).status_code == 204
    pretty = b'\x1e{"id": "a",\n"choices": [1]}\n'
    assert client.post("/it", content=pretty, headers=headers).status_code == 204


def test_a_multipart_is_a_part_for_each_item(open_client: Open) -> None:
    client = open_client(document({"multipart/mixed": {"itemSchema": CHUNK}}))
    response = client.get("/it")
    kind = response.headers["content-type"]
    head = f"Content-Type: {kind}\r\n\r\n".encode()
    message = BytesParser(policy=default).parsebytes(head + response.content)
    for part in message.iter_parts():
        assert part.get_content_type() == "application/json"
        assert Contract(CHUNK, {}).is_valid(orjson.loads(part.get_content()))
    headers = {"content-type": kind}
    assert client.post("/it", content=response.content, headers=headers).status_code == 204
    broken = response.content.replace(b'"id"', b'"no"')
    assert client.post("/it", content=broken, headers=headers).status_code == 422


def test_the_parts_of_a_multipart_are_of_their_encoding(open_client: Open) -> None:
    media = {"itemSchema": {}, "itemEncoding": {"contentType": "image/png"}}
    response = open_client(document({"multipart/mixed": media})).get("/it")
    assert b"Content-Type: image/png\r\n\r\n\x89PNG" in response.content


def test_an_item_that_is_remembered_is_told_as_a_sequence(open_client: Open) -> None:
    item = {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}}
    both = {"application/json": {"schema": item}, "text/event-stream": {"schema": item}}
    fine = {"description": "Fine", "content": both}
    taken = {"content": {"application/json": {"schema": {"type": "object"}}}}
    id_parameter = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
    paths = {
        "/pets": {"post": {"requestBody": taken, "responses": {"201": fine}}},
        "/pets/{id}": {"get": {"parameters": [id_parameter], "responses": {"200": fine}}},
    }
    client = open_client({**document({}), "paths": paths})
    made = client.post("/pets", json={}).json()
    told = client.get(f"/pets/{made['id']}", headers={"accept": "text/event-stream"})
    assert told.headers["toolalpaca-source"] == "state"
    assert [orjson.loads(event["data"]) for event in parsed(told.text)] == [made]
