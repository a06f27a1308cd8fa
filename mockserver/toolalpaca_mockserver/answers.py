"""From a sound request to an answer that the document allows."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote

from toolalpaca.errors import DocumentError, StateError
from toolalpaca.openapi.model import Example, Operation, Response
from toolalpaca_mockserver.disturbance.grammar import Fate
from toolalpaca_mockserver.engines import Commission, Composed, Earlier, Engine, Source
from toolalpaca_mockserver.engines.counts import spending
from toolalpaca_mockserver.engines.shortening import shortened
from toolalpaca_mockserver.error_bodies import error_body
from toolalpaca_mockserver.json_text import canonical, dump
from toolalpaca_mockserver.negotiation import preferred
from toolalpaca_mockserver.plan import Arguments, OperationPlan, ResponseBody
from toolalpaca_mockserver.problems import (
    PROBLEM_TYPE,
    Reason,
    header_text,
    phrase,
    problem,
    summary,
    without_secrets,
)
from toolalpaca_mockserver.reading.preferences import Preferences
from toolalpaca_mockserver.reading.requests import Request
from toolalpaca_mockserver.redirects import Redirects
from toolalpaca_mockserver.representations import represent
from toolalpaca_mockserver.response_headers import header_value
from toolalpaca_mockserver.spelling import letters
from toolalpaca_mockserver.state.outcome import Outcome
from toolalpaca_mockserver.state.page_links import PageLinks
from toolalpaca_mockserver.state.paging import Page, number_of
from toolalpaca_mockserver.state.refusing import Refusal
from toolalpaca_mockserver.state.simulation import Simulation
from toolalpaca_mockserver.state.store import SessionFull, state_status
from toolalpaca_mockserver.state.viewing import address
from toolalpaca_mockserver.telling import Teller
from toolalpaca_mockserver.values import NoInstance, ValueGenerator

_log = logging.getLogger(__name__)

_BEYOND_EXAMPLES: Final = 1000
"""A place in a list that no example of the document takes."""
_LONGEST_TOLD: Final = 500
"""Characters of a request, and of its answer, that a model is told later."""
EMPTY: Final = frozenset({204, 205, 304})
"""The statuses whose answers have no body."""
_INSTEAD: Final = {404: (410, 400, 422), 409: (422, 400), 507: (503, 429, 413)}
"""What says the same in documents that do not declare the status, best first."""
_GENERATED_NOT: Final = frozenset(
    {
        "content-type",
        "content-length",
        "transfer-encoding",
        "connection",
        "set-cookie",
        "link",
        "location",
        "date",
        "content-encoding",
        "www-authenticate",
        "allow",
    }
)


@dataclass(slots=True)
class Answer:
    """A response, before it is sent.

    Attributes:
        status: The status code.
        body: The bytes.
        content_type: ``""`` when there is no body.
        headers: Further headers, by name as they are sent.
        source: Where the body came from; "" where that says nothing.
        reason: Why it is not what was to be expected, such as another engine's.
        cookies: Values of ``Set-Cookie``, of which there may be several.
        conforming: Whether it is what the document says; None where nobody has asked.
        api: The name of the API that was called; "" where none was.
        operation: What was called; None where nothing was.
        disturbance: What went wrong on purpose, or "".
        fate: How delivering it fails on purpose, or None.
        rules: Which rules the request broke, as far as they have names.
    """

    status: int
    body: bytes = b""
    content_type: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    source: Source = "schema"
    reason: str = ""
    cookies: tuple[str, ...] = ()
    conforming: bool | None = None
    api: str = ""
    operation: Operation | None = None
    disturbance: str = ""
    fate: Fate | None = None
    rules: tuple[str, ...] = ()


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
        self.redirects = redirects
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
            return await self._preferred(plan, request, arguments, preferences)
        stateless = ""
        try:
            outcome = await self.simulation.act(plan.operation, arguments, session)
        except (NoInstance, DocumentError) as error:
            # What cannot be kept as an item can still be answered, though not remembered.
            _log.info("%s keeps no state: %s", plan.operation.name, error)
            outcome, stateless = None, "no-item"
        if isinstance(outcome, Refusal) and wanted is not None:
            return await self._preferred(plan, request, arguments, preferences)
        if isinstance(outcome, Refusal):
            status = fitting(plan.operation, outcome.status)
            return self.refuse(plan, request, status, outcome.detail, source="state")
        created = outcome is not None and outcome.created
        status, response = plan.success(created=created)
        if wanted is not None:
            status, response = wanted, plan.operation.responses[str(wanted)]
        content_type = self._content_type(response, request)
        if content_type is None:
            return self._not_acceptable(plan, request, response)
        try:
            answer = await self._success(
                plan, request, arguments, outcome, status, response, content_type, session
            )
            answer.reason = answer.reason or stateless
            if wanted is not None:
                answer.headers["Preference-Applied"] = preferences.applied
            return answer
        except (NoInstance, DocumentError) as error:
            return self._unable(plan, request, error)

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
        key = _key(plan, arguments)
        page = outcome.page if outcome is not None else None
        links = PageLinks(request, plan.operation, page) if page is not None else None
        if content_type and response is not None and status not in EMPTY:
            body = plan.body_of(response, content_type)
            if outcome is not None:
                value, known = self.teller.told(body, outcome, key, links)
            else:
                value, known = None, False
            if not known:
                composed = await self._composed(plan, arguments, body, key, session)
                value = composed.value
                answer.source, answer.reason = composed.source, composed.reason
                if outcome is not None and outcome.item is not None:
                    answer.reason = answer.reason or "state-does-not-fit"
            answer.content_type, answer.body = represent(value, body.media_type, body.contract)
        self._add_headers(plan, answer, response, key, outcome, request)
        if page is not None and links is not None and response is not None:
            _describe_page(answer, response, page, links)
        return answer

    async def _composed(
        self,
        plan: OperationPlan,
        arguments: Arguments,
        body: ResponseBody,
        key: str,
        session: str,
        examples: tuple[Example, ...] | None = None,
        index: int | None = None,
    ) -> Composed:
        known, earlier = await self.simulation.context.of_call(plan.operation, arguments, session)
        composed = await self.engine.compose(
            Commission(
                plan.operation,
                arguments,
                body.contract,
                plan.operation.name,
                key,
                index=index,
                examples=body.examples if examples is None else examples,
                known=known,
                earlier=earlier,
            )
        )
        if composed.asked and session:
            told = f"{plan.operation.method.upper()} {plan.operation.path}"
            said = without_secrets([arguments.path, arguments.query, arguments.body])
            answer = Earlier(
                f"{told} {shortened(said, _LONGEST_TOLD)}",
                shortened(composed.value, _LONGEST_TOLD),
                composed.asked,
                composed.key,
            )
            await self.simulation.context.remember(answer, session)
        return composed

    # -- preferences ------------------------------------------------------------------------

    async def _preferred(
        self,
        plan: OperationPlan,
        request: Request,
        arguments: Arguments,
        preferences: Preferences,
    ) -> Answer:
        if preferences.no_code:
            return _no_response(plan, preferences.no_code)
        status, response = plan.success()
        if preferences.code is not None:
            status = preferences.code
            response = plan.operation.response_for(status)
            if response is None:
                return _no_response(plan, str(status))
        elif preferences.example is not None:
            status, response = _with_example(plan, preferences.example) or (status, response)
        content_type = self._content_type(response, request, preferences.example)
        if content_type is None:
            return self._not_acceptable(plan, request, response)
        answer = Answer(status)
        try:
            if preferences.example is not None and not (content_type and response):
                return _no_example(preferences.example, ())
            if content_type and response is not None:
                body = plan.body_of(response, content_type)
                if preferences.example is not None:
                    examples = tuple(e for e in body.examples if e.name == preferences.example)
                    if not examples:
                        return _no_example(preferences.example, body.examples)
                    composed = Composed(examples[0].value, "example")
                elif status >= 400 and not (body.examples or preferences.dynamic):
                    value = error_body(self.generator, body.contract, status, phrase(status))
                    composed = Composed(value, "schema")
                else:
                    # Without a schema the examples are all that is known of the answer.
                    dynamic = preferences.dynamic and bool(body.contract.shape)
                    composed = await self._composed(
                        plan,
                        arguments,
                        body,
                        _key(plan, arguments),
                        "",
                        () if dynamic else body.examples,
                        index=_BEYOND_EXAMPLES if dynamic else None,
                    )
                answer.source, answer.reason = composed.source, composed.reason
                answer.content_type, answer.body = represent(
                    composed.value, body.media_type, body.contract
                )
        except (NoInstance, DocumentError) as error:
            return self._unable(plan, request, error)
        self._add_headers(plan, answer, response, "", None, request)
        answer.headers["Preference-Applied"] = header_text(preferences.applied)
        return answer

    # -- refusals ---------------------------------------------------------------------------

    def refuse(
        self,
        plan: OperationPlan,
        request: Request,
        status: int,
        detail: str,
        reasons: Sequence[Reason] = (),
        *,
        source: Source = "validator",
    ) -> Answer:
        """An error as the document declares it, or problem details when it does not."""
        said = summary(detail, reasons)
        answer = _problem(status, detail, source, reasons)
        response = plan.operation.response_for(status)
        content_type = self._content_type(response, request) if response is not None else ""
        if response is not None and not content_type and response.content:
            content_type = next(iter(response.content))  # an error in another type beats none
        if response is not None and content_type and status not in EMPTY:
            try:
                body = plan.body_of(response, content_type)
                shown = [example.value for example in body.examples]
                value = error_body(self.generator, body.contract, status, said, reasons, shown)
                answer.content_type, answer.body = represent(value, body.media_type, body.contract)
            except (NoInstance, DocumentError) as error:  # the problem details stand
                _log.info("%s: no body of its own for %d: %s", plan.operation.name, status, error)
        if response is not None:
            key = f"{plan.operation.name}!{status}"
            self._add_headers(plan, answer, response, key, None, request)
        answer.rules = tuple(reason.rule for reason in reasons)
        return answer

    def unkept(self, plan: OperationPlan, request: Request, error: StateError) -> Answer:
        """What answers a request whose session cannot be had, or holds no more."""
        status = fitting(plan.operation, state_status(error))
        answer = self.refuse(plan, request, status, str(error), source="state")
        if not isinstance(error, SessionFull):
            answer.headers["Retry-After"] = "1"
        return answer

    def _not_acceptable(
        self, plan: OperationPlan, request: Request, response: Response | None
    ) -> Answer:
        offered = ", ".join(response.content) if response is not None else ""
        wanted = header_text(request.headers.get("accept", ""))
        return self.refuse(plan, request, 406, f"the answer is {offered}, and not {wanted}")

    def _unable(self, plan: OperationPlan, request: Request, error: Exception) -> Answer:
        detail = f"no answer satisfies the document: {error}"
        return self.refuse(plan, request, 501, detail, source="schema")

    # -- parts of answers -------------------------------------------------------------------

    def _content_type(
        self, response: Response | None, request: Request, example: str | None = None
    ) -> str | None:
        """The key of the content to answer with; "" for no body, None for none acceptable.

        Of what is acceptable, what has an example of that name comes first.
        """
        if response is None or not response.content:
            return ""
        having = [
            key
            for key, media_type in (response.content.items() if example is not None else ())
            if any(shown.name == example for shown in media_type.examples)
        ]
        found = preferred(request.headers.get("accept", ""), having)
        if found is not None:
            return found
        return preferred(request.headers.get("accept", ""), response.content)

    def _add_headers(
        self,
        plan: OperationPlan,
        answer: Answer,
        response: Response | None,
        key: str,
        outcome: Outcome | None,
        request: Request,
    ) -> None:
        for name, header in response.headers.items() if response is not None else ():
            if name.lower() in _GENERATED_NOT:
                continue
            try:
                contract = self.generator.contract(header.schema)
                shown = (e.value for e in header.examples if contract.is_valid(e.value))
                value = next(shown, None)
                if value is None:
                    value = self.generator.for_contract(contract, name=name, key=key)
            except (NoInstance, DocumentError) as error:
                _log.info("%s goes without its header %s: %s", plan.operation.name, name, error)
                continue
            answer.headers[name] = header_text(header_value(header, value))
        if outcome is not None and outcome.created and outcome.role.resource.reader is not None:
            own = "" if outcome.role.deed != "create" else "/" + quote(outcome.key, safe="")
            answer.headers["Location"] = request.origin + _above(plan, request, outcome) + own
        elif 300 <= answer.status < 400:
            way = self.redirects.location(plan.operation, answer.status, response, request.origin)
            answer.headers.update({"Location": header_text(way)} if way is not None else {})


def fitting(operation: Operation, status: int) -> int:
    """*status*, or the one that *operation* documents in its place."""
    if operation.response_for(status) is not None:
        return status
    documented = (other for other in _INSTEAD.get(status, ()) if str(other) in operation.responses)
    return next(documented, status)


def _above(plan: OperationPlan, request: Request, outcome: Outcome) -> str:
    """The path of what was made, or of the collection that has it."""
    role = outcome.role
    if role.at:
        return address(request.path, plan.operation.path, "") + outcome.place.partition(":")[2]
    if role.view is None or role.view.has_items:
        return request.path.rstrip("/")
    return address(request.path, plan.operation.path, role.resource.collection)


def _label(outcome: Outcome) -> tuple[Source, str]:
    """Where items are from: they are the state's now, unless a model has just made them."""
    if outcome.source in ("llm", "cache") or outcome.reason:
        return outcome.source, outcome.reason
    return "state", ""


def _key(plan: OperationPlan, arguments: Arguments) -> str:
    """What tells this request from others: the same one is answered alike."""
    said = [arguments.path, arguments.query, arguments.body]
    return f"{plan.operation.name} {canonical(said)}"


def _describe_page(answer: Answer, response: Response, page: Page, links: PageLinks) -> None:
    """Let the declared headers that tell of a page, such as ``X-Total-Count``, tell of this one."""
    for name in response.headers:
        plain = letters(name).removeprefix("x").removeprefix("pagination")
        if plain == "link":
            value = links.header()
        elif plain in ("nextcursor", "nextpagetoken", "nexttoken"):
            value = page.next_cursor or ""
        else:
            number = number_of(plain, page)
            if number is None:
                continue
            value = str(number)
        answer.headers[name] = value
        if not value:
            del answer.headers[name]


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
    answer = _problem(404, f"the preference cannot be met: {detail}", "router")
    answer.reason = "preference"
    return answer


def _problem(status: int, detail: str, source: Source, reasons: Sequence[Reason] = ()) -> Answer:
    return Answer(
        status,
        dump(problem(status, detail, reasons)),
        PROBLEM_TYPE,
        {"toolalpaca-problem": header_text(summary(detail, reasons))},
        source,
    )
