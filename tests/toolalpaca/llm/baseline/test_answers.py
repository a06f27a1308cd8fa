"""Answers: what was found reads well, whatever wraps it and however the tool is described."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from toolalpaca.llm.protocol import ToolSpec

from .conftest import run_in


def told(
    summary: str, body: Any, instruction: str = "List the drivers", name: str = "listDrivers"
) -> str:
    text = f"Status Code: 200. Response: {orjson.dumps(body).decode()}"
    spec = ToolSpec(name=name, description=summary, parameters={"type": "object"})
    return run_in(lambda *_: text, [spec], instruction).answer


DRIVERS = [{"id": 1, "name": "Ines Moreau"}, {"id": 2, "name": "Jonas Weber"}]


@pytest.mark.parametrize(
    "body",
    [
        DRIVERS,
        {"object": "list", "count": 2, "total_count": 2, "data": DRIVERS},
        {"message": "found", "ok": False, "roster": DRIVERS},
        {"season": 2027, "place": "Graz", "roster": DRIVERS},
    ],
)
def test_the_items_of_a_list_are_told_whatever_wraps_it(body: Any) -> None:
    answer = told("List the drivers", body)

    assert "Ines Moreau" in answer
    assert "Jonas Weber" in answer


@pytest.mark.parametrize("body", [{}, {"height": 7}])
def test_a_summary_that_is_no_order_is_told_beside_the_tool_s_name(body: Any) -> None:
    summary = "Utility API for calling node functions"
    answer = told(summary, body, "Call the node functions", "nodeFunctions")

    assert f"call nodeFunctions ({summary})" in answer.replace("called", "call")
    assert "to utility" not in answer


@pytest.mark.parametrize("summary", ["Lists all drivers", "List drivers", "Fetch a driver"])
def test_a_summary_that_is_an_order_goes_on_from_to(summary: str) -> None:
    answer = told(summary, {})

    assert f"I tried to {summary[0].lower()}" in answer
    assert "call listDrivers" not in answer
