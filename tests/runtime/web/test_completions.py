"""The agent as a model, as OpenAI's own SDK sees it."""

from __future__ import annotations

import asyncio
import json
import threading
from typing import Any

import httpx2
import openai
import pytest
from openai import AsyncOpenAI, OpenAI

from toolalpaca.errors import ModelUnavailable
from toolalpaca.trace import AssistantEvent, ObservationEvent, UserEvent
from toolalpaca_runtime.limits import Limits
from toolalpaca_runtime.policy import Policy
from toolalpaca_runtime.web.access import Keys
from toolalpaca_runtime.web.speech import LONG

from .conftest import Open, Served, calling

USER = {"role": "user", "content": "Show pet 3"}


def sdk(served: Served, key: str = "none") -> OpenAI:
    return OpenAI(base_url=f"{served.url}/v1", api_key=key, max_retries=2)


def ask(client: OpenAI, *messages: Any, **options: Any) -> Any:
    return client.chat.completions.create(model="any", messages=messages, **options)


def test_an_answer_comes_whole_with_what_was_done(open_agent: Open) -> None:
    served = open_agent(calling("getPet", "I look.", pet_id=3), "It is Pet 3.")
    with sdk(served) as client:
        completion = ask(client, USER)
    (choice,) = completion.choices
    assert completion.model == "any"
    assert choice.finish_reason == "stop"
    assert choice.message.content == "It is Pet 3."
    assert choice.message.reasoning_content == (
        'I look.\n→ getPet(pet_id=3)\n← 200 {"id":3,"name":"Pet 3"}\n'
    )
    assert completion.usage is not None
    assert completion.usage.total_tokens == 30
    assert completion.usage.prompt_tokens_details.cached_tokens == 8
    (trace,) = served.traces()
    assert trace.outcome.answer == "It is Pet 3."


def test_an_answer_streams_with_what_is_done(open_agent: Open) -> None:
    hold = threading.Event()
    served = open_agent(calling("getPet", "I look.", pet_id=3), ["It is ", hold, "Pet 3."])
    reasoning, content, finish, usage = "", "", [], None
    with sdk(served) as client:
        for chunk in ask(client, USER, stream=True, stream_options={"include_usage": True}):
            for choice in chunk.choices:
                reasoning += getattr(choice.delta, "reasoning_content", None) or ""
                content += choice.delta.content or ""
                finish += [choice.finish_reason] if choice.finish_reason else []
                if "← 200" in reasoning:
                    hold.set()  # what was done is told before the answer is there
            usage = chunk.usage or usage
    assert reasoning == 'I look.\n→ getPet(pet_id=3)\n← 200 {"id":3,"name":"Pet 3"}\n'
    assert content == "It is Pet 3."
    assert finish == ["stop"]
    assert usage is not None
    assert usage.completion_tokens == 10


def test_a_long_answer_comes_as_it_is_written(open_agent: Open) -> None:
    hold, long, longer = threading.Event(), "So it is. " * 30, "x" * LONG
    narrating = calling("getPet", longer, pet_id=3)
    served = open_agent(narrating, [" ", long, hold, "That was all.  "], "And so on.")
    content, reasoning = "", ""
    with sdk(served) as client:
        for chunk in ask(client, USER, stream=True):
            content += chunk.choices[0].delta.content or ""
            reasoning += getattr(chunk.choices[0].delta, "reasoning_content", None) or ""
            if content.endswith(long):
                hold.set()
        # What stood before a call was long, and could not be told from an answer.
        assert content == f"{longer}\n\n{long}That was all.  "
        assert longer not in reasoning
        ask(client, USER, {"role": "assistant", "content": content.strip()}, USER)
    assert [message.role for message in served.model.requests[2].messages] == [
        "system", "user", "assistant", "tool", "assistant", "user",
    ]  # fmt: skip


def test_usage_streams_only_when_asked_for(open_agent: Open) -> None:
    with sdk(open_agent("Hello.")) as client:
        chunks = list(ask(client, USER, stream=True))
    assert all(chunk.usage is None and chunk.choices for chunk in chunks)


@pytest.mark.anyio
async def test_many_are_answered_at_once(open_agent: Open) -> None:
    hold = threading.Event()
    served = open_agent(["One", hold], "Two")
    async with AsyncOpenAI(base_url=f"{served.url}/v1", api_key="none") as client:

        async def one() -> str | None:
            completion = await client.chat.completions.create(model="any", messages=[USER])  # type: ignore[list-item]
            return completion.choices[0].message.content

        first = asyncio.create_task(one())
        while not served.model.requests:
            await asyncio.sleep(0)
        assert await one() == "Two"
        assert not first.done()
        hold.set()
        assert await first == "One"
    assert len(served.traces()) == 2


