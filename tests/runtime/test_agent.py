from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from pathlib import Path
from types import SimpleNamespace
from typing import Annotated, Any

import orjson
import pytest
from fastapi import Body, FastAPI
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from toolalpaca.errors import ApiError, ModelReplyError, UsageError
from toolalpaca.llm.protocol import (
    Capabilities,
    Completion,
    Piece,
    Request,
    Restart,
    ToolCall,
    Usage,
)
from toolalpaca.llm.scripted import Scripted
from toolalpaca.openapi.loading import load_document
from toolalpaca.task import ASK_TOOL
from toolalpaca.trace import (
    AssistantEvent,
    Call,
    Event,
    ObservationEvent,
    Trace,
    TraceWriter,
    UserEvent,
    read_traces,
)
from toolalpaca_runtime.agent import Agent, TextDelta
from toolalpaca_runtime.formats import FORMATS, get_format
from toolalpaca_runtime.limits import Limits
from toolalpaca_runtime.policy import Policy
from toolalpaca_runtime.toolbox import Toolbox
from toolalpaca_runtime.tools.api import ApiTools
from toolalpaca_runtime.tools.functions import FunctionTools, unsafe
from toolalpaca_runtime.user import PendingCall

from .conftest import Serve, serving

Reply = str | Completion


def pets() -> FastAPI:
    app = FastAPI(title="Pets", version="1")

    @app.get("/pets/{pet_id}", operation_id="getPet")
    def get_pet(pet_id: int) -> dict[str, Any]:
        return {"id": pet_id, "name": f"Pet {pet_id}"}

    @app.post("/pets", operation_id="addPet", status_code=201)
    def add_pet(name: Annotated[str, Body(embed=True)]) -> dict[str, Any]:
        return {"id": 8, "name": name}

    @app.get("/pets", operation_id="listPets")
    def list_pets() -> list[dict[str, Any]]:
        return [{"id": n, "name": f"Pet {n}"} for n in range(500)]

    return app


def calling(*calls: tuple[str, Any], thought: str = "") -> Completion:
    """A reply that calls tools; arguments that are no text are written as JSON."""
    return Completion(
        thought,
        tuple(
            ToolCall(
                id="x",
                name=name,
                arguments=a if isinstance(a, str) else orjson.dumps(a).decode(),
            )
            for name, a in calls
        ),
        Usage(prompt_tokens=10, completion_tokens=2),
    )


def get_pet(pet_id: Any) -> Completion:
    return calling(("getPet", {"pet_id": pet_id}))


@pytest.fixture(scope="module")
def url() -> Any:
    with serving(pets()) as address:
        yield address


def run(
    url: str, replies: Sequence[Reply], *turns: str, model: Any = None, **options: Any
) -> tuple[Trace, list[Event | TextDelta], Any]:
    """The trace, what was yielded, and the model, after all *turns*."""
    model = model or Scripted(replies)
    seen: list[Event | TextDelta] = []

    async def play() -> Trace:
        async with (
            ApiTools(load_document(pets().openapi(), name="pets"), url) as api,
            Agent(model, Toolbox([api]), **options) as agent,
        ):
            for text in turns or ("Show pet 1",):
                async with aclosing(agent.run(text)) as items:
                    seen.extend([item async for item in items])
            return agent.trace

    return asyncio.run(play()), seen, model


def observations(trace: Trace) -> list[str]:
    return [event.text for event in trace.events if isinstance(event, ObservationEvent)]


def test_a_run_is_a_list_of_events_as_they_happened(url: str) -> None:
    reply = calling(("getPet", {"pet_id": 1}), thought="Look it up.")
    trace, seen, _ = run(url, [reply, "It is Pet 1."])
    assert [item for item in seen if not isinstance(item, TextDelta)] == trace.events
    assert [event.kind for event in trace.events] == [
        "user", "assistant", "observation", "assistant",
    ]  # fmt: skip
    assert [event.index for event in trace.events] == [0, 1, 2, 3]
    assert [event.trainable for event in trace.events] == [False, True, False, True]
    user, step, observation, answer = trace.events
    assert isinstance(user, UserEvent)
    assert isinstance(step, AssistantEvent)
    assert step.thought == "Look it up."
    assert isinstance(observation, ObservationEvent)
    assert observation.call == step.calls[0].id
    assert observation.text == 'Status Code: 200. Response: {"id":1,"name":"Pet 1"}'
    assert isinstance(answer, AssistantEvent)
    assert answer.answer == "It is Pet 1."
    assert trace.outcome.status == "answered"
    assert trace.outcome.answer == "It is Pet 1."
    assert trace.outcome.usage == Usage(prompt_tokens=10, completion_tokens=2)
    deltas = "".join(item.text for item in seen if isinstance(item, TextDelta))
    assert deltas == "Look it up.It is Pet 1."


