"""The tools of one API: check, ask, send, observe."""

from __future__ import annotations

import copy
import logging
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

import httpx2

from toolalpaca.calling.request import PreparedRequest, UnusableArgument, build_request
from toolalpaca.calling.tools import Tool, make_tools
from toolalpaca.llm.protocol import ToolSpec
from toolalpaca.openapi.model import Document, Operation
from toolalpaca.redaction import MASK
from toolalpaca.trace import Call, HttpRequest, HttpResponse, Source
from toolalpaca_runtime.auth import Authorization, Credentials, lacking
from toolalpaca_runtime.checking import check_arguments
from toolalpaca_runtime.conformance import Conformance
from toolalpaca_runtime.network.connections import new_api_client
from toolalpaca_runtime.network.hosts import HostRules
from toolalpaca_runtime.network.settings import Bounds
from toolalpaca_runtime.observation import (
    LONGEST_BODY,
    Observation,
    Payload,
    is_text,
    response_text,
)
from toolalpaca_runtime.policy import SAFE_METHODS, Policy
from toolalpaca_runtime.sending import AuthorizedSender
from toolalpaca_runtime.tools.source import qualified
from toolalpaca_runtime.transport import NoAnswer, RawResponse
from toolalpaca_runtime.user import Approve, PendingCall, nobody

_LOG = logging.getLogger(__name__)

SESSION_HEADER: Final = "toolalpaca-session"
"""The request header that names a world of its own on a mock server."""

SOURCE_HEADER: Final = "toolalpaca-source"
"""The response header in which a mock server says which of its parts answered."""

_SOURCES: Mapping[str, Source] = {"cache": "cache", "validator": "validator"}
_SECRET_HEADERS = ("set-cookie",)


@dataclass(frozen=True, slots=True)
class PreparedCall:
    """A call that could be sent as it is.

    Attributes:
        tool: What is called.
        arguments: As they were checked and mended.
        request: Without credentials.
        authorization: The credentials; access tokens that must be got are not among them yet.
        recorded: The request as people may see it, secrets redacted.
        repairs: What was changed in the arguments, a sentence each.
    """

    tool: Tool
    arguments: Mapping[str, Any]
    request: PreparedRequest
    authorization: Authorization
    recorded: HttpRequest
    repairs: tuple[str, ...] = ()


