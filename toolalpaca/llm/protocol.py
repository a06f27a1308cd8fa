"""What a language model is to everybody else: a request in, text and a completion out.

Everything that talks to a model (the agent, the mock server's executor, the corpus) sees only this
file; everything that is a model (``openai``, ``tgi``, ``gguf``, ``transformers``, ``baseline``)
implements it. The shapes follow OpenAI's chat completions, the field's common denominator.

A model with ``Capabilities.text`` continues a text and has no chat template. Its prompt is the
contents of all messages, one after the other with nothing between them: the prompt format decides
about every character, roles are not told, and the reply is what comes next.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeAlias

from pydantic import BaseModel, ConfigDict

JsonSchema: TypeAlias = dict[str, Any]

Role = Literal["system", "user", "assistant", "tool"]
Finish = Literal["stop", "length", "tool_calls"]


class ToolCall(BaseModel):
    """A model's wish to call a tool, as it wrote it.

    Attributes:
        id: Ties the later ``tool`` message to this call.
        name: The tool's name; it need not exist.
        arguments: The arguments as text; it need not be JSON.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    name: str
    arguments: str


class ToolSpec(BaseModel):
    """A tool as a model sees it.

    Attributes:
        name: Unique among its fellows, and matches ``[A-Za-z0-9_-]{1,64}`` (OpenAI's rule, the
            strictest in use).
        description: What it does, for a reader who knows nothing else.
        parameters: JSON Schema (2020-12) of the arguments, an object, self-contained.
        returns: JSON Schema of a successful result, self-contained, when it is known; its
            ``contentMediaType`` where the result is no JSON. Native tool calling has no place for
            it; planners and text formats use it.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    description: str
    parameters: JsonSchema
    returns: JsonSchema | None = None


class Message(BaseModel):
    """One message of a conversation.

    Attributes:
        role: Who speaks.
        content: The text.
        tool_calls: What an ``assistant`` message calls, with native tool calling.
        tool_call_id: Which call a ``tool`` message answers.
    """

    model_config = ConfigDict(frozen=True)

    role: Role
    content: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str | None = None


class Usage(BaseModel):
    """Tokens that one request took.

    Attributes:
        prompt_tokens: All tokens of the prompt, cached ones included.
        completion_tokens: Tokens that were generated.
        cached_tokens: Tokens of the prompt that the backend did not compute again.
        cost: US dollars, as the server said or the prices of the settings make it; 0 when neither
            is known.

    Where a server does not count, or its reply broke off or was cut off before it did, tokens are
    estimated at four characters each, so that a bound on tokens or money holds all the same.
    """

    model_config = ConfigDict(frozen=True)

    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    cost: float = 0.0

    @classmethod
    def told(cls, *, prompt: Any, completion: Any, cached: Any = None, cost: Any = None) -> Usage:
        """What a server says. What is no finite number from 0 upwards counts as 0."""
        return cls(
            prompt_tokens=int(_number(prompt)),
            completion_tokens=int(_number(completion)),
            cached_tokens=int(_number(cached)),
            cost=_number(cost),
        )

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            prompt_tokens=self.prompt_tokens + other.prompt_tokens,
            completion_tokens=self.completion_tokens + other.completion_tokens,
            cached_tokens=self.cached_tokens + other.cached_tokens,
            cost=self.cost + other.cost,
        )


def _number(value: Any) -> float:
    # 1e15 tokens or dollars are no figure that anybody could have meant.
    return value if isinstance(value, int | float) and 0 <= value < 1e15 else 0


_NO_TOKENS = Usage()


@dataclass(frozen=True, slots=True)
class Grammar:
    """A constraint on the reply in llguidance's variant of Lark.

    Attributes:
        lark: The grammar's text, without the ``%llguidance {}`` prefix that llama.cpp wants.

    See https://github.com/guidance-ai/llguidance/blob/main/docs/syntax.md
    """

    lark: str


@dataclass(frozen=True, slots=True)
class JsonReply:
    """A constraint on the reply: JSON that satisfies a schema.

    Attributes:
        schema: A self-contained JSON Schema.
        name: A name for it, as OpenAI's ``response_format`` demands.
    """

    schema: JsonSchema
    name: str = "reply"


@dataclass(frozen=True, slots=True)
class Regex:
    """A constraint on the reply: the whole of it matches a regular expression.

    Attributes:
        pattern: In the syntax that the backends share: no anchors, no references back, no looking
            around (Rust's ``regex``, without what is beyond regular languages).
    """

    pattern: str


Constraint: TypeAlias = Grammar | JsonReply | Regex


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a backend can do, so that a prompt format can be chosen for it.

    Attributes:
        tools: Native tool calls (``Request.tools`` are honoured).
        grammar: Decoding under a :class:`Grammar`.
        json_schema: Decoding under a :class:`JsonReply`.
        regex: Decoding under a :class:`Regex`.
        text: Continues a text: no roles, no chat template.
        context: Tokens that prompt and reply may have together, when it is known.
    """

    tools: bool = False
    grammar: bool = False
    json_schema: bool = False
    regex: bool = False
    text: bool = False
    context: int | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """One question to a model.

    Attributes:
        messages: The conversation so far; the last one is not the assistant's.
        tools: Tools for native calling. A backend without ``Capabilities.tools`` ignores them.
        constraint: What the reply must satisfy. A backend that cannot do it ignores it, so the
            reply is always checked by whoever asked.
        stop: Texts that end the reply; they are not part of it. Every backend honours all of them,
            whatever its server does.
        max_tokens: Bound on the reply.
        temperature: 0 decodes greedily.
        seed: For sampling; ignored when greedy.
    """

    messages: tuple[Message, ...]
    tools: tuple[ToolSpec, ...] = ()
    constraint: Constraint | None = None
    stop: tuple[str, ...] = ()
    max_tokens: int = 1024
    temperature: float = 0.0
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Completion:
    """A model's whole reply.

    Attributes:
        text: The text, without the stop text that ended it.
        tool_calls: Native tool calls, in order.
        usage: The tokens that it took.
        finish: Why it ended.
    """

    text: str
    tool_calls: tuple[ToolCall, ...] = ()
    usage: Usage = _NO_TOKENS
    finish: Finish = "stop"


@dataclass(frozen=True, slots=True)
class Restart:
    """The reply begins again: the pieces that came before it are void.

    It comes where a server broke off in the middle and is asked again.

    Attributes:
        reason: Why, in a line.
    """

    reason: str


Piece: TypeAlias = str | Restart | Completion
"""What a stream is made of. The texts since the last restart join to the completion's text."""


class LanguageModel(Protocol):
    """A language model.

    Implementations raise :class:`toolalpaca.errors.ModelError` and nothing else of their own.
    """

    @property
    def name(self) -> str:
        """The name that ``--model`` takes, such as ``openai:gpt-5`` or ``baseline``."""
        ...

    @property
    def capabilities(self) -> Capabilities:
        """What the backend can do."""
        ...

    def stream(self, request: Request) -> AsyncIterator[Piece]:
        """Yield pieces of text as they come, and the whole :class:`Completion` last, once.

        A :class:`Restart` among them takes back the pieces so far. A piece may be empty: a sign of
        life. Closing the iterator early cancels the request.
        """
        ...

    async def aclose(self) -> None:
        """Release connections, threads and memory. Calling it twice is harmless."""
        ...


async def complete(model: LanguageModel, request: Request) -> Completion:
    """The whole reply of *model*, for callers that do not stream."""
    completion: Completion | None = None
    async for piece in model.stream(request):
        if isinstance(piece, Completion):
            completion = piece
    assert completion is not None, f"{model.name} ended its stream without a completion"
    return completion


def joined(messages: Iterable[Message]) -> str:
    """The prompt of a model that continues a text: the contents, with nothing between them."""
    return "".join(message.content for message in messages)
