"""From a sound request to an answer that the document allows."""

from __future__ import annotations

import logging

from toolalpaca.errors import DocumentError
from toolalpaca.openapi.model import Response
from toolalpaca_mockserver.answer_headers import AnswerHeaders, describe_page
from toolalpaca_mockserver.answers import EMPTY, Answer
from toolalpaca_mockserver.composing import Composer, request_key
from toolalpaca_mockserver.engines import Engine, Source
from toolalpaca_mockserver.engines.counts import spending
from toolalpaca_mockserver.negotiation import acceptable
from toolalpaca_mockserver.plan import Arguments, OperationPlan
from toolalpaca_mockserver.preferring import Preferrer
from toolalpaca_mockserver.reading.preferences import Preferences
from toolalpaca_mockserver.reading.requests import Request
from toolalpaca_mockserver.redirects import Redirects
from toolalpaca_mockserver.refusals import Refuser, fitting
from toolalpaca_mockserver.representations import represent
from toolalpaca_mockserver.state.outcome import Outcome
from toolalpaca_mockserver.state.page_links import PageLinks
from toolalpaca_mockserver.state.refusing import Refusal
from toolalpaca_mockserver.state.simulation import Simulation
from toolalpaca_mockserver.telling import Teller
from toolalpaca_mockserver.values import NoInstance, ValueGenerator

_log = logging.getLogger(__name__)


class Responder:
    """Answers the operations of one API.

    Args:
        generator: Makes values.
        engine: Composes bodies.
        simulation: What is remembered.
        redirects: Where redirects lead.
    """

    def __init__(
        self,
        generator: ValueGenerator,
        engine: Engine,
        simulation: Simulation,
        redirects: Redirects,
    ) -> None:
        self.generator = generator
        self.engine = engine
        self.simulation = simulation
        self.headers = AnswerHeaders(generator, redirects)
        self.refuser = Refuser(generator, self.headers)
        self.composer = Composer(engine, simulation.context)
        self.preferrer = Preferrer(self.composer, self.headers, self.refuser)
        self.teller = Teller(generator)

    async def answer(
        self,
        plan: OperationPlan,
        request: Request,
        arguments: Arguments,
        preferences: Preferences,
        session: str,
    ) -> Answer:
        """The answer to a request that is sound."""
        if not self.engine.sees_state:
            return await self._answer(plan, request, arguments, preferences, session)
        with spending() as spent:
            answer = await self._answer(plan, request, arguments, preferences, session)
        told = spent.as_header()
        if told:
            answer.headers["toolalpaca-model"] = told
        return answer

    async def _answer(
        self,
        plan: OperationPlan,
        request: Request,
        arguments: Arguments,
        preferences: Preferences,
        session: str,
    ) -> Answer:
        wanted = preferences.code if preferences.keeps_state else None
        if preferences.any and (wanted is None or str(wanted) not in plan.operation.responses):
            return await self.preferrer.answer(plan, request, arguments, preferences)
        stateless = ""
        try:
            outcome = await self.simulation.act(plan.operation, arguments, session)
        except (NoInstance, DocumentError) as error:
            # What cannot be kept as an item can still be answered, though not remembered.
            _log.info("%s keeps no state: %s", plan.operation.name, error)
            outcome, stateless = None, "no-item"
        if isinstance(outcome, Refusal) and wanted is not None:
            return await self.preferrer.answer(plan, request, arguments, preferences)
        if isinstance(outcome, Refusal):
            status = fitting(plan.operation, outcome.status)
            return self.refuser.refuse(plan, request, status, outcome.detail, source="state")
        created = outcome is not None and outcome.created
        status, response = plan.success(created=created)
        if wanted is not None:
            status, response = wanted, plan.operation.responses[str(wanted)]
        content_type = acceptable(response, request.headers.get("accept", ""))
        if content_type is None:
            return self.refuser.not_acceptable(plan, request, response)
        try:
            answer = await self._success(
                plan, request, arguments, outcome, status, response, content_type, session
            )
            answer.reason = answer.reason or stateless
            if wanted is not None:
                answer.headers["Preference-Applied"] = preferences.applied
            return answer
        except (NoInstance, DocumentError) as error:
            return self.refuser.unable(plan, request, error)

    async def _success(
        self,
        plan: OperationPlan,
        request: Request,
        arguments: Arguments,
        outcome: Outcome | None,
        status: int,
        response: Response | None,
        content_type: str,
        session: str,
    ) -> Answer:
        answer = Answer(status)
        if outcome is not None:
            answer.source, answer.reason = _label(outcome)
        key = request_key(plan, arguments)
        page = outcome.page if outcome is not None else None
        links = PageLinks(request, plan.operation, page) if page is not None else None
        if content_type and response is not None and status not in EMPTY:
            body = plan.body_of(response, content_type)
            if outcome is not None:
                value, known = self.teller.told(body, outcome, key, links)
            else:
                value, known = None, False
            if not known:
                composed = await self.composer.compose(plan, arguments, body, key, session)
                value = composed.value
                answer.source, answer.reason = composed.source, composed.reason
                if outcome is not None and outcome.item is not None:
                    answer.reason = answer.reason or "state-does-not-fit"
            answer.content_type, answer.body = represent(value, body.media_type, body.contract)
        self.headers.add(plan, answer, response, key, outcome, request)
        if page is not None and links is not None and response is not None:
            describe_page(answer, response, page, links)
        return answer


def _label(outcome: Outcome) -> tuple[Source, str]:
    """Where items are from: they are the state's now, unless a model has just made them."""
    if outcome.source in ("llm", "cache") or outcome.reason:
        return outcome.source, outcome.reason
    return "state", ""