def test_models_are_listed(open_agent: Open) -> None:
    with sdk(open_agent()) as client:
        assert [model.id for model in client.models.list()] == ["pets"]
        assert client.models.retrieve("any/name").owned_by == "toolalpaca"


def test_a_conversation_goes_on_with_the_calls_that_were_made(open_agent: Open) -> None:
    served = open_agent(
        calling("getPet", pet_id=3), "It is Pet 3.", "Pet 3, as I said.", "Another end."
    )
    answered = {"role": "assistant", "content": " It is Pet 3.\n"}  # as a front end trims or not
    with sdk(served) as client:
        ask(client, USER)
        for text in ("Pet 3, as I said.", "Another end."):  # asked again, it goes on from the same
            completion = ask(client, USER, answered, {"role": "user", "content": "Which?"})
            assert completion.choices[0].message.content == text
    for request in served.model.requests[2:]:
        assert [message.role for message in request.messages] == [
            "system", "user", "assistant", "tool", "assistant", "user",
        ]  # fmt: skip
    _, second, third = served.traces()
    assert [type(event) for event in second.events] == [
        UserEvent, AssistantEvent, ObservationEvent, AssistantEvent, UserEvent, AssistantEvent,
    ]  # fmt: skip
    assert [event.trainable for event in second.events] == [False] * 5 + [True]
    assert third.events[:4] == second.events[:4]


def test_a_conversation_from_elsewhere_is_heard_as_words(open_agent: Open) -> None:
    served = open_agent("Yes.")
    with sdk(served) as client:
        ask(
            client,
            {"role": "system", "content": "Be brief."},
            {"role": "assistant", "content": "What can I do for you?"},
            {"role": "user", "content": [{"type": "text", "text": "Hello"}]},
            {"role": "user", "content": "you"},
            {"role": "assistant", "content": "Hello."},
            {"role": "user", "content": "Are you well?"},
        )
    heard = [(m.role, m.content) for m in served.model.requests[0].messages[1:]]
    assert heard == [
        ("user", "Be brief.\n\nHello\n\nyou"),
        ("assistant", "Hello."),
        ("user", "Are you well?"),
    ]


def test_a_question_is_the_answer_and_is_answered_next(open_agent: Open) -> None:
    served = open_agent(
        calling("getDetails", question="Which pet?"), calling("getPet", pet_id=7), "Pet 7."
    )
    with sdk(served) as client:
        first = ask(client, {"role": "user", "content": "Show a pet"})
        assert first.choices[0].message.content == "Which pet?"
        assert first.choices[0].finish_reason == "stop"
        second = ask(
            client,
            {"role": "user", "content": "Show a pet"},
            {"role": "assistant", "content": "Which pet?"},
            {"role": "user", "content": "Number 7"},
        )
    assert second.choices[0].message.content == "Pet 7."
    told = served.model.requests[1].messages[-1]
    assert (told.role, told.content) == ("tool", "Number 7")


def test_what_changes_something_is_refused_and_said_so(open_agent: Open) -> None:
    served = open_agent(calling("adoptPet", name="Ada"), "I may not.")
    with sdk(served) as client:
        completion = ask(client, {"role": "user", "content": "Adopt Ada"})
    assert served.api.adopted == []
    assert "the user has not allowed that" in completion.choices[0].message.reasoning_content
    assert "Refused" in served.model.requests[1].messages[-1].content


def test_what_is_allowed_beforehand_is_done(open_agent: Open) -> None:
    served = open_agent(calling("adoptPet", name="Ada"), "Done.", policy=Policy(unsafe="allow"))
    with sdk(served) as client:
        ask(client, {"role": "user", "content": "Adopt Ada"})
    assert served.api.adopted == ["Ada"]


def test_a_limit_ends_the_answer_as_a_length_does(open_agent: Open) -> None:
    served = open_agent(calling("getPet", pet_id=1), limits=Limits(steps=1))
    with sdk(served) as client:
        (choice,) = ask(client, USER).choices
    assert choice.finish_reason == "length"
    assert choice.message.content.startswith("I stopped without an answer")


@pytest.mark.parametrize(
    ("messages", "options", "reason"),
    [
        ([], {}, "messages"),
        ([{"role": "assistant", "content": "Hello"}], {}, "must be the user's"),
        ([{"role": "user", "content": " "}], {}, "say something"),
        ([{"role": "user"}], {}, "say something"),
        ([{"role": "poet", "content": "Hello"}], {}, "messages.0.role"),
        ([{"role": "tool", "content": "x", "tool_call_id": "1"}, USER], {}, "messages of tools"),
        ([{"role": "user", "content": [{"type": "image_url"}]}], {}, "not image_url"),
        ([USER], {"n": 2}, "n: "),
        ([USER], {"tools": [{"type": "function", "function": {"name": "f"}}]}, "tools: "),
        ([USER], {"response_format": {"type": "json_object"}}, "response_format: "),
        ([USER], {"extra_body": {"stream": "perhaps"}}, "stream"),
        ([USER] * 1001, {}, "1,000 at most"),
        ([{"role": "user", "content": "x" * 1_000_001}], {}, "1,000,000 characters at most"),
    ],
)
def test_what_an_agent_does_not_do_is_an_error_that_says_so(
    open_agent: Open, messages: list[Any], options: dict[str, Any], reason: str
) -> None:
    served = open_agent()
    with sdk(served) as client, pytest.raises(openai.BadRequestError) as caught:
        ask(client, *messages, **options)
    assert reason in str(caught.value)
    assert caught.value.type == "invalid_request_error"


