"""Responses that a client chooses: by code, by the name of an example, or made anew."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from toolalpaca.errors import DocumentError
from toolalpaca.openapi.model import Example, Response
from toolalpaca_mockserver.answer_headers import AnswerHeaders
from toolalpaca_mockserver.answers import Answer, problem_answer
from toolalpaca_mockserver.composing import Composer, request_key
from toolalpaca_mockserver.engines import Composed
from toolalpaca_mockserver.error_bodies import error_body
from toolalpaca_mockserver.negotiation import acceptable
from toolalpaca_mockserver.plan import Arguments, OperationPlan, ResponseBody
from toolalpaca_mockserver.problems import header_text, phrase
from toolalpaca_mockserver.reading.preferences import Preferences
from toolalpaca_mockserver.reading.requests import Request
from toolalpaca_mockserver.refusals import Refuser
from toolalpaca_mockserver.representations import represent
from toolalpaca_mockserver.values import NoInstance

_BEYOND_EXAMPLES: Final = 1000
"""A place in a list that no example of the document takes."""


class Preferrer:
    """Answers as clients would rather have it (the header ``Prefer``).

    Args:
        composer: Has bodies composed.
        headers: Gives answers their headers.
        refuser: Refuses what cannot be answered.
    """

    def __init__(self, composer: Composer, headers: AnswerHeaders, refuser: Refuser) -> None:
        self.composer = composer
        self.headers = headers
        self.refuser = refuser

    async def answer(
        self,
        plan: OperationPlan,
        request: Request,
        arguments: Arguments,
        preferences: Preferences,
    ) -> Answer:
        """The response that *preferences* ask for, whatever the session holds."""
        chosen = _chosen(plan, preferences)
        if isinstance(chosen, Answer):
            return chosen
        status, response = chosen
        accept = request.headers.get("accept", "")
        content_type = acceptable(response, accept, preferences.example)
        if content_type is None:
            return self.refuser.not_acceptable(plan, request, response)
        if preferences.example is not None and not (content_type and response):
            return _no_example(preferences.example, ())
        answer = Answer(status)
        try:
            if content_type and response is not None:
                body = plan.body_of(response, content_type)
                composed = await self._composed(plan, arguments, body, status, preferences)
                if isinstance(composed, Answer):
                    return composed
                answer.source, answer.reason = composed.source, composed.reason
                answer.content_type, answer.body = represent(
                    composed.value, body.media_type, body.contract
                )
        except (NoInstance, DocumentError) as error:
            return self.refuser.unable(plan, request, error)
        self.headers.add(plan, answer, response, "", None, request)
        answer.headers["Preference-Applied"] = header_text(preferences.applied)
        return answer

    async def _composed(
        self,
        plan: OperationPlan,
        arguments: Arguments,
        body: ResponseBody,
        status: int,
        preferences: Preferences,
    ) -> Composed | Answer:
        """What *body* holds, or the answer that there is no such example."""
        if preferences.example is not None:
            examples = (e for e in body.examples if e.name == preferences.example)
            example = next(examples, None)
            if example is None:
                return _no_example(preferences.example, body.examples)
            return Composed(example.value, "example")
        if status >= 400 and not (body.examples or preferences.dynamic):
            value = error_body(self.refuser.generator, body.contract, status, phrase(status))
            return Composed(value, "schema")
        # Without a schema the examples are all that is known of the answer.
        dynamic = preferences.dynamic and bool(body.contract.shape)
        return await self.composer.compose(
            plan,
            arguments,
            body,
            request_key(plan, arguments),
            "",
            () if dynamic else body.examples,
            index=_BEYOND_EXAMPLES if dynamic else None,
        )


def _chosen(plan: OperationPlan, preferences: Preferences) -> tuple[int, Response | None] | Answer:
    """The status and the response that *preferences* mean, or the answer that there is none."""
    if preferences.no_code:
        return _no_response(plan, preferences.no_code)
    if preferences.code is not None:
        response = plan.operation.response_for(preferences.code)
        if response is None:
            return _no_response(plan, str(preferences.code))
        return preferences.code, response
    if preferences.example is not None:
        return _with_example(plan, preferences.example) or plan.success()
    return plan.success()


def _with_example(plan: OperationPlan, name: str) -> tuple[int, Response] | None:
    """The first documented response that has an example of that name, successes before others."""
    ranked = sorted(plan.operation.responses.items(), key=lambda pair: not pair[0].startswith("2"))
    for status, response in ranked:
        if any(e.name == name for m in response.content.values() for e in m.examples):
            return (int(status) if status.isdigit() else plan.success()[0]), response
    return None


def _no_example(name: str, sound: Sequence[Example]) -> Answer:
    known = ", ".join(example.name for example in sound) or "none"
    return _unmet(f"there is no example {name!r} that fits its schema; there are {known}")


def _no_response(plan: OperationPlan, code: str) -> Answer:
    known = ", ".join(plan.operation.responses) or "none"
    return _unmet(f"the document describes no response {code}; there are {known}")


def _unmet(detail: str) -> Answer:
    """What answers a preference that cannot be met, told apart from a documented 404 by header."""
    answer = problem_answer(404, f"the preference cannot be met: {detail}")
    answer.reason = "preference"
    return answer
