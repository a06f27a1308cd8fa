"""One document, served."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlsplit

from toolalpaca.errors import StateError
from toolalpaca.openapi.model import Document, Operation
from toolalpaca_mockserver.answers import Answer, problem_answer
from toolalpaca_mockserver.disturbance.disturber import Disturber
from toolalpaca_mockserver.plan import OperationPlan
from toolalpaca_mockserver.problems import Reason, header_text, summary
from toolalpaca_mockserver.reading.auth import insufficient
from toolalpaca_mockserver.reading.content_codings import CODINGS, TooLarge, UnknownCoding, decoded
from toolalpaca_mockserver.reading.preferences import preferences_of
from toolalpaca_mockserver.reading.requests import LARGEST_BODY, Request
from toolalpaca_mockserver.redirects import Redirects
from toolalpaca_mockserver.responder import Responder
from toolalpaca_mockserver.router import Match, Router
from toolalpaca_mockserver.settings import DEFAULTS, Settings
from toolalpaca_mockserver.state.corrections import corrections_of
from toolalpaca_mockserver.state.origin import origin_of
from toolalpaca_mockserver.state.resources import Resources
from toolalpaca_mockserver.state.seeds import Seeds
from toolalpaca_mockserver.state.simulation import Simulation
from toolalpaca_mockserver.state.store import Store
from toolalpaca_mockserver.validators import RequestValidator
from toolalpaca_mockserver.values import ValueGenerator


class Api:
    """A document as a live API.

    Args:
        document: The document.
        prefix: The path in front of everything, without a slash at its end: ``""`` or ``/name``.
        store: Where sessions are kept.
        settings: How it is served.
    """

    def __init__(
        self, document: Document, prefix: str, store: Store, settings: Settings = DEFAULTS
    ) -> None:
        self.document = document
        self.prefix = prefix
        self.settings = settings
        self.router, self.unreachable = _route(document)
        self._validation = settings.validation
        plans = {o.name: OperationPlan(document, o, settings.credentials) for o in document}
        self.plans: Mapping[str, OperationPlan] = plans
        make_validator = settings.validator(document)
        self.validators: Mapping[str, RequestValidator] = {
            name: make_validator(plan) for name, plan in plans.items()
        }
        generator = ValueGenerator(document.root, settings.seed)
        self.engine = settings.engine(generator)
        resources = Resources(document, plans, corrections_of(document, settings.corrections))
        simulation = Simulation(
            document.name,
            plans,
            resources,
            Seeds(generator),
            self.engine,
            store,
            open_world=settings.open_world,
            origin=origin_of(document, resources.corrections),
        )
        self.simulation = simulation
        redirects = Redirects(document, prefix, generator)
        self.responder = Responder(generator, self.engine, simulation, redirects)
        self.refuser = self.responder.refuser
        self.disturber = Disturber(settings.disturbances)
        self.answerer = settings.answerer(document, self.responder)

    async def answer(self, request: Request, path: str, session: str) -> Answer:
        """The answer to *request*, whose path below the prefix is *path*."""
        match = self._match(request.method.lower(), path)
        if match is None:
            answer = self._unrouted(request, path)
        else:
            plan = self.plans[match.target.name]
            values = match.values
            if self.disturber.is_idle(request):
                answer = await self._planned(plan, request, values, session)
            else:
                answer = await self.disturber.around(
                    plan,
                    request,
                    session,
                    lambda: self._planned(plan, request, values, session),
                    lambda status, detail: self.refuser.refuse(plan, request, status, detail),
                )
            answer.operation = plan.operation
        answer.api = self.document.name
        return answer

    async def _planned(
        self, plan: OperationPlan, request: Request, values: Mapping[str, str], session: str
    ) -> Answer:
        refused = self._guarded(plan, request) if self._validation == "strict" else None
        if refused is not None:
            return refused
        if "content-encoding" in request.headers:
            refused = self._undecodable(plan, request)
            if refused is not None:
                return refused
        reasons: list[Reason] = []
        if self._validation == "off":
            arguments = plan.read(request, values)
        else:
            arguments, reasons = self.validators[plan.operation.name].check(request, values)
        if reasons and self._validation == "strict":
            detail = "the request does not satisfy the document"
            return self.refuser.refuse(plan, request, plan.refusal(reasons), detail, reasons)
        preferences = preferences_of(request)
        try:
            answer = await self.answerer.answer(plan, request, arguments, preferences, session)
        except StateError as error:
            answer = self.refuser.unkept(plan, request, error)
        if self._validation == "warn":
            self._warn(answer, plan, request, reasons)
        return answer

    def _warn(
        self, answer: Answer, plan: OperationPlan, request: Request, reasons: list[Reason]
    ) -> None:
        """Say in *answer* what a strict server would have refused the request for."""
        faults = [summary("", reasons)] if reasons else []
        refused = self._guarded(plan, request)
        if refused is not None:
            faults.append(refused.headers["toolalpaca-problem"])
        if faults:
            told = answer.headers.get("toolalpaca-problem", "")
            said = "; ".join(filter(None, [*faults, told]))
            answer.headers["toolalpaca-problem"] = header_text(said)
            answer.rules = tuple(reason.rule for reason in reasons)

    def _undecodable(self, plan: OperationPlan, request: Request) -> Answer | None:
        """The refusal of a body whose content codings cannot be undone; None when they are.

        An operation that declares the header makes of it what it likes.
        """
        headers = (p.name.lower() for p in plan.operation.parameters if p.location == "header")
        if "content-encoding" in headers:
            return None
        try:
            codings = request.headers["content-encoding"]
            request.body = decoded(request.body, codings, LARGEST_BODY)
        except UnknownCoding as error:
            answer = self.refuser.refuse(plan, request, 415, str(error))
            answer.headers["Accept-Encoding"] = CODINGS
            return answer
        except ValueError as error:
            status = 413 if isinstance(error, TooLarge) else 400
            return self.refuser.refuse(plan, request, status, str(error))
        return None

    def _guarded(self, plan: OperationPlan, request: Request) -> Answer | None:
        if request.trusted or not self.settings.authenticate:
            return None
        if not plan.guard.admits(request):
            return self._unauthorized(plan, request)
        lacking = plan.guard.lacking(request)
        return self._forbidden(plan, request, lacking) if lacking else None

    async def fill(self, path: str, items: Sequence[dict[str, Any]], session: str) -> list[Reason]:
        """Let the collection that is listed at *path* hold just *items*.

        Returns:
            What is wrong with them; nothing has changed then.

        Raises:
            LookupError: No resource is listed there.
        """
        match = self._match("get", quote(path, safe="/%"))
        if match is None:
            raise LookupError(f"the document {self.document.name} has no such path")
        plan = self.plans[match.target.name]
        arguments, _ = plan.check(Request("GET", path), match.values)
        return await self.simulation.fill(plan.operation, arguments.path, items, session)

    def methods(self, path: str) -> list[str]:
        """The methods that *path* answers, upper case; none when the document has no such path."""
        found = [method.upper() for method in self.router.methods(path)]
        if "GET" in found and "HEAD" not in found:
            found.append("HEAD")
        return [*found, "OPTIONS"] if found and "OPTIONS" not in found else found

    def _match(self, method: str, path: str) -> Match[Operation] | None:
        match = self.router.match(method, path)
        if match is None and method == "head":
            match = self.router.match("get", path)
        if match is not None or method == "head" or len(path) == 1:
            return match
        if not self.router.is_concrete(path):
            other = path.rstrip("/") if path.endswith("/") else path + "/"
            return self.router.match(method, other)
        return match

    def _unrouted(self, request: Request, path: str) -> Answer:
        methods = self.methods(path)
        if methods and request.method == "OPTIONS":
            return Answer(204, headers={"Allow": ", ".join(methods)}, source="router")
        if methods:
            detail = f"{request.method} is not among the methods of this path"
            answer = problem_answer(405, detail)
            answer.headers["Allow"] = ", ".join(methods)
            return answer
        return problem_answer(404, f"the document {self.document.name} has no such path")

    def _unauthorized(self, plan: OperationPlan, request: Request) -> Answer:
        documented = plan.operation.responses
        says_so = not documented.keys().isdisjoint(("401", "4XX", "default"))
        status = 403 if "403" in documented and not says_so else 401
        answer = self.refuser.refuse(plan, request, status, plan.guard.demands())
        answer.headers["WWW-Authenticate"] = ", ".join(plan.guard.challenges())
        return answer

    def _forbidden(self, plan: OperationPlan, request: Request, scopes: list[str]) -> Answer:
        detail = f"the token lacks the scope {', '.join(scopes)}"
        answer = self.refuser.refuse(plan, request, 403, detail)
        answer.headers["WWW-Authenticate"] = insufficient(scopes)
        return answer


def _route(document: Document) -> tuple[Router[Operation], list[Operation]]:
    """The router of a document, and the operations that another one hides.

    Every path is served as it stands and below the path of its servers.
    """
    router: Router[Operation] = Router()
    hidden = []
    for operation in document:
        path = _path_alone(operation.path)
        if not router.add(operation.method, path, operation):
            hidden.append(operation)
    for operation in document:
        for server in operation.servers or document.servers:
            base = urlsplit(server).path.rstrip("/")
            if base and base != "/":
                start = base if base.startswith("/") else "/" + base
                router.add(operation.method, start + _path_alone(operation.path), operation)
    return router, hidden


def _path_alone(path: str) -> str:
    """A path key without the query and fragment that some documents write into it."""
    return path.partition("#")[0].partition("?")[0] or "/"
