"""The end of a server: what is in progress ends, and what would not end by itself, too."""

from __future__ import annotations

import json
import signal
import socket
from urllib.parse import urlsplit

import httpx2
import pytest

from ..test_command import RAILWAY, line, running

BOOKING = {
    "train_id": "AL164-20270514",
    "passenger_name": "Ada Byron",
    "contact_email": "ada@mail.example",
    "travel_class": "second",
}


def test_a_signal_ends_streams_and_lets_requests_in_progress_end() -> None:
    with running("--json", "--no-auth", RAILWAY) as process:
        url = json.loads(line(process))["url"]
        body = json.dumps(BOOKING).encode()
        with (
            httpx2.Client(base_url=url) as client,
            client.stream("GET", "/_toolalpaca/requests/stream", timeout=30) as stream,
            socket.create_connection((urlsplit(url).hostname, urlsplit(url).port)) as started,
        ):
            lines = stream.iter_lines()
            assert next(lines).startswith("retry")
            head = f"POST /bookings HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n"
            head += "Content-Type: application/json\r\nExpect: 100-continue\r\n\r\n"
            started.sendall(head.encode())
            assert started.recv(1000).startswith(b"HTTP/1.1 100")  # the server waits for the body
            process.send_signal(signal.SIGTERM)
            # The stream ends with its last chunk: a connection that is cut would be an error.
            assert not [text for text in lines if text.startswith("event")]
            started.sendall(body)
            answer = b""
            while received := started.recv(65536):
                answer += received
            assert answer.startswith(b"HTTP/1.1 201")
        assert process.wait(30) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""


def test_a_client_that_leaves_in_the_middle_of_a_body_has_sent_nothing() -> None:
    with running("--json", "--no-auth", RAILWAY) as process:
        url = json.loads(line(process))["url"]
        body = json.dumps(BOOKING).encode()
        head = f"POST /bookings HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body) + 1}\r\n"
        head += "Content-Type: application/json\r\n\r\n"
        with httpx2.Client(base_url=url) as client:
            before = client.get("/bookings").json()["total"]
            line(process)
            with socket.create_connection((urlsplit(url).hostname, urlsplit(url).port)) as leaving:
                leaving.sendall(head.encode() + body)  # all but one byte, and sound by itself
            assert client.get("/bookings").json()["total"] == before
        assert json.loads(line(process))["path"] == "/bookings"
        process.send_signal(signal.SIGTERM)
        assert process.stdout is not None
        assert "POST" not in process.stdout.read()
        assert process.wait(30) == 0


@pytest.mark.slow
@pytest.mark.parametrize(("term", "told"), [("hang", b""), ("latency=1m", b"HTTP/1.1 503")])
def test_a_request_that_takes_too_long_is_refused_or_broken_off(term: str, told: bytes) -> None:
    with running("--json", RAILWAY) as process:
        url = json.loads(line(process))["url"]
        with socket.create_connection((urlsplit(url).hostname, urlsplit(url).port)) as waiting:
            head = f"GET /stations HTTP/1.1\r\nHost: x\r\ntoolalpaca-disturb: {term}\r\n"
            waiting.sendall(f"{head}\r\n".encode())
            httpx2.get(f"{url}/_toolalpaca/healthz")  # what was sent before it has been read
            process.send_signal(signal.SIGTERM)
            try:
                answer = waiting.recv(1000)[:12]
            except ConnectionResetError:  # broken off
                answer = b""
            assert answer == told
        assert process.wait(30) == 0
        assert process.stderr is not None
        assert "Traceback" not in process.stderr.read()


def test_a_reader_that_does_not_read_does_not_keep_the_server() -> None:
    with running("--json", RAILWAY) as process:
        url = json.loads(line(process))["url"]
        with socket.create_connection((urlsplit(url).hostname, urlsplit(url).port)) as idle:
            idle.sendall(b"GET /_toolalpaca/requests/stream HTTP/1.1\r\nHost: x\r\n\r\n")
            assert idle.recv(12) == b"HTTP/1.1 200"
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) == 0