@pytest.mark.parametrize("place", ["model", "content"])
@pytest.mark.parametrize("stream", [False, True])
def test_half_of_a_surrogate_pair_is_refused(open_agent: Open, place: str, stream: bool) -> None:
    words = {"model": "any", "content": "Hello"} | {place: "\ud800"}
    body = {"model": words["model"], "messages": [{**USER, "content": words["content"]}]}
    answer = httpx2.post(
        f"{open_agent().url}/v1/chat/completions",
        content=json.dumps({**body, "stream": stream}),
        headers={"content-type": "application/json"},
    )
    assert answer.status_code == 400
    assert "cannot be written" in answer.json()["error"]["message"]


def test_other_errors_have_the_form_of_openai_too(open_agent: Open) -> None:
    served = open_agent(keys=Keys(api_key="right"))
    with sdk(served, "wrong") as client, pytest.raises(openai.AuthenticationError):
        client.models.list()
    with sdk(served, "right") as client, pytest.raises(openai.NotFoundError):
        client.embeddings.create(model="any", input="x")
    answer = httpx2.post(
        f"{served.url}/v1/chat/completions",
        content=b"{",
        headers={"content-type": "application/json", "authorization": "Bearer right"},
    )
    assert answer.status_code == 400
    assert answer.json()["error"]["type"] == "invalid_request_error"


@pytest.mark.parametrize(
    ("fault", "status", "reason"),
    [
        (ModelUnavailable("nobody is there"), 502, "nobody is there"),
        (RuntimeError("secret detail"), 500, "the server's log"),
    ],
)
def test_a_failing_run_is_an_error_and_is_not_tried_again(
    open_agent: Open, fault: Exception, status: int, reason: str
) -> None:
    served = open_agent(calling("getPet", pet_id=3), fault, "Again.", fault)
    with sdk(served) as client:
        with pytest.raises(openai.InternalServerError) as caught:
            ask(client, USER)
        assert caught.value.status_code == status
        assert reason in str(caught.value)
        assert "secret" not in str(caught.value)
        assert len(served.model.requests) == 2
        assert ask(client, USER).choices[0].message.content == "Again."
        with pytest.raises(openai.APIError, match=reason):
            list(ask(client, USER, stream=True))
    assert [trace.outcome.status for trace in served.traces()][1] == "answered"
    assert served.traces()[0].outcome.status != "answered"


@pytest.mark.anyio
@pytest.mark.parametrize("stream", [False, True])
async def test_who_leaves_ends_the_run(open_agent: Open, stream: bool) -> None:
    served = open_agent(calling("waitForever"))
    async with AsyncOpenAI(base_url=f"{served.url}/v1", api_key="none") as client:

        async def listen() -> None:
            answer: Any = await client.chat.completions.create(
                model="any",
                messages=[USER],  # type: ignore[list-item]
                stream=stream,
            )
            async for _ in answer:
                pass

        listening = asyncio.create_task(listen())
        await asyncio.to_thread(served.api.reached.wait, 30)
        listening.cancel()
        await asyncio.wait({listening})
        assert await asyncio.to_thread(served.api.left.wait, 30)
    assert served.traces()[0].outcome.status == "interrupted"


def test_a_stopping_server_ends_what_runs(open_agent: Open) -> None:
    served = open_agent(calling("waitForever"))
    failed: list[Exception] = []

    def listen() -> None:
        with sdk(served) as client:
            try:
                ask(client.with_options(max_retries=0), USER)
            except openai.APIError as error:
                failed.append(error)

    listening = threading.Thread(target=listen)
    listening.start()
    assert served.api.reached.wait(30)
    served.stop()
    listening.join()
    assert len(failed) == 1
    assert served.api.left.wait(30)
    assert [trace.outcome.status for trace in served.traces()] == ["interrupted"]


def test_the_page_can_be_left_out(open_agent: Open) -> None:
    served = open_agent("Hello.", page=False)
    with served.client() as client:
        assert client.get("/").status_code == 404
        assert client.get("/api/about").status_code == 404
    with sdk(served) as client:
        assert ask(client, USER).choices[0].message.content == "Hello."
