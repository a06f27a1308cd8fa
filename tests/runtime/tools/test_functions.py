from __future__ import annotations

import asyncio
import datetime
import enum
import itertools
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, Field

from toolalpaca.errors import UsageError
from toolalpaca.trace import Call
from toolalpaca_runtime.observation import Observation
from toolalpaca_runtime.policy import Policy, Rule
from toolalpaca_runtime.tools.clock import clock_tools
from toolalpaca_runtime.tools.functions import FunctionTools, load_functions, unsafe
from toolalpaca_runtime.user import PendingCall


class Point(BaseModel):
    x: int
    y: int = 0


def distance(
    a: Point, b: Annotated[Point, Field(description="The other")], *, unit: str = "m"
) -> float:
    """Measure how far two points are apart.

    Longer words about it.

    Args:
        a: The one point,
            wherever it is.
        unit (str): Of the result.

    Returns:
        The distance.
    """
    return float(abs(a.x - b.x) + abs(a.y - b.y))


async def weekday(day: datetime.date) -> str:
    return f"{day:%A}"


@unsafe
def drop(table: str) -> str:
    return f"dropped {table}"


def fail() -> None:
    raise RuntimeError("the disk is full")


def long() -> list[int]:
    return list(range(5000))


def count() -> Iterator[int]:
    return itertools.count()


def call(
    function: Callable[..., Any], approval: bool | None = None, **arguments: Any
) -> Observation:
    async def approve(_pending: PendingCall) -> bool | None:
        return approval

    made = Call(id="1", tool=function.__name__, arguments=arguments)
    return asyncio.run(FunctionTools([function]).call(made, approve))


def test_a_function_is_described_by_its_annotations_and_docstring() -> None:
    (spec,) = FunctionTools([distance]).specs
    assert spec.name == "distance"
    assert spec.description == "Measure how far two points are apart.\n\nLonger words about it."
    assert spec.parameters["required"] == ["a", "b"]
    properties = spec.parameters["properties"]
    assert properties["unit"] == {"type": "string", "default": "m", "description": "Of the result."}
    assert properties["a"]["description"] == "The one point, wherever it is."
    assert properties["b"]["description"] == "The other"
    assert spec.returns == {"type": "number"}


def test_arguments_become_what_the_annotations_say() -> None:
    assert call(distance, a={"x": 1}, b={"x": 4, "y": 2}).text == "5.0"
    assert call(weekday, day="2026-11-25").text == "Wednesday"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"a": {"x": 1}}, ["b", "required"]),
        ({"a": {"x": "one"}, "b": {"x": 1}}, ["a.x"]),
        ({"a": {"x": 1}, "b": {"x": 1}, "c": 3}, ["c", "no such argument", "unit"]),
    ],
)
def test_arguments_that_do_not_fit_are_sent_back(
    arguments: dict[str, Any], words: list[str]
) -> None:
    seen = call(distance, **arguments)
    assert seen.source == "validator"
    assert all(word in seen.text for word in words)


def test_what_a_function_raises_is_told_to_the_model() -> None:
    assert call(fail).text == "fail failed: RuntimeError: the disk is full"


def silent() -> None:
    class Mute(Exception):
        def __str__(self) -> str:
            raise ValueError

    raise Mute


def test_an_exception_that_cannot_say_why_is_told_all_the_same() -> None:
    assert call(silent).text == "silent failed: Mute: (it does not say why)"


def test_an_iterator_that_never_ends_is_told_in_part() -> None:
    seen = call(count)
    assert seen.payload is not None
    assert seen.payload.data.endswith(b"9999]")


def test_a_function_that_never_returns_holds_up_nothing(tmp_path: Path) -> None:
    file = tmp_path / "program.py"
    file.write_text(
        "import asyncio, threading\n"
        "from toolalpaca.trace import Call\n"
        "from toolalpaca_runtime.tools import functions\n"
        "def wait() -> None:\n    threading.Event().wait()\n"
        "functions._SECONDS = 0.1\n"
        "tools = functions.FunctionTools([wait])\n"
        "print(asyncio.run(tools.call(Call(id='1', tool='wait'))).text)\n"
    )
    ended = subprocess.run([sys.executable, file], capture_output=True, text=True, timeout=60)
    assert ended.stdout == "wait did not end within 0.1 seconds.\n"


def test_a_long_result_is_kept() -> None:
    seen = call(long)
    assert seen.payload is not None
    assert seen.payload.data.endswith(b"4999]")
    assert len(seen.text) < 4500


@pytest.mark.parametrize(
    ("approval", "text"),
    [
        (True, "dropped pets"),
        (False, "Refused: drop may change something, and the user said no. Nothing was done."),
        (None, "Refused: drop may change something, and the user has not allowed that. "
               "Nothing was done."),
    ],
)  # fmt: skip
def test_a_function_that_changes_something_is_asked_about(approval: bool | None, text: str) -> None:
    seen = call(drop, approval, table="pets")
    assert (seen.text, seen.approved) == (text, approval)


def test_rules_hold_for_functions_too() -> None:
    tools = FunctionTools([weekday], policy=Policy(rules=(Rule("week*", "deny"),)))
    made = Call(id="1", tool="weekday", arguments={"day": "2026-11-25"})
    assert "forbidden" in asyncio.run(tools.call(made)).text


def test_what_cannot_be_described_is_a_clear_error() -> None:
    def odd(x: object()) -> None: ...  # type: ignore[valid-type]

    with pytest.raises(UsageError, match="odd cannot be described"):
        FunctionTools([odd])


class Opaque(enum.Enum):
    ONLY = object()


def test_a_value_that_json_has_not_cannot_be_described() -> None:
    def odd(x: Opaque) -> None: ...

    with pytest.raises(UsageError, match="odd cannot be described"):
        FunctionTools([odd])


def test_the_public_functions_of_a_file_are_tools(tmp_path: Path) -> None:
    file = tmp_path / "my_tools.py"
    file.write_text(
        "from json import dumps\n"
        "def double(n: int) -> int:\n    '''Double it.'''\n    return 2 * n\n"
        "def _hidden() -> None: ...\n"
    )
    tools = load_functions(str(file))
    assert (tools.name, [spec.name for spec in tools.specs]) == ("my_tools", ["double"])
    made = Call(id="1", tool="double", arguments={"n": 21})
    assert asyncio.run(tools.call(made)).text == "42"


@pytest.mark.parametrize(
    ("content", "words"),
    [(None, "no such file"), ("x = 1", "no public function"), ("1/0", "ZeroDivisionError")],
)
def test_a_file_that_gives_no_tools_is_a_clear_error(
    tmp_path: Path, content: str | None, words: str
) -> None:
    file = tmp_path / "broken_tools.py"
    if content is not None:
        file.write_text(content)
    with pytest.raises(UsageError, match=words):
        load_functions(str(file))


def test_a_module_that_is_not_there_is_a_clear_error() -> None:
    with pytest.raises(UsageError, match="cannot be imported"):
        load_functions("no_such_module_anywhere")


def test_the_clock_tells_the_time_with_its_zone() -> None:
    moment = datetime.datetime(2026, 11, 25, 18, 31, tzinfo=datetime.UTC)
    tools = clock_tools(lambda: moment)
    assert [spec.name for spec in tools.specs] == ["getCurrentDateTime"]
    text = asyncio.run(tools.call(Call(id="1", tool="getCurrentDateTime"))).text
    assert text == "Today is Wednesday, 2026-11-25T18:31:00+00:00"
