from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolalpaca.errors import DataError, ModelReplyError
from toolalpaca.llm.protocol import Completion, Message, Request, ToolCall, Usage, complete
from toolalpaca.llm.scripted import Scripted, open_script
from toolalpaca.llm.settings import ModelSettings

HELLO = Request(messages=(Message(role="user", content="Hello"),))


def ask(model: Scripted) -> Completion:
    return asyncio.run(complete(model, HELLO))


def script(folder: Path, *lines: str) -> Scripted:
    path = folder / "script.jsonl"
    path.write_text("".join(f"{line}\n" for line in lines))
    return open_script(str(path), ModelSettings())


@given(st.text())
def test_the_words_of_a_reply_are_the_reply(text: str) -> None:
    async def pieces() -> list[str | Completion]:
        return [piece async for piece in Scripted([text]).stream(HELLO)]

    *words, completion = asyncio.run(pieces())
    assert "".join(map(str, words)) == text
    assert completion == Completion(text)


def test_replies_come_in_order_and_requests_are_kept() -> None:
    model = Scripted(["one", Completion("two", usage=Usage(prompt_tokens=3))])
    assert ask(model).text == "one"
    assert ask(model).usage.prompt_tokens == 3
    with pytest.raises(ModelReplyError, match="scripted: the script has no reply to request 3"):
        ask(model)
    assert model.requests == [HELLO] * 3


def test_a_file_holds_texts_and_calls(tmp_path: Path) -> None:
    model = script(
        tmp_path,
        '{"text": "Hi"}',
        "",
        '{"tool_calls": [{"name": "getPet", "arguments": {"id": 1}}, {"name": "x", '
        '"arguments": "{no json"}]}',
    )
    assert ask(model) == Completion("Hi")
    assert ask(model) == Completion(
        "",
        (
            ToolCall(id="script_2_1", name="getPet", arguments='{"id":1}'),
            ToolCall(id="script_2_2", name="x", arguments="{no json"),
        ),
        finish="tool_calls",
    )


def test_one_script_plays_many_conversations_in_any_order(tmp_path: Path) -> None:
    model = script(
        tmp_path,
        '{"when": "cats", "text": "cat 1"}',
        '{"when": "dogs", "text": "dog 1"}',
        '{"text": "anybody"}',
        '{"when": "cats", "text": "cat 2"}',
        '{"when": "dogs", "text": "dog 2"}',
    )

    def say(about: str) -> str:
        request = Request(messages=(Message(role="user", content=f"Tell me of {about}."),))
        return asyncio.run(complete(model, request)).text

    said = [say(about) for about in ("dogs", "cats", "birds", "dogs", "cats")]
    assert said == ["dog 1", "cat 1", "anybody", "dog 2", "cat 2"]
    with pytest.raises(ModelReplyError, match="no reply to request 6"):
        say("cats")


@pytest.mark.parametrize("line", ["{", '{"texts": "Hi"}', '{"tool_calls": [{"arguments": {}}]}'])
def test_a_line_that_is_no_reply_is_told_with_its_number(line: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"script\.jsonl:2"):
        script(tmp_path, '{"text": "Hi"}', line)
    with pytest.raises(DataError, match="cannot be read"):
        open_script(str(tmp_path / "absent"), ModelSettings())
