"""The same calls on the real API and on a mock of it, and where the answers differ.

Ids that the real API gives mean nothing to the mock. From the answers to the same call it is
learned which of the mock's stands for which, and later calls of the mock use that one: so a list or
a creation comes before what uses an id of it.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable
from dataclasses import dataclass, field
from typing import Any

from toolalpaca.calling.tools import Tool
from toolalpaca.trace import Call, HttpResponse
from toolalpaca_runtime.difference import Difference, differences
from toolalpaca_runtime.tools.source import ToolSource
from toolalpaca_runtime.traces.standins import StandIns
from toolalpaca_runtime.user import nobody


@dataclass(frozen=True, slots=True)
class ComparedCall:
    """One call, made twice.

    Attributes:
        call: As it was made on the real API.
        real: Its response; None when none came.
        simulated: The mock's; None when it was not asked, or did not answer.
        differences: Where they differ; the first is the real one.
        stand_ins: Ids in the arguments, and the mock's that stood for them.
        problem: Why there is nothing to compare, or ``""``.
    """

    call: Call
    real: HttpResponse | None = None
    simulated: HttpResponse | None = None
    differences: tuple[Difference, ...] = ()
    stand_ins: dict[str, str] = field(default_factory=dict)
    problem: str = ""


async def compare(
    calls: Iterable[Call], real: ToolSource, simulated: ToolSource
) -> AsyncGenerator[ComparedCall, None]:
    """Make each of *calls* on *real*, then on *simulated*, and yield what came of it.

    A call that the real API is not asked, as its policy forbids it, or does not answer, is not made
    on the mock.

    Raises:
        ToolAlpacaError: One of the two cannot be used at all.
    """
    stand_ins = StandIns()
    for call in calls:
        if call.problem is not None:
            yield ComparedCall(call, problem=call.problem)
            continue
        first = await real.call(call, nobody)
        if first.response is None:
            yield ComparedCall(call, problem=first.text)
            continue
        arguments, replaced = stand_ins.applied(call.arguments)
        second = await simulated.call(call.model_copy(update={"arguments": arguments}), nobody)
        if second.response is None:
            problem = f"the mock: {second.text}"
            yield ComparedCall(call, first.response, None, (), replaced, problem)
            continue
        stand_ins.learn(first.response, second.response)
        found = differences(first.response, second.response)
        yield ComparedCall(call, first.response, second.response, found, replaced)


def example_call(tool: Tool, number: int) -> Call:
    """A call of *tool* with what its document gives as examples, defaults and constants.

    Only what is required is given. The call has a problem where the document says too little.
    """
    arguments: dict[str, Any] = {}
    missing = []
    properties = tool.spec.parameters.get("properties", {})
    for name in tool.spec.parameters.get("required", ()):
        values = [*_parameter_examples(tool, name), *_schema_examples(properties.get(name))]
        if values:
            arguments[name] = values[0]
        else:
            missing.append(name)
    problem = None
    if missing:
        problem = f"the document has no example of {', '.join(missing)}: name arguments in --calls"
    return Call(id=str(number), tool=tool.spec.name, arguments=arguments, problem=problem)


def _parameter_examples(tool: Tool, name: str) -> list[Any]:
    place = tool.places.get(name)
    if place is None or place.parameter is None:
        return []
    return [example.value for example in place.parameter.examples]


def _schema_examples(schema: Any) -> list[Any]:
    if not isinstance(schema, dict):
        return []
    single = [schema[key] for key in ("const", "default", "example") if key in schema]
    lists = [schema[key] for key in ("examples", "enum") if isinstance(schema.get(key), list)]
    return [*single, *(value for values in lists for value in values)]
