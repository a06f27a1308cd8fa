"""Laws: whatever the tools, the text and the API's answers, the baseline keeps to them."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from toolalpaca.errors import DocumentError
from toolalpaca.llm.baseline import Baseline
from toolalpaca.llm.protocol import Completion, Message, Request, ToolSpec, complete
from toolalpaca.openapi.validation import Validator

ASK = ToolSpec(
    name="getDetails",
    description="Ask the user.",
    parameters={"type": "object", "properties": {"question": {"type": "string"}}},
)
MOST_STEPS = 20
WORDS = st.sampled_from(
    """
    get list create delete update book user order name id 7 42 the a of for in with from to and then
    Vienna Paris 'Old Town' 2027-01-05 tomorrow 3pm red blue true not page limit first cheapest
    a@b.example it , . : ; ? it's Dr. $5 -3 1,000 PAT-0042 {} [] été 東京 😀 İ
    """.split()  # noqa: SIM905 - a list literal would be 50 lines
)
TEXTS = st.one_of(st.lists(WORDS, max_size=25).map(" ".join), st.text(max_size=80))
NAMES = st.sampled_from(
    [
        "id",
        "userId",
        "book_id",
        "name",
        "q",
        "date",
        "city",
        "limit",
        "status",
        "isPublic",
        "$x",
        "a.b",
    ]
)
SCALARS: st.SearchStrategy[dict[str, Any]] = st.sampled_from(
    [
        {"type": "string"},
        {"type": "string", "format": "date"},
        {"type": "string", "format": "date-time"},
        {"type": "string", "format": "email"},
        {"type": "string", "format": "uuid"},
        {"type": "string", "pattern": "^[A-Z]{3}$", "description": "Code of the city"},
        {"type": "string", "pattern": "("},  # broken
        {"type": "string", "minLength": 3, "maxLength": 5},
        {"type": "integer", "minimum": 1, "maximum": 50},
        {"type": "number", "exclusiveMinimum": 0},
        {"type": ["boolean", "null"]},
        {"enum": ["red", "blue", None, 7]},
        {"const": "book"},
        {"type": "object"},
        {"$ref": "#/$defs/Node"},
        {"$ref": "#/$defs/Nowhere"},
        {"anyOf": [{"type": "integer"}, {"type": "string", "description": "a name"}]},
        {"allOf": [{"type": "string"}, {"enum": ["blue", "red"]}]},
        {},
    ]
)
SCHEMAS = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        inner.map(lambda items: {"type": "array", "items": items, "minItems": 1}),
        st.dictionaries(NAMES, inner, max_size=3).flatmap(
            lambda properties: st.lists(
                st.sampled_from(sorted(properties) or ["id"]), unique=True
            ).map(
                lambda required: {
                    "type": "object",
                    "properties": properties,
                    "required": required,
                }
            )
        ),
        st.lists(inner, min_size=1, max_size=2).map(lambda branches: {"oneOf": branches}),
    ),
    max_leaves=4,
)
NODE = {
    "type": "object",
    "properties": {"id": {"type": "integer"}, "next": {"$ref": "#/$defs/Node"}},
}


@st.composite
def tool_specs(draw: st.DrawFn) -> tuple[ToolSpec, ...]:
    names = draw(
        st.lists(
            st.sampled_from(
                [
                    "getUser",
                    "listUsers",
                    "createUser",
                    "deleteUser",
                    "bookTrain",
                    "searchBooks",
                    "users_list",
                    "order",
                    "x",
                ]
            ),
            unique=True,
            max_size=5,
        )
    )
    specs = []
    for name in names:
        properties = draw(st.dictionaries(NAMES, SCHEMAS, max_size=4))
        required = (
            draw(st.lists(st.sampled_from(sorted(properties)), unique=True)) if properties else []
        )
        parameters = {
            "type": "object",
            "properties": properties,
            "required": required,
            "$defs": {"Node": NODE},
        }
        returns = draw(st.none() | SCHEMAS.map(lambda schema: {**schema, "$defs": {"Node": NODE}}))
        description = draw(
            st.sampled_from(["", "Get a user", "Lists books.\nMore of it.", "/users"])
        )
        specs.append(
            ToolSpec(name=name, description=description, parameters=parameters, returns=returns)
        )
    return tuple(specs)


BODIES = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.sampled_from(["red", "Vienna", "42", ""]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)
OBSERVATIONS = st.one_of(
    st.tuples(st.sampled_from([200, 201, 204, 400, 401, 404, 422, 500]), BODIES).map(
        lambda pair: f"Status Code: {pair[0]}. Response: {orjson.dumps(pair[1]).decode()}"
    ),
    st.sampled_from(
        ["", 'Status Code: 200. Response: {"items": [{"id": 1}, {"id"', "no such tool"]
    ),
    TEXTS,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    tools=tool_specs(),
    text=TEXTS,
    observations=st.lists(OBSERVATIONS, min_size=1, max_size=6),
    can_ask=st.booleans(),
)
def test_it_acts_validly_never_repeats_itself_and_comes_to_an_end(
    tools: tuple[ToolSpec, ...], text: str, observations: list[str], can_ask: bool
) -> None:
    offered = (*tools, ASK) if can_ask else tools
    parameters = {spec.name: spec.parameters for spec in offered}
    messages = [Message(role="system", content="Act."), Message(role="user", content=text)]
    made: set[str] = set()
    model = Baseline()
    for number in range(MOST_STEPS):
        completion = asyncio.run(complete(model, Request(messages=tuple(messages), tools=offered)))
        assert completion.text.strip()
        if not completion.tool_calls:
            assert completion.finish == "stop"
            return
        messages.append(
            Message(role="assistant", content=completion.text, tool_calls=completion.tool_calls)
        )
        for call in completion.tool_calls:
            arguments = orjson.loads(call.arguments)
            assert call.name in parameters
            key = call.name + orjson.dumps(arguments, option=orjson.OPT_SORT_KEYS).decode()
            assert key not in made, "the same call again"
            made.add(key)
            assert not violations(parameters[call.name], arguments)
            said = observations[number % len(observations)]
            messages.append(Message(role="tool", content=said, tool_call_id=call.id))
    raise AssertionError(f"no end after {MOST_STEPS} steps: {sorted(made)}")


def violations(schema: dict[str, Any], arguments: dict[str, Any]) -> list[Any]:
    try:
        return list(Validator(schema).violations(arguments))
    except DocumentError:
        return []  # a broken schema says nothing


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(tools=tool_specs(), text=TEXTS)
def test_the_same_request_gives_the_same_reply_and_streams_it_whole(
    tools: tuple[ToolSpec, ...], text: str
) -> None:
    request = Request(messages=(Message(role="user", content=text),), tools=(*tools, ASK))

    async def pieces() -> list[str | Completion]:
        return [piece async for piece in Baseline().stream(request)]

    streamed = asyncio.run(pieces())
    whole = streamed[-1]
    assert isinstance(whole, Completion)
    assert "".join(piece for piece in streamed[:-1] if isinstance(piece, str)) == whole.text
    assert sum(isinstance(piece, Completion) for piece in streamed) == 1
    assert asyncio.run(complete(Baseline(), request)) == whole


MESSAGES = st.lists(
    st.one_of(
        st.builds(Message, role=st.sampled_from(["system", "user", "assistant"]), content=TEXTS),
        st.builds(
            Message, role=st.just("tool"), content=OBSERVATIONS, tool_call_id=st.none() | TEXTS
        ),
    ),
    max_size=6,
)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(tools=tool_specs(), messages=MESSAGES)
def test_any_conversation_gets_a_reply(
    tools: tuple[ToolSpec, ...], messages: list[Message]
) -> None:
    completion = asyncio.run(complete(Baseline(), Request(messages=tuple(messages), tools=tools)))
    assert completion.text or completion.tool_calls
