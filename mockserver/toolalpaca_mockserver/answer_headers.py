"""The headers of answers: those that the document declares, and those that lead on."""

from __future__ import annotations

import logging
from typing import Final
from urllib.parse import quote

from toolalpaca.errors import DocumentError
from toolalpaca.openapi.model import Response
from toolalpaca_mockserver.answers import Answer
from toolalpaca_mockserver.plan import OperationPlan
from toolalpaca_mockserver.problems import header_text
from toolalpaca_mockserver.reading.requests import Request
from toolalpaca_mockserver.redirects import Redirects
from toolalpaca_mockserver.response_headers import header_value
from toolalpaca_mockserver.spelling import letters
from toolalpaca_mockserver.state.outcome import Outcome
from toolalpaca_mockserver.state.page_links import PageLinks
from toolalpaca_mockserver.state.paging import Page, number_of
from toolalpaca_mockserver.state.viewing import address
from toolalpaca_mockserver.values import NoInstance, ValueGenerator

_log = logging.getLogger(__name__)

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


class AnswerHeaders:
    """Gives answers their headers.

    Args:
        generator: Makes the values of those that the document declares.
        redirects: Where redirects lead.
    """

    def __init__(self, generator: ValueGenerator, redirects: Redirects) -> None:
        self.generator = generator
        self.redirects = redirects

    def add(
        self,
        plan: OperationPlan,
        answer: Answer,
        response: Response | None,
        key: str,
        outcome: Outcome | None,
        request: Request,
    ) -> None:
        """Add the headers that *answer* has.

        Args:
            plan: Of the operation that was called.
            answer: Its headers are added to.
            response: What the document says of it; None where it says nothing.
            key: Tells the values apart from those of other answers.
            outcome: What the operation came to, where it is about a resource.
            request: What was asked.
        """
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


def describe_page(answer: Answer, response: Response, page: Page, links: PageLinks) -> None:
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


def _above(plan: OperationPlan, request: Request, outcome: Outcome) -> str:
    """The path of what was made, or of the collection that has it."""
    role = outcome.role
    if role.at:
        return address(request.path, plan.operation.path, "") + outcome.place.partition(":")[2]
    if role.view is None or role.view.has_items:
        return request.path.rstrip("/")
    return address(request.path, plan.operation.path, role.resource.collection)