def test_several_calls_of_one_step_are_made_in_order(url: str) -> None:
    both = calling(("getPet", {"pet_id": 1}), ("getPet", {"pet_id": 2}))
    trace, _, model = run(url, [both, "Done."])
    assert [text[-8:] for text in observations(trace)] == ['"Pet 1"}', '"Pet 2"}']
    told = model.requests[1].messages
    assert [message.tool_call_id for message in told[-2:]] == ["call_1", "call_2"]


def meeting() -> FastAPI:
    """An API whose operation answers when two requests are there at once."""
    app = FastAPI(title="Meeting", version="1")
    barrier = asyncio.Barrier(2)

    @app.get("/meet/{who}", operation_id="meet")
    async def meet(who: str) -> str:
        async with asyncio.timeout(10), barrier:
            return who

    return app


def test_calls_of_one_step_that_change_nothing_are_made_together_and_told_in_order() -> None:
    both = calling(("meet", {"who": "Ann"}), ("meet", {"who": "Bob"}))
    document = load_document(meeting().openapi(), name="meeting")

    async def play(url: str) -> Trace:
        model = Scripted([both, "They met."])
        async with ApiTools(document, url) as api, Agent(model, Toolbox([api])) as agent:
            async for _ in agent.run("Let them meet"):
                pass
            return agent.trace

    with serving(meeting()) as url:
        trace = asyncio.run(play(url))
    assert observations(trace) == [
        'Status Code: 200. Response: "Ann"',
        'Status Code: 200. Response: "Bob"',
    ]


def test_identical_calls_of_one_step_are_each_told(url: str) -> None:
    trace, _, _ = run(url, [calling(*[("getPet", {"pet_id": 1})] * 2), "Done."])
    assert [text[-8:] for text in observations(trace)] == ['"Pet 1"}', '"Pet 1"}']


def test_calls_around_one_that_changes_something_keep_their_order() -> None:
    made: list[str] = []

    async def look(at: str) -> None:
        made.append(f"look at {at}")

    @unsafe
    async def change() -> None:
        made.append("change")

    calls = calling(("look", {"at": "Rex"}), ("change", {}), ("look", {"at": "Ida"}))

    async def play() -> None:
        toolbox = Toolbox([FunctionTools([look, change])])
        async for _ in Agent(Scripted([calls, "Done."]), toolbox, user=Person(approval=True)).run(
            "Go"
        ):
            pass

    asyncio.run(play())
    assert made == ["look at Rex", "change", "look at Ida"]


def test_calls_that_are_made_together_end_with_their_run() -> None:
    begun: list[str] = []
    left: list[str] = []
    both = asyncio.Event()

    async def wait(who: str) -> None:
        begun.append(who)
        if len(begun) == 2:
            both.set()
        try:
            await asyncio.Event().wait()
        finally:
            left.append(who)

    calls = calling(("wait", {"who": "Ann"}), ("wait", {"who": "Bob"}))

    async def play() -> None:
        async def turn() -> None:
            async for _ in Agent(Scripted([calls]), Toolbox([FunctionTools([wait])])).run("Go"):
                pass

        task = asyncio.create_task(turn())
        await both.wait()
        task.cancel()
        done, _ = await asyncio.wait([task], timeout=10)
        assert done
        assert task.cancelled()
        assert sorted(left) == ["Ann", "Bob"]

    asyncio.run(play())


def test_a_second_turn_goes_on_with_the_conversation(url: str) -> None:
    trace, _, model = run(url, [get_pet(1), "Pet 1.", "You are welcome."], "Show pet 1", "Thanks")
    assert [m.role for m in model.requests[2].messages] == [
        "system", "user", "assistant", "tool", "assistant", "user",
    ]  # fmt: skip
    assert trace.outcome.answer == "You are welcome."


