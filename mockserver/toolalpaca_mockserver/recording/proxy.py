"""The real API answers, and its answers are held to the document."""

from __future__ import annotations

import asyncio
from typing import Final
from urllib.parse import unquote

import httpx2

from toolalpaca_mockserver.answers import Answer, problem_answer
from toolalpaca_mockserver.clients import Clients
from toolalpaca_mockserver.plan import Arguments, OperationPlan
from toolalpaca_mockserver.problems import header_text, summary
from toolalpaca_mockserver.reading.addressing import split_path
from toolalpaca_mockserver.reading.preferences import Preferences
from toolalpaca_mockserver.reading.requests import LARGEST_BODY, Request
from toolalpaca_mockserver.reading.sessions import SESSION
from toolalpaca_mockserver.recording.judging import faults_of

SECONDS: Final = 30.0
"""How long the real API may take."""
_HOP_BY_HOP: Final = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
"""Headers that are about one connection (RFC 9110, section 7.6.1)."""
_NOT_FORWARDED: Final = _HOP_BY_HOP | {"host", "content-length", "accept-encoding", SESSION}
_NOT_RETURNED: Final = _HOP_BY_HOP | {"content-length", "content-encoding", "content-type", "date"}
"""What the server says itself: there is one Date (RFC 9110, section 6.6.1), that of its answer."""


class Proxy:
    """Forwards the sound requests of one API to the real one.

    Args:
        clients: Who sends them.
        url: Below which the real API's paths are, without a slash at its end.
        seconds: How long an answer may take.
    """

    def __init__(self, clients: Clients, url: str, seconds: float = SECONDS) -> None:
        self._clients = clients
        self.url = url
        self._seconds = seconds

    async def answer(
        self,
        plan: OperationPlan,
        request: Request,
        arguments: Arguments,
        preferences: Preferences,
        session: str,
    ) -> Answer:
        """What the real API says, its faults named in the header ``toolalpaca-problem``."""
        del arguments, preferences, session  # the request goes on as it came
        front, path = split_path(plan.operation.path, request.path)
        if any(unquote(segment) in (".", "..") for segment in path.split("/")):
            # A client of ours, or a proxy on the way, would take it as a step to something else.
            return problem_answer(400, "a part of the path that is . or .. is not forwarded")
        url = self.url + path + ("?" + request.query if request.query else "")
        try:
            async with asyncio.timeout(self._seconds):
                answer = await self._ask(url, request)
        except TimeoutError:
            return problem_answer(504, f"the real API did not answer within {self._seconds:g} s")
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            why = type(error).__name__
            return problem_answer(502, f"the real API cannot be reached: {why}")
        if answer is None:
            return problem_answer(502, f"the real API's answer is over {LARGEST_BODY} bytes")
        self._lead_back(answer, request.origin + front)
        faults = faults_of(plan, answer)
        answer.conforming = not faults
        if faults:
            said = summary("", faults)
            answer.headers["toolalpaca-problem"] = header_text(f"the real API's answer: {said}")
        return answer

    async def _ask(self, url: str, request: Request) -> Answer | None:
        client = self._clients.to(url)
        kept_here = _NOT_FORWARDED | _named_by(request.headers.get("connection", ""))
        message = client.build_request(
            request.method,
            url,
            headers=[
                (name.encode("latin-1"), value.encode("latin-1"))
                for name, value in request.headers.items()
                if name not in kept_here
            ],
            content=request.body or None,
            timeout=self._seconds,
        )
        response = await client.send(message, stream=True)
        try:
            body = bytearray()
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > LARGEST_BODY:
                    return None
        finally:
            await response.aclose()
        kept_here = _NOT_RETURNED | _named_by(response.headers.get("connection", ""))
        named: dict[str, list[str]] = {}
        for name, value in response.headers.multi_items():
            if name.lower() not in kept_here:
                named.setdefault(name.lower(), []).append(value)
        cookies = named.pop("set-cookie", [])  # the one header whose lines cannot be joined
        return Answer(
            response.status_code,
            bytes(body),
            response.headers.get("content-type", ""),
            {name: ", ".join(values) for name, values in named.items()},
            "proxy",
            cookies=tuple(cookies),
        )

    def _lead_back(self, answer: Answer, here: str) -> None:
        """Let a redirect to the real API lead to this server."""
        target = answer.headers.get("location", "")
        if target == self.url or target.startswith(self.url + "/"):
            answer.headers["location"] = here + target.removeprefix(self.url)


def _named_by(connection: str) -> frozenset[str]:
    """The headers that ``Connection`` says are about the connection, too."""
    return frozenset(name.strip().lower() for name in connection.split(","))
