"""Python functions as tools.

What a model is told of a function comes from its name, its annotations and its docstring; what the
model writes is checked against the annotations and turned into what they say by pydantic.
"""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
import inspect
import logging
import re
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path
from types import ModuleType
from typing import Any, Final, TypeVar, cast

from pydantic import PydanticUserError, TypeAdapter, validate_call
from pydantic_core import to_jsonable_python

from toolalpaca.errors import UsageError
from toolalpaca.llm.protocol import ToolSpec
from toolalpaca.openapi.names import is_tool_name
from toolalpaca.trace import Call
from toolalpaca_runtime.observation import Observation
from toolalpaca_runtime.policy import Policy
from toolalpaca_runtime.tools.described import DescribedTool, told
from toolalpaca_runtime.user import Approve, nobody

_LOG = logging.getLogger(__name__)

_F = TypeVar("_F", bound=Callable[..., Any])
_UNSAFE: Final = "__toolalpaca_unsafe__"
_SECONDS = 60.0  # that one call may take
_MOST_ITEMS: Final = 10_000  # of an iterator that are told

# "    name (type): what it is", as Google's style of docstrings has it, with or without the type.
_ARGUMENT = re.compile(r"^(\s+)(\w+)(?:\s*\([^)]*\))?:\s*(.+)$")


def unsafe(function: _F) -> _F:
    """Mark a function that changes something: the user is asked before it is called."""
    setattr(function, _UNSAFE, True)
    return function


class FunctionTools:
    """Python functions as tools.

    What a function raises is an observation, and the agent goes on. A function runs in a thread,
    a coroutine in the loop.

    Args:
        functions: With annotations for their parameters.
        name: For traces.
        policy: What may be called; by default everything that is not marked :func:`unsafe`.

    Raises:
        UsageError: A function cannot be described: pydantic does not know the type of a parameter.
    """

    def __init__(
        self,
        functions: Iterable[Callable[..., Any]],
        *,
        name: str = "functions",
        policy: Policy | None = None,
    ) -> None:
        self.name = name
        self._policy = policy or Policy()
        self._functions: dict[str, Callable[..., Any]] = {}
        self._tools: dict[str, DescribedTool] = {}
        for function in functions:
            tool = _described(function, name)
            self._tools[tool.spec.name] = tool
            self._functions[tool.spec.name] = validate_call(function)
        self.specs: tuple[ToolSpec, ...] = tuple(tool.spec for tool in self._tools.values())

    def is_free(self, tool: str) -> bool:
        """Whether the function is not marked unsafe, and no rule stands against it."""
        return self._tools[tool].is_free(self._policy)

    async def call(self, call: Call, approve: Approve = nobody) -> Observation:
        """Call the function, and tell its result."""
        admitted = await self._tools[call.tool].admitted(call, self._policy, approve)
        if isinstance(admitted, Observation):
            return admitted
        checked, approved = admitted
        function = self._functions[call.tool]
        try:
            async with asyncio.timeout(_SECONDS) as bound:
                if inspect.iscoroutinefunction(inspect.unwrap(function)):
                    value = _plain(await function(**checked.arguments))
                else:
                    # Its generator runs there, too.
                    value = await _in_thread(lambda: _plain(function(**checked.arguments)))
            return told(value, approved=approved)
        except Exception as error:
            # Whatever the function raises is the tool's failure, and the model's to know.
            _LOG.info("%s failed", call.tool, exc_info=True)
            text = f"{call.tool} failed: {type(error).__name__}: {_words(error)}"
            if bound.expired():
                text = f"{call.tool} did not end within {_SECONDS:g} seconds."
            return Observation(text, "real", approved=approved)

    async def aclose(self) -> None:
        """Nothing is held."""


def _plain(value: Any) -> Any:
    """What a function returned, as JSON has it; of an iterator, which may never end, the first."""
    if isinstance(value, Iterator):
        value = list(islice(value, _MOST_ITEMS))
    return to_jsonable_python(value, fallback=str)


def _words(error: Exception) -> str:
    """What an exception says, which its own code may fail to."""
    try:
        return str(error)[:500]
    except Exception:  # whatever its code raises
        return "(it does not say why)"