class ApiTools:
    """The tools of an API.

    A mistake of the model (arguments that do not fit) is an observation, and nothing is sent. An
    API that answers an error, too slowly or not at all is an observation, too.

    Args:
        document: The API.
        base_url: Below which its paths are. Requests go there and nowhere else.
        own_servers: Whether operations that have servers of their own are called there instead.
        credentials: By security scheme.
        headers: Sent with every request, such as a mock server's session.
        simulated: Whether the API is a mock: nothing there can be harmed, and its credentials are
            placeholders.
        policy: What may be called; by default everything of a simulated API, and of a real one
            what changes something only when the user approves.
        dry_run: Whether requests are only shown: none is sent.
        bounds: Of each call.
        rules: Which hosts may be reached; by default public ones, and that of *base_url*.
        tls: Whose certificates are trusted, and which one is shown.
        client: Sends the requests; by default one of their own, which is closed with them.
        tools: Made of *document* before, to be shared.
    """

    def __init__(
        self,
        document: Document,
        base_url: str,
        *,
        credentials: Credentials | None = None,
        headers: Mapping[str, str] | None = None,
        simulated: bool = False,
        policy: Policy | None = None,
        dry_run: bool = False,
        own_servers: bool = False,
        bounds: Bounds | None = None,
        rules: HostRules | None = None,
        tls: ssl.SSLContext | None = None,
        client: httpx2.AsyncClient | None = None,
        tools: tuple[Tool, ...] | None = None,
    ) -> None:
        self.document = document
        self.base_url = base_url.rstrip("/")
        self.simulated = simulated
        self.dry_run = dry_run
        self._policy = (policy or Policy()).settled(simulated=simulated)
        self._own_servers = own_servers
        if credentials is None:
            credentials = Credentials.placeholders(document) if simulated else Credentials()
        self._credentials = credentials
        self._headers = tuple((headers or {}).items())
        self._own_client = client is None
        rules = rules or HostRules.of(self.base_url)
        self._client = client or new_api_client(rules, tls)
        self._sender = AuthorizedSender(
            document,
            self.base_url,
            credentials,
            client=self._client,
            bounds=bounds or Bounds(),
            rules=rules,
        )
        self._redact = self._sender.redact
        self._conformance = Conformance(document)
        tools = make_tools(document) if tools is None else tools
        self._tools = {tool.spec.name: tool for tool in tools}
        self.specs: tuple[ToolSpec, ...] = tuple(tool.spec for tool in tools)

    @property
    def name(self) -> str:
        """The API's short name."""
        return self.document.name

    @property
    def tools(self) -> tuple[Tool, ...]:
        """The tools with the operations behind them."""
        return tuple(self._tools.values())

    @property
    def title(self) -> str:
        """The API's name for people."""
        return self.document.title

    def in_session(self, session: str) -> ApiTools:
        """These tools in a session of a mock server; a real API has none, and they are the same.

        They share the client, so that they are not closed, and end with those they came from.
        """
        if not self.simulated:
            return self
        tools = copy.copy(self)
        tools._headers = (*self._headers, (SESSION_HEADER, session))
        tools._own_client = False
        return tools

    def lacking(self) -> dict[str, tuple[str, ...]]:
        """The tools that need credentials which are not there, with the missing schemes."""
        missing = {
            name: lacking(tool.operation, self.document, self._credentials)
            for name, tool in self._tools.items()
        }
        return {name: schemes for name, schemes in missing.items() if schemes}

    def is_free(self, tool: str) -> bool:
        """Whether the tool's method changes nothing, and no rule stands against it."""
        known = self._tools[tool]
        return known.operation.method in SAFE_METHODS and self._verdict(known) == "allow"

    async def call(self, call: Call, approve: Approve = nobody) -> Observation:
        """Make *call* and say what came of it.

        Args:
            call: A call of one of these tools.
            approve: Asks the user, where the policy demands it.

        Raises:
            ApiError: Nobody is at the API's address.
            KeyError: No tool has that name.
        """
        prepared = self.prepare(call)
        if isinstance(prepared, Observation):
            return prepared
        if self.dry_run:
            text = "This is a dry run: the request was shown to the user, and not sent."
            return Observation(text, "runtime", prepared.recorded)
        operation = prepared.tool.operation
        if self._verdict(prepared.tool) == "allow":
            return await self._send(prepared)
        pending = PendingCall(call.tool, prepared.arguments, prepared.recorded)
        approved = await approve(pending)
        if approved:
            return replace(await self._send(prepared), approved=True)
        reason = "the user has not allowed that" if approved is None else "the user said no"
        return replace(self._refusal(operation, reason), approved=approved)

    def prepare(self, call: Call) -> PreparedCall | Observation:
        """What would be sent for *call*, or why nothing would be.

        Raises:
            KeyError: No tool has that name.
        """
        tool = self._tools[call.tool]
        if self._verdict(tool) == "deny":
            return self._refusal(tool.operation, "it is forbidden here")
        checked = check_arguments(tool, call.arguments)
        if checked.problems:
            return _unfit(tool, checked.problems)
        try:
            request = build_request(tool, checked.arguments, self._server(tool.operation))
        except UnusableArgument as error:
            return _unfit(tool, (str(error),))
        request = _with_headers(request, self._headers)
        authorization = self._sender.planned(tool.operation, request.url)
        recorded = self._recorded_request(request, authorization)
        return PreparedCall(
            tool, checked.arguments, request, authorization, recorded, checked.repairs
        )

    def _server(self, operation: Operation) -> str:
        """The URL below which *operation* is called."""
        servers, usual = operation.servers, self.document.servers
        if not (self._own_servers and servers) or servers[:1] == usual[:1]:
            return self.base_url
        # "Relative references ... are resolved using the URL of the document"; a file has none, and
        # where its API is stands in for that.
        return urljoin(f"{self.base_url}/", servers[0])

    def _verdict(self, tool: Tool) -> str:
        operation = tool.operation
        place = f"{operation.method.upper()} {operation.path}"
        names = (tool.spec.name, qualified(self.name, tool.spec.name), place)
        return self._policy.verdict(*names, safe=operation.method in SAFE_METHODS)

    def _refusal(self, operation: Operation, reason: str) -> Observation:
        host = urlsplit(self._server(operation)).hostname
        kind = "simulated" if self.simulated else "real"
        effect = "" if operation.method in SAFE_METHODS else "may change something"
        what = effect or "is not to be called"
        return Observation(
            f"Refused: {operation.method.upper()} {operation.path} {what} on the {kind} API "
            f"{host}, and {reason}. Nothing was sent. Tell the user what you would have done.",
            "runtime",
        )

    async def _send(self, call: PreparedCall) -> Observation:
        recorded = call.recorded
        try:
            response = await self._sender.send(call.tool.operation, call.request)
            _LOG.info("%s %s: %d", recorded.method, recorded.url, response.status)
        except NoAnswer as error:
            _LOG.info("%s %s: %s", recorded.method, recorded.url, error)
            text = f"No response: {self._redact(str(error))}."
            if not error.sent:
                return Observation(text, "runtime")
            return Observation(text, "simulator" if self.simulated else "real", recorded)
        return self._observe(call, response)

    def _observe(self, call: PreparedCall, response: RawResponse) -> Observation:
        content_type = response.headers.get("content-type", "")
        body = _body_text(response.body, content_type)
        mask = self._redact.beginning if response.cut_off else self._redact
        shown = _described(response, content_type) if body is None else mask(body)
        conforming = self._conformance.check(
            call.tool.operation, response.status, content_type, None if response.cut_off else body
        )
        said = (*call.repairs, response.note) if response.note else call.repairs
        notes = "".join(f"(Note: {note})\n" for note in said)
        text = response_text(response.status, shown, cut_off=response.cut_off)
        headers = {
            name: MASK if name.lower() in _SECRET_HEADERS else self._redact(value)
            for name, value in response.headers.items()
        }
        recorded = HttpResponse(
            status=response.status,
            headers=headers,
            body=shown,
            seconds=response.seconds,
            cut_off=response.cut_off,
        )
        return Observation(
            self._redact(notes) + text,
            _source(response),
            call.recorded,
            recorded,
            conforming,
            _payload(
                content_type, self._redact.data(response.body), None if body is None else shown
            ),
        )

    def _recorded_request(
        self, request: PreparedRequest, authorization: Authorization
    ) -> HttpRequest:
        recorded = authorization.recorded(request)
        body = None
        if recorded.body is not None:
            body = self._redact(recorded.body.decode("utf-8", "replace"))
        return HttpRequest(
            method=recorded.method,
            url=self._redact(recorded.full_url),
            headers={name: self._redact(value) for name, value in recorded.all_headers()},
            body=body,
        )

    async def aclose(self) -> None:
        """Close the connections. Calling it twice is harmless."""
        if self._own_client:
            await self._client.aclose()

    async def __aenter__(self) -> ApiTools:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()


