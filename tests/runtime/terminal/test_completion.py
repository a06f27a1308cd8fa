from __future__ import annotations

from pathlib import Path

import pytest
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document

from toolalpaca_runtime.terminal.completion import CommandCompleter


def completed(text: str) -> list[str]:
    completer = CommandCompleter({"/tools": "[WORDS]", "/trace": "", "/save": "FILE"})
    event = CompleteEvent(completion_requested=True)
    return [
        text[: len(text) + completion.start_position] + completion.text
        for completion in completer.get_completions(Document(text), event)
    ]


def test_commands_are_completed() -> None:
    assert completed("/t") == ["/tools", "/trace"]
    assert completed("/tools ") == []


def test_what_is_said_to_the_agent_is_not() -> None:
    assert completed("t") == completed("") == completed("see /t") == []


def test_files_are_completed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("conversation.md").touch()
    assert completed("/save conv") == ["/save conversation.md"]