async def _in_thread(work: Callable[[], Any]) -> Any:
    """What *work* returns, from a thread that does not hold up the end of the program.

    Those of :func:`asyncio.to_thread` do, and a function may never return.
    """
    loop = asyncio.get_running_loop()
    result: asyncio.Future[Any] = loop.create_future()

    def tell(how: Callable[[Any], None], what: Any) -> None:
        if not result.done():  # nobody waits any more
            how(what)

    def run() -> None:
        try:
            how, what = result.set_result, work()
        except BaseException as error:  # StopIteration and its like, too: somebody waits
            how, what = result.set_exception, RuntimeError(repr(error))
            if isinstance(error, Exception) and not isinstance(error, StopIteration):
                what = error
        with suppress(RuntimeError):  # the loop is closed
            loop.call_soon_threadsafe(tell, how, what)

    threading.Thread(target=run, name="tool", daemon=True).start()
    return await result


def load_functions(target: str, policy: Policy | None = None) -> FunctionTools:
    """The public functions that a module or a file defines itself, as tools.

    Args:
        target: ``package.module`` or ``path/to/file.py``; it is imported, so its code runs.
        policy: What may be called.

    Raises:
        UsageError: It cannot be imported, or holds no function.
    """
    module = _load_file(Path(target)) if target.endswith(".py") else _load_module(target)
    functions = list(_own_functions(module))
    if not functions:
        raise UsageError(
            "it defines no public function", where=target, hint="define one without a leading _"
        )
    return FunctionTools(functions, name=module.__name__.rpartition(".")[2], policy=policy)


def _described(function: Callable[..., Any], source: str) -> DescribedTool:
    name = getattr(function, "__name__", "")
    if not is_tool_name(name):
        raise UsageError(f"{name!r} cannot be the name of a tool", hint="use letters, digits and _")
    summary, remarks = _documentation(inspect.getdoc(function) or "")
    try:
        adapter: TypeAdapter[Any] = TypeAdapter(cast(Any, function))
        parameters = adapter.json_schema()
    except (PydanticUserError, NameError, TypeError, ValueError) as error:
        raise UsageError(
            f"the parameters of {name} cannot be described: {str(error).splitlines()[0]}",
            hint="annotate each with a type that pydantic knows",
        ) from error
    if parameters.get("type") != "object":
        raise UsageError(f"{name} takes positional parameters only", hint="name its parameters")
    for parameter, schema in parameters.get("properties", {}).items():
        schema.pop("title", None)
        if parameter in remarks:
            schema.setdefault("description", remarks[parameter])
    spec = ToolSpec(
        name=name, description=summary or name, parameters=parameters, returns=_returns(function)
    )
    safe = not getattr(function, _UNSAFE, False)
    return DescribedTool(spec, source=source, safe=safe)


def _returns(function: Callable[..., Any]) -> dict[str, Any] | None:
    annotation = inspect.signature(function, eval_str=True).return_annotation
    if annotation in (inspect.Signature.empty, None):
        return None
    try:
        return TypeAdapter(annotation).json_schema(mode="serialization")
    except (PydanticUserError, TypeError):
        return None  # what it returns needs no schema to be told


def _documentation(text: str) -> tuple[str, dict[str, str]]:
    """What a docstring says before its sections, and of each argument under ``Args:``."""
    body, _, rest = text.partition("\nArgs:\n")
    remarks: dict[str, str] = {}
    last, margin = "", ""
    for line in rest.splitlines():
        if line and not line[0].isspace():
            break  # the next section
        found = _ARGUMENT.match(line)
        if found and (not margin or found[1] == margin):
            margin, last = found[1], found[2]
            remarks[last] = found[3].strip()
        elif last and line.strip():
            remarks[last] += f" {line.strip()}"
    return re.split(r"\n(?:Returns|Raises|Yields):\n", body)[0].strip(), remarks


def _own_functions(module: ModuleType) -> Iterator[Callable[..., Any]]:
    for name, value in vars(module).items():
        own = inspect.isfunction(value) and value.__module__ == module.__name__
        if own and not name.startswith("_"):
            yield value


def _load_module(name: str) -> ModuleType:
    sys.path.insert(0, "")
    try:
        return importlib.import_module(name)
    except Exception as error:  # whatever its code raises
        raise _not_imported(name, error) from error
    finally:
        sys.path.remove("")


def _load_file(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if not path.is_file() or spec is None or spec.loader is None:
        raise UsageError("there is no such file", where=str(path))
    module = importlib.util.module_from_spec(spec)
    # Annotations are looked up in the module's entry there.
    sys.modules[path.stem] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:  # whatever its code raises
        del sys.modules[path.stem]
        raise _not_imported(str(path), error) from error
    return module


def _not_imported(target: str, error: Exception) -> UsageError:
    return UsageError(f"it cannot be imported: {type(error).__name__}: {error}", where=target)
