"""One instruction of ToolAlpaca's JSON with its golden answer, as a task."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import BaseModel, Field

from toolalpaca.sameness import left_out
from toolalpaca.task import ASK_TOOL, Function, GoldenCall, Split, Task, Toolset, references
from toolalpaca_corpus.argument_check import argument_faults
from toolalpaca_corpus.formats.golden import UnreadableError, read_golden
from toolalpaca_corpus.values import ArgumentValues

_OPTIONAL = "[Optional]"
_MENDED = "the rest is read as it stands"
_NOT_IMPORTED = "the task is not imported"


class Answer(BaseModel):
    """A step of a golden answer."""

    action: str = Field(alias="Action")
    action_input: str | dict[str, Any] = Field(alias="Action_Input")


class TaskImport:
    """The import of one instruction with its golden answer."""

    def __init__(
        self,
        problem: Callable[[int, str, str], None],
        toolset: Toolset,
        names: Mapping[str, str],
        number: int,
        instruction: str,
    ) -> None:
        self._problem = problem
        self._toolset = toolset
        self._names = names
        self._number = number
        self._instruction = instruction
        self._functions = {function.name: function for function in toolset.functions}

    def task(self, answer: list[Answer], split: Split) -> Task | None:
        """The task, or None when its golden answer cannot be read."""
        try:
            golden = tuple(self._call(step) for step in answer)
            if not golden:
                raise UnreadableError("the golden answer is empty")
        except UnreadableError as error:
            self._problem(self._number, str(error), _NOT_IMPORTED)
            return None
        self._check(golden)
        asks = golden[0].function == ASK_TOOL
        return Task(
            id=f"{self._toolset.name}-{self._number:03}",
            toolset=self._toolset.name,
            instruction=self._instruction,
            facts=self._facts(golden) if asks else {},
            golden=golden,
            kind="ask" if asks else "multi" if len(golden) > 1 else "single",
            split=split,
            source="toolalpaca",
        )

    def _call(self, step: Answer) -> GoldenCall:
        name = step.action.removeprefix(_OPTIONAL).strip()
        if name not in self._names:
            raise UnreadableError(f"the API has no function {name!r}")
        arguments = self._arguments(name, step.action_input)
        if name == ASK_TOOL:
            question = next((text for text in arguments.values() if isinstance(text, str)), "")
            arguments = {"question": question}
        return GoldenCall(
            function=self._names[name],
            arguments=arguments,
            optional=step.action.startswith(_OPTIONAL),
        )

    def _arguments(self, name: str, source: str | dict[str, Any]) -> dict[str, Any]:
        if isinstance(source, dict):
            return source
        try:
            reading = read_golden(source)
        except UnreadableError as error:
            raise UnreadableError(f"the arguments of {name}: {error}") from error
        for slip in reading.slips:
            self._problem(self._number, f"the arguments of {name}: {slip}", _MENDED)
        if not isinstance(reading.value, dict):
            raise UnreadableError(f"the arguments of {name} are no object")
        return self._renamed(reading.value)

    def _renamed(self, arguments: dict[str, Any]) -> dict[str, Any]:
        for reference in references(arguments):
            if "$from" in reference:
                function = reference["$from"]
                reference["$from"] = self._names.get(function, function)
        return arguments

    def _check(self, golden: tuple[GoldenCall, ...]) -> None:
        """Note what a solution could hardly do; the golden answer stays as its author wrote it."""
        called: set[str] = set()
        for call in golden:
            for reference in references(call.arguments):
                if "$from" in reference and reference["$from"] not in called:
                    self._note(f"{call.function} refers to {reference['$from']}, not called before")
            called.add(call.function)
            function = self._functions.get(call.function)
            if function is not None:
                for fault in argument_faults(call.arguments, function.parameters):
                    self._note(f"{call.function}: {fault}")

    def _note(self, message: str) -> None:
        self._problem(self._number, message, "kept as it stands")

    def _facts(self, golden: tuple[GoldenCall, ...]) -> dict[str, Any]:
        """What the user can tell: what the calls after the question need and nobody has said.

        The format names these values (``${ip from getDetails}``) without giving them, so they
        are made up from the schema, the same at each import; a literal that the instruction does
        not hold is what its author imagined the user to say.
        """
        facts: dict[str, Any] = {}
        said = self._instruction.casefold()
        for call in golden:
            function = self._functions.get(call.function)
            if function is None:
                continue
            for name, value in call.arguments.items():
                if isinstance(value, dict) and value.get("$from") == ASK_TOOL:
                    facts[str(value["name"])] = self._made_up(function, name)
                elif _is_unsaid(value, said):
                    facts[name] = value
        return facts

    def _made_up(self, function: Function, name: str) -> Any:
        schema = function.parameters.get("properties", {}).get(name, True)
        values = ArgumentValues(function.parameters, f"{self._toolset.name}-{self._number}")
        return values.make(schema, name=name)


def _is_unsaid(value: Any, said: str) -> bool:
    if isinstance(value, dict | list) or left_out(value):
        return False
    return str(value).casefold() not in said