def _unfit(tool: Tool, problems: tuple[str, ...]) -> Observation:
    listed = "".join(f"\n- {problem}" for problem in problems)
    text = f"The arguments of {tool.spec.name} do not fit, and nothing was sent. Mend this:{listed}"
    return Observation(text, "validator")


def _with_headers(
    request: PreparedRequest, headers: tuple[tuple[str, str], ...]
) -> PreparedRequest:
    return replace(request, headers=(*request.headers, *headers)) if headers else request


def _source(response: RawResponse) -> Source:
    said = response.headers.get(SOURCE_HEADER)
    return "real" if said is None else _SOURCES.get(said, "simulator")


def _body_text(body: bytes, content_type: str) -> str | None:
    """The body as text, or None when it is none."""
    if not body:
        return ""
    if not is_text(content_type):
        return None
    text = body.decode("utf-8", "replace")
    return None if "\0" in text else text


def _payload(content_type: str, body: bytes, text: str | None) -> Payload | None:
    """What is worth keeping of a body: what is no text, or longer than a model reads."""
    if text is None:
        return Payload(content_type, body, binary=True)
    return Payload(content_type, text.encode(), binary=False) if len(text) > LONGEST_BODY else None


def _described(response: RawResponse, content_type: str) -> str:
    more = " or more" if response.cut_off else ""
    return f"({content_type or 'unknown type'}, {len(response.body):,} bytes{more})"