# -- mistakes ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        ("", "reply was empty"),
        (calling(("getPet", '{"pet_id": ')), "not valid JSON"),
        (calling(("getPet", "[1]")), "no object"),
        (calling(("dropPet", {})), "no tool 'dropPet'"),
        (calling(("getPet", {"id": 1})), "no such argument"),
        (calling(("getPet", "[" * 900 + "]" * 900)), "no object"),
        (calling(("getPet", '{"pet_id": ' + "[" * 200 + "]" * 200 + "}")), "nested deeper"),
        (calling((ASK_TOOL, {"q": 1})), "takes one argument: question"),
    ],
)
def test_a_mistake_is_told_to_the_model_and_the_run_goes_on(
    url: str, reply: Reply, words: str
) -> None:
    trace, _, model = run(url, [reply, "Sorry."])
    assert words in observations(trace)[0]
    assert words in model.requests[1].messages[-1].content
    assert trace.outcome.status == "answered"


TEXTS = st.text(st.characters(), max_size=60) | st.sampled_from(
    [
        "Thought: a\nAction: getPet\nAction Input: {",
        "Action: getPet\nAction Input: []",
        "\ud800",
        "{}",
    ]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=8), inner, max_size=2)
    ),
    max_leaves=5,
)
ARGUMENTS = TEXTS | JSON.map(json.dumps)
NAMES = st.sampled_from(["getPet", ASK_TOOL]) | TEXTS


REPLIES = st.builds(
    lambda text, calls: Completion(
        text, tuple(ToolCall(id="", name=name, arguments=a) for name, a in calls)
    ),
    TEXTS,
    st.lists(st.tuples(NAMES, ARGUMENTS), max_size=2),
)


@pytest.mark.parametrize("prompt_format", list(FORMATS))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(replies=st.lists(REPLIES, min_size=3, max_size=3))
def test_nothing_that_a_model_writes_ends_a_run_with_an_error(
    url: str, prompt_format: str, replies: list[Completion]
) -> None:
    chosen = get_format(prompt_format)
    trace, _, model = run(
        url, replies, model=Scripted([*replies, "end", "end"]), prompt_format=chosen,
        limits=Limits(steps=3),
    )  # fmt: skip
    assert trace.outcome.status in ("answered", "asked", "stopped")
    assert_prefix_law(trace, model.requests, prompt_format)
    Trace.model_validate_json(trace.model_dump_json())


def assert_prefix_law(trace: Trace, requests: Sequence[Request], prompt_format: str) -> None:
    """What a model saw at each step is where the finished conversation begins."""
    finished = get_format(prompt_format).messages(trace)
    for request in requests:
        assert request.messages == finished[: len(request.messages)]


@pytest.mark.parametrize("prompt_format", list(FORMATS))
def test_the_prompt_of_every_step_is_a_prefix_of_the_finished_conversation(
    url: str, prompt_format: str
) -> None:
    replies: list[Reply] = [
        "Thought: find it\nAction: getPet\nAction Input: {\"pet_id\": 1}",
        calling(("getPet", {"pet_id": 2})),
        "",
        "Thought: done\nFinal Answer: Pet 1",
        "Answer: Bye",
    ]  # fmt: skip
    trace, _, model = run(
        url, replies, "Show pet 1", "Bye", prompt_format=get_format(prompt_format),
        limits=Limits(steps=4),
    )  # fmt: skip
    assert len(model.requests) > 1
    assert_prefix_law(trace, model.requests, prompt_format)


# -- the user ------------------------------------------------------------------------------------


class Person:
    """A user who always says the same."""

    def __init__(self, answer: str = "", approval: bool | None = None) -> None:
        self._answer = answer
        self._approval = approval
        self.questions: list[str] = []
        self.pending: list[PendingCall] = []

    async def answer(self, question: str) -> str:
        self.questions.append(question)
        return self._answer

    async def approve(self, pending: PendingCall) -> bool | None:
        self.pending.append(pending)
        return self._approval


def ask(question: str) -> Completion:
    return calling((ASK_TOOL, {"question": question}))


