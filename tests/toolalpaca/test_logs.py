"""Logs are quiet unless asked, and never carry a secret."""

from __future__ import annotations

import logging

import pytest

from toolalpaca import logs
from toolalpaca.logs import configure_logging, redact
from toolalpaca.redaction import Redactor


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("GET /x?api_key=abc&page=2", "GET /x?api_key=***&page=2"),
        ("GET /x?access_token=abc", "GET /x?access_token=***"),
        ("Authorization: Bearer abc.def", "Authorization: Bearer ***"),
        ("authorization: basic YTpi", "authorization: basic ***"),
        ("{'authorization': 'Bearer abc'}", "{'authorization': 'Bearer ***'}"),
        ('{"X-API-Key": "abc"}', '{"X-API-Key": "***"}'),
        ('{"password": "abc", "name": "x"}', '{"password": "***", "name": "x"}'),
        ("client_secret=abc", "client_secret=***"),
        ("('cookie', 'abc')", "('cookie', '***')"),
        ("(b'authorization', b'Bearer abc')", "(b'authorization', b'Bearer ***')"),
        ("GET https://me:abc@host/x", "GET https://***@host/x"),
        ("nothing to hide, 12 tokens a second", "nothing to hide, 12 tokens a second"),
    ],
)
def test_secrets_are_masked(text: str, clean: str) -> None:
    assert redact(text) == clean


@pytest.mark.parametrize(
    ("verbosity", "shown"),
    [
        (0, ["WARNING"]),
        (1, ["WARNING", "INFO"]),
        (2, ["WARNING", "INFO", "DEBUG"]),
        (9, ["WARNING", "INFO", "DEBUG"]),
    ],
)
def test_each_v_shows_more(
    verbosity: int, shown: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    configure_logging(verbosity)
    log = logging.getLogger("toolalpaca.test")
    for level in (logging.WARNING, logging.INFO, logging.DEBUG):
        log.log(level, "calling with token=abc")
    out, err = capsys.readouterr()
    assert out == ""
    assert [line.split()[0] for line in err.splitlines()] == shown
    assert "abc" not in err


def test_secrets_in_tracebacks_are_masked(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(0)
    try:
        raise ValueError("refused: Authorization: Bearer abc")
    except ValueError:
        logging.getLogger("toolalpaca.test").exception("failed with %s", {"api-key": "def"})
    err = capsys.readouterr().err
    assert "ValueError" in err
    assert "abc" not in err
    assert "def" not in err


def test_known_secrets_are_masked_however_they_are_written(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(logs, "_secrets", set())
    monkeypatch.setattr(logs, "_redact_known", Redactor())
    logs.conceal(["S/CRET+1", ""])
    assert redact("GET /x?q=S%2FCRET%2B1 and S/CRET+1") == "GET /x?q=*** and ***"
    logs.conceal(["another"])
    assert redact("S/CRET+1, another") == "***, ***"


def test_what_http_clients_log_of_requests_is_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(2)
    logging.getLogger("httpx2").info("HTTP Request: GET http://host/?key=abc")
    logging.getLogger("httpcore2.http11").debug("send_request_headers")
    assert capsys.readouterr() == ("", "")
