"""What the page is told, and what it may say."""

from __future__ import annotations

import json
from typing import Any

import httpx2

from .conftest import HOSTILE, Open, Served, calling


def begun(client: httpx2.Client, text: str = "") -> str:
    identifier: str = client.post("/api/conversations").json()["id"]
    if text:
        assert client.post(f"/api/conversations/{identifier}/turns", json={"text": text}).is_success
    return identifier


def heard(
    client: httpx2.Client, identifier: str, until: str, after: int = 0
) -> list[tuple[int, str, Any]]:
    """The entries of the stream, until one of a kind that holds something."""
    entries = []
    path = f"/api/conversations/{identifier}/events"
    with client.stream("GET", path, headers={"last-event-id": str(after)}) as stream:
        number, kind = 0, ""
        for line in stream.iter_lines():
            name, _, value = line.partition(": ")
            if name == "id":
                number = int(value)
            elif name == "event":
                kind = value
            elif name == "data":
                entries.append((number, kind, json.loads(value)))
                if until in f"{kind} {value}":
                    return entries
    return entries


def test_a_stream_resumes_where_it_was_left(open_agent: Open) -> None:
    served = open_agent(calling("getPet", pet_id=3), "It is Pet 3.")
    with served.client() as client:
        conversation = begun(client, "Show pet 3")
        entries = heard(client, conversation, '"running":false')
        kinds = [kind for _, kind, _ in entries if kind != "delta"]
        assert kinds == ["turn", "event", "event", "event", "event", "turn"]
        assert entries[-1][2]["status"] == "answered"
        middle = entries[2][0]
        rest = heard(client, conversation, '"running":false', after=middle)
        assert rest == [e for e in entries if e[0] > middle and e[1] != "delta"]


def test_what_does_not_fit_is_refused(open_agent: Open) -> None:
    served = open_agent(calling("getDetails", question="Which?"), "Done.")
    with served.client() as client:
        assert client.get("/api/conversations/none/events").status_code == 404
        assert client.post("/api/conversations/none/stop").status_code == 404
        conversation = begun(client)
        at = f"/api/conversations/{conversation}"
        assert client.get(f"{at}/trace.jsonl").status_code == 404
        assert client.post(f"{at}/stop").status_code == 204
        answer = client.post(f"{at}/turns", json={"text": "  "})
        assert answer.status_code == 400
        assert "text" in answer.json()["detail"]
        assert client.post(f"{at}/questions/1", json={"text": "x"}).status_code == 409
        client.post(f"{at}/turns", json={"text": "Go"})
        number = heard(client, conversation, "open ")[-1][0]
        assert client.post(f"{at}/turns", json={"text": "Again"}).status_code == 409
        assert (
            client.post(f"{at}/approvals/{number}", json={"verdict": "approve"}).status_code == 409
        )
        assert client.post(f"{at}/approvals/{number}", json={"verdict": "maybe"}).status_code == 400
        assert client.post(f"{at}/questions/{number}", json={"text": "7"}).status_code == 204
        assert client.post(f"{at}/questions/{number}", json={"text": "8"}).status_code == 409
        assert heard(client, conversation, '"running":false')[-1][2]["answer"] == "Done."


def test_files_are_found_by_their_name_only_and_are_no_pages(open_agent: Open) -> None:
    served = open_agent(calling("getPicture"), calling("getDrawing"), "Look.")
    with served.client() as client:
        conversation = begun(client, "Show")
        heard(client, conversation, '"running":false')
        at = f"/api/conversations/{conversation}/files"
        picture, drawing = client.get(f"{at}/image_1.png"), client.get(f"{at}/image_2.svg")
        assert picture.headers["content-type"] == "image/png"
        assert drawing.headers["content-type"] == "application/octet-stream"
        for answer in (picture, drawing):
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["content-security-policy"] == "sandbox"
        for name in ("..%2F..%2Ftrace.jsonl", "%2Fetc%2Fpasswd", "image_3.png"):
            assert client.get(f"{at}/{name}").status_code == 404


def test_forgetting_ends_the_trace_and_what_runs(open_agent: Open) -> None:
    served = open_agent(calling("waitForever"))
    with served.client() as client:
        conversation = begun(client, "Wait")
        assert served.api.reached.wait(30)
        assert client.delete(f"/api/conversations/{conversation}").status_code == 204
        assert client.get("/api/conversations").json() == []
    assert served.api.left.wait(30)
    assert served.traces()[0].outcome.reason == "the run was interrupted"


def test_what_the_agent_is_made_of_is_told(open_agent: Open) -> None:
    served: Served = open_agent()
    with served.client() as client:
        about = client.get("/api/about").json()
    assert about["model"] == "staged"
    assert about["sources"][0]["title"] == "Pets"
    assert [tool["name"] for tool in about["tools"]][-1] == "getDetails"
    assert HOSTILE in about["tools"][2]["description"]


def test_a_credential_is_told_to_nobody(open_agent: Open) -> None:
    canary = "canary-7f3a-of-the-api"
    steps = (calling("echo"), calling("adoptPet", name="Ada"), "Done.")
    served = open_agent(*steps, *steps, *steps, auth=canary)
    told = []
    body = {"messages": [{"role": "user", "content": "Go"}]}
    with served.client() as client:
        told.append(client.post("/v1/chat/completions", json=body).text)
        told.append(client.post("/v1/chat/completions", json={**body, "stream": True}).text)
        conversation = begun(client, "Go")
        at = f"/api/conversations/{conversation}"
        entries = heard(client, conversation, "open ")
        client.post(f"{at}/approvals/{entries[-1][0]}", json={"verdict": "approve"})
        told.append(str(entries + heard(client, conversation, '"running":false')))
        told += [client.get(f"{at}/trace.{form}").text for form in ("jsonl", "html")]
        told.append(client.get("/api/about").text)
    for text in told[:-1]:
        assert "***" in text  # it was sent, and came back
    assert canary not in "".join(told)