def test_a_question_goes_to_the_user(url: str) -> None:
    user = Person("Pet 7.")
    trace, _, _ = run(url, [ask("Which pet?"), get_pet(7), "It is Pet 7."], user=user)
    assert user.questions == ["Which pet?"]
    assert observations(trace)[0] == "Pet 7."
    assert [e.source for e in trace.events if isinstance(e, ObservationEvent)] == ["user", "real"]


def test_without_a_user_a_question_ends_the_turn_and_the_next_turn_answers_it(url: str) -> None:
    asking = calling((ASK_TOOL, {"question": "Which pet?"}), ("getPet", {"pet_id": 1}))
    trace, _, model = run(url, [asking], "Show my pet")
    assert trace.outcome.status == "asked"
    assert trace.outcome.answer == "Which pet?"
    trace, _, model = run(url, [asking, get_pet(7), "Pet 7."], "Show my pet", "Number 7")
    assert observations(trace)[0] == "Number 7"
    assert "not made" in observations(trace)[1]
    assert [m.role for m in model.requests[1].messages[-2:]] == ["tool", "tool"]
    assert trace.outcome.status == "answered"


# -- approval ------------------------------------------------------------------------------------


def add_pet(name: str) -> Completion:
    return calling(("addPet", {"name": name}))


@pytest.mark.parametrize(
    ("approval", "words"),
    [
        (True, 'Status Code: 201. Response: {"id":8,"name":"Rex"}'),
        (False, "Refused: POST /pets may change something on the real API 127.0.0.1, and the user "
                "said no. Nothing was sent."),
        (None, "Refused: POST /pets may change something on the real API 127.0.0.1, and the user "
               "has not allowed that."),
    ],
)  # fmt: skip
def test_what_changes_something_is_sent_when_the_user_approves(
    url: str, approval: bool | None, words: str
) -> None:
    user = Person(approval=approval)
    trace, _, _ = run(url, [add_pet("Rex"), get_pet(1), "Done."], user=user)
    refused, read = (e for e in trace.events if isinstance(e, ObservationEvent))
    assert refused.text.startswith(words)
    assert refused.approved is approval
    assert read.approved is None
    (pending,) = user.pending
    assert (pending.tool, pending.arguments) == ("addPet", {"name": "Rex"})
    assert pending.request is not None
    assert pending.request.body == '{"name":"Rex"}'


def test_without_a_user_nothing_is_changed(url: str) -> None:
    trace, _, _ = run(url, [add_pet("Rex"), "I would have added Rex."])
    assert observations(trace)[0].startswith("Refused: POST /pets")


class SlowPerson(Person):
    """A user who takes a thousand seconds to say yes.

    Attributes:
        waited: Seconds that they have taken.
    """

    waited = 0.0

    async def approve(self, pending: PendingCall) -> bool | None:
        self.waited += 1000
        return await super().approve(pending)


