"""Logs are quiet unless asked, and never carry a secret."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from toolalpaca.logs import configure_logging, redact


@pytest.fixture(autouse=True)
def root_logger() -> Iterator[None]:
    root = logging.getLogger()
    level, handlers = root.level, root.handlers[:]
    yield
    root.setLevel(level)
    root.handlers[:] = handlers


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