def test_the_time_that_the_user_takes_is_not_the_agents(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = SlowPerson(approval=True)
    # The agent's clock alone: loops in other threads go by the real one.
    clock = SimpleNamespace(monotonic=lambda: time.monotonic() + user.waited)
    monkeypatch.setattr("toolalpaca_runtime.turn.time", clock)
    trace, _, _ = run(url, [add_pet("Rex"), "Done."], user=user, limits=Limits(seconds=500))
    assert user.waited == 1000
    assert trace.outcome.status == "answered"


# -- tools that come later -----------------------------------------------------------------------


def test_a_long_response_brings_the_tool_that_reads_it(url: str) -> None:
    file = {"file": "response_1.json", "path": "-1"}
    trace, _, _ = run(
        url, [calling(("listPets", {})), calling(("retrievalDataFromFile", file)), "Done."]
    )
    listed = next(e for e in trace.events if isinstance(e, ObservationEvent))
    assert [tool.name for tool in listed.tools] == ["retrievalDataFromFile"]
    assert [stored.name for stored in listed.files] == ["response_1.json"]
    assert "retrievalDataFromFile" not in {tool.name for tool in trace.tools}
    assert "retrievalDataFromFile" in {tool.name for tool in trace.known_tools()}


def test_of_many_tools_a_trace_holds_what_the_model_was_shown(url: str) -> None:
    document = load_document(pets().openapi(), name="pets")

    async def play() -> Trace:
        search = calling(("searchTools", {"query": "list all pets"}))
        model = Scripted([search, calling(("listPets", {})), "Done.", "Bye."])
        async with (
            ApiTools(document, url) as api,
            Agent(model, Toolbox([api], most_shown=1)) as agent,
        ):
            for text in ("add something", "get the pet"):
                async for _ in agent.run(text):
                    pass
            return agent.trace

    trace = asyncio.run(play())
    assert [tool.name for tool in trace.tools] == ["addPet", "searchTools", ASK_TOOL]
    found, listed = (e for e in trace.events if isinstance(e, ObservationEvent))
    assert "listPets" in {tool.name for tool in found.tools}
    assert listed.response is not None
    later = [event for event in trace.events if isinstance(event, UserEvent)][1]
    assert not {tool.name for tool in later.tools} & {tool.name for tool in found.tools}


# -- limits --------------------------------------------------------------------------------------


def test_a_limit_on_steps_ends_the_turn_with_an_honest_answer(url: str) -> None:
    trace, _, _ = run(url, [get_pet(n) for n in range(5)], limits=Limits(steps=3))
    assert len(list(trace.calls())) == 3
    assert trace.outcome.status == "stopped"
    assert "limit of 3 steps" in trace.outcome.reason
    assert "without an answer" in trace.outcome.answer


def test_a_limit_on_tokens(url: str) -> None:
    trace, _, _ = run(url, [get_pet(n) for n in range(5)], limits=Limits(total_tokens=20))
    assert len(list(trace.calls())) == 2
    assert "20 tokens" in trace.outcome.reason


def test_cached_tokens_are_left_out_of_the_limit_on_tokens() -> None:
    limits = Limits(total_tokens=20)
    spent = Usage(prompt_tokens=25, cached_tokens=10, completion_tokens=4)
    assert limits.reached(steps=1, usage=spent, seconds=0) is None
    assert limits.reached(steps=1, usage=spent + Usage(completion_tokens=1), seconds=0)


def test_a_limit_on_cost() -> None:
    limits = Limits(cost=0.5)
    assert limits.reached(steps=1, usage=Usage(cost=0.49), seconds=0) is None
    reason = limits.reached(steps=1, usage=Usage(cost=0.5), seconds=0)
    assert reason == "the limit of 0.5 US dollars was reached"


def test_limits_count_from_the_beginning_of_each_turn(url: str) -> None:
    replies: list[Reply] = [get_pet(1), "one", get_pet(2), "two"]
    trace, _, _ = run(url, replies, "first", "second", limits=Limits(steps=2))
    assert trace.outcome.status == "answered"


class Silent:
    """A model that never finishes its reply."""

    name = "silent"
    capabilities = Capabilities(tools=True)

    def __init__(self) -> None:
        self.closed = False
        self.writes = asyncio.Event()

    async def stream(self, request: Request) -> AsyncIterator[Piece]:
        try:
            yield "Well"
            self.writes.set()
            await asyncio.Event().wait()
        finally:
            self.closed = True

    async def aclose(self) -> None:
        return


def test_no_call_of_a_step_begins_when_the_time_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[int] = []

    @unsafe  # so that the calls are not made together
    def work(day: int) -> str:
        taken.append(day)
        return "done"

    clock = SimpleNamespace(monotonic=lambda: time.monotonic() + 1000 * len(taken))
    monkeypatch.setattr("toolalpaca_runtime.turn.time", clock)
    model = Scripted([calling(("work", {"day": 1}), ("work", {"day": 2})), "Done."])
    tools = FunctionTools([work], policy=Policy(unsafe="allow"))
    agent = Agent(model, Toolbox([tools]), limits=Limits(seconds=500))
    asyncio.run(_all(agent.run("Work")))
    assert taken == [1]
    assert agent.trace.outcome.status == "stopped"
    assert "500 seconds" in agent.trace.outcome.reason


def test_a_limit_on_time_interrupts_a_model_that_hangs(url: str) -> None:
    trace, _, model = run(url, [], model=Silent(), limits=Limits(seconds=0.05))
    assert trace.outcome.status == "stopped"
    assert "seconds" in trace.outcome.reason
    assert model.closed


class Stumbling(Silent):
    """A model whose first attempt at a reply breaks off."""

    async def stream(self, request: Request) -> AsyncIterator[Piece]:
        yield "I was ab"
        yield Restart("the server broke off its reply")
        yield "Good day"
        yield Completion("Good day")


def test_a_reply_that_begins_again_takes_back_what_was_shown(url: str) -> None:
    trace, seen, _ = run(url, [], model=Stumbling())
    deltas = [item for item in seen if isinstance(item, TextDelta)]
    assert deltas == [TextDelta("I was ab"), TextDelta("", restart=True), TextDelta("Good day")]
    assert trace.outcome.answer == "Good day"


def test_an_identical_call_is_told_and_then_ends_the_turn(url: str) -> None:
    trace, _, _ = run(url, [get_pet(1)] * 5)
    assert [event.request is not None for event in trace.events[2::2]] == [True, True, False]  # type: ignore[union-attr]
    assert "2 times already" in observations(trace)[2]
    assert trace.outcome.status == "stopped"
    assert "again and again" in trace.outcome.reason


def test_the_same_unreadable_reply_again_and_again_ends_the_turn(url: str) -> None:
    trace, _, _ = run(url, ["", "", "", "", "Done."])
    assert len(observations(trace)) == 4
    assert trace.outcome.status == "stopped"
    assert "unreadable reply again and again" in trace.outcome.reason


@pytest.mark.parametrize("calls", [1, 2])
def test_a_call_that_changes_nothing_is_broken_off_when_the_time_is_up(
    url: str, calls: int
) -> None:
    began: list[int] = []

    async def wait(number: int) -> None:
        began.append(number)
        await asyncio.Event().wait()

    async def play() -> Trace:
        model = Scripted([calling(*[("wait", {"number": n}) for n in range(calls)]), "Done."])
        toolbox = Toolbox([FunctionTools([wait])])
        async with Agent(model, toolbox, limits=Limits(seconds=0.3)) as agent:
            async for _ in agent.run("Wait"):
                pass
            return agent.trace

    trace = asyncio.run(asyncio.wait_for(play(), 50))
    assert began == list(range(calls))
    assert observations(trace) == ["No result came before the time of the turn was up."]
    assert trace.outcome.status == "stopped"
    assert "seconds" in trace.outcome.reason


@pytest.mark.parametrize("name", ["steps", "seconds", "reply_tokens"])
def test_a_limit_is_above_zero(name: str) -> None:
    with pytest.raises(UsageError, match=f"the limit {name} is 0"):
        Limits(**{name: 0})


# -- ends ----------------------------------------------------------------------------------------


def test_the_trace_is_written_as_it_happens_and_reads_back(url: str, tmp_path: Path) -> None:
    path = tmp_path / "trace.jsonl"
    with TraceWriter(path) as recorder:
        trace, _, _ = run(url, [get_pet(1), "Pet 1."], recorder=recorder, task="t-1", seed=3)
    (read,) = read_traces(path)
    assert read == trace
    assert (read.task, read.seed, read.toolset, read.model) == ("t-1", 3, "pets", "scripted")
    assert [spec.name for spec in read.tools] == ["getPet", "listPets", "addPet", ASK_TOOL]


def test_an_api_that_is_not_there_fails_the_run_and_the_trace_says_so(tmp_path: Path) -> None:
    path = tmp_path / "trace.jsonl"
    with TraceWriter(path) as recorder, pytest.raises(ApiError):
        run("http://127.0.0.1:9", [get_pet(1)], recorder=recorder)
    (trace,) = read_traces(path)
    assert trace.outcome.status == "failed"
    assert "127.0.0.1:9" in trace.outcome.reason


def test_a_model_that_fails_fails_the_run(url: str, tmp_path: Path) -> None:
    path = tmp_path / "trace.jsonl"
    with TraceWriter(path) as recorder, pytest.raises(ModelReplyError):
        run(url, [get_pet(1)], recorder=recorder)
    (trace,) = read_traces(path)
    assert trace.outcome.status == "failed"
    assert len(trace.events) == 3


class Faulty(Silent):
    """A model with an error of its own."""

    async def stream(self, request: Request) -> AsyncIterator[Piece]:
        yield "Well"
        raise ZeroDivisionError("in the model")


def test_an_error_that_nobody_foresaw_fails_the_run_too(url: str, tmp_path: Path) -> None:
    path = tmp_path / "trace.jsonl"
    with TraceWriter(path) as recorder, pytest.raises(ZeroDivisionError):
        run(url, [], model=Faulty(), recorder=recorder)
    (trace,) = read_traces(path)
    assert trace.outcome.status == "failed"
    assert trace.outcome.reason == "ZeroDivisionError: in the model"


def test_a_cancelled_run_is_recorded_as_interrupted(url: str, tmp_path: Path) -> None:
    model = Silent()

    async def play(recorder: TraceWriter) -> None:
        async with ApiTools(load_document(pets().openapi()), url) as api:

            async def turn() -> None:
                async with Agent(model, Toolbox([api]), recorder=recorder) as agent:
                    async for _ in agent.run("Hello"):
                        pass

            task = asyncio.create_task(turn())
            await model.writes.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    path = tmp_path / "trace.jsonl"
    with TraceWriter(path) as recorder:
        asyncio.run(play(recorder))
    (trace,) = read_traces(path)
    assert trace.outcome.status == "interrupted"
    assert model.closed
    assert path.read_text().splitlines()[-1].find('"record":"end"') > 0


def test_a_session_without_a_turn_writes_nothing(url: str, tmp_path: Path, serve: Serve) -> None:
    path = tmp_path / "trace.jsonl"

    async def idle(recorder: TraceWriter) -> None:
        async with (
            ApiTools(load_document(pets().openapi()), url) as api,
            Agent(Scripted([]), Toolbox([api]), recorder=recorder),
        ):
            pass

    with TraceWriter(path) as recorder:
        asyncio.run(idle(recorder))
    assert path.read_bytes() == b""


@pytest.mark.parametrize("name", FORMATS)
def test_an_agent_goes_on_from_a_conversation_that_was_elsewhere(name: str, tmp_path: Path) -> None:
    said: list[Event] = [
        UserEvent(index=7, at=3.0, text="Hello"),
        AssistantEvent(index=8, at=4.0, answer="Good day."),
    ]
    with TraceWriter(tmp_path / "t.jsonl") as recorder:
        model = Scripted(["Answer: Bye." if name != "native" else "Bye."])
        agent = Agent(model, Toolbox([]), prompt_format=get_format(name), recorder=recorder)

        async def go_on() -> None:
            await agent.recall(said)
            await _all(agent.run("Good bye"))

        asyncio.run(go_on())
        agent.finish()
    heard = "".join(message.content for message in model.requests[0].messages)
    assert heard.index("Hello") < heard.index("Good day.") < heard.index("Good bye")
    assert agent.trace.tools == agent.toolbox.specs
    (trace,) = read_traces(tmp_path / "t.jsonl")
    assert trace.events == agent.trace.events
    assert [event.index for event in trace.events] == [0, 1, 2, 3]
    assert [event.trainable for event in trace.events] == [False, False, False, True]


def test_a_call_that_was_open_elsewhere_is_told_as_not_made() -> None:
    said: list[Event] = [
        UserEvent(index=0, at=0.0, text="Hello"),
        AssistantEvent(index=1, at=0.0, calls=(Call(id="1", tool="getPet"),)),
    ]
    agent = Agent(Scripted(["Bye."]), Toolbox([]), prompt_format=get_format("native"))

    async def go_on() -> None:
        await agent.recall(said)
        await _all(agent.run("Good bye"))

    asyncio.run(go_on())
    assert observations(agent.trace) == ["This call was not made: the turn was over."]


async def _all(items: AsyncIterator[Event | TextDelta]) -> list[Event | TextDelta]:
    return [item async for item in items]


def test_what_a_tool_returns_can_be_written(tmp_path: Path) -> None:
    def halve() -> str:
        return "\ud83d"

    async def play() -> None:
        model = Scripted([calling(("halve", {})), "Done."])
        toolbox = Toolbox([FunctionTools([halve])])
        with TraceWriter(tmp_path / "trace.jsonl") as recorder:
            async with Agent(model, toolbox, recorder=recorder) as agent:
                async for _ in agent.run("Halve it"):
                    pass

    asyncio.run(play())
    (trace,) = read_traces(tmp_path / "trace.jsonl")
    assert observations(trace) == ["?"]
