"""Requests made from documents, answered inside the process, and judged against the document."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import jsonschema_rs
import orjson
import pytest

from toolalpaca.openapi.media_types import is_json, is_xml
from toolalpaca.openapi.model import Document, Operation, Parameter, Response
from toolalpaca.openapi.references import bundle
from toolalpaca_mockserver.contract import Contract
from toolalpaca_mockserver.negotiation import best_match
from toolalpaca_mockserver.sequences import is_sequence, whole, write_sequence
from toolalpaca_mockserver.values import ValueGenerator
from toolalpaca_mockserver.xml import to_xml

EXAMPLES = Path(__file__).parents[3] / "examples"


@dataclass
class Sample:
    """A request that satisfies an operation."""

    method: str
    path: str
    query: list[str] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def target(self) -> str:
        return self.path + ("?" + "&".join(self.query) if self.query else "")


@dataclass
class Draft:
    """What a request says, before it is written."""

    document: Document
    operation: Operation
    values: list[tuple[Parameter, Any]] = field(default_factory=list)
    content_type: str = ""
    body: Any = None
    credentials: bool = True

    def write(self) -> Sample:
        path = self.operation.path.partition("?")[0].partition("#")[0]
        sample = Sample(self.operation.method.upper(), path)
        for parameter, value in self.values:
            _add(sample, parameter, value)
        if self.credentials:
            _add_credentials(sample, self.document, self.operation)
        if self.content_type:
            assert self.operation.body is not None
            media = self.operation.body.content[self.content_type]
            schema = whole(media, self.document.root, "request").schema
            contract = Contract(schema, self.document.root, "request")
            _add_body(sample, self.content_type, self.body, contract)
        return sample


def draft_request(
    document: Document,
    operation: Operation,
    generator: ValueGenerator,
    known: Mapping[str, Any] = {},
    optional: bool = False,
    content_type: str = "",
) -> Draft:
    """What a request says that has all that *operation* demands.

    Path parameters are taken from *known*. With *optional* all that it may have is there, too. The
    body is JSON where it may be and no *content_type* is asked for.
    """
    draft = Draft(document, operation)
    for parameter in operation.parameters:
        if parameter.location == "path" or parameter.required or optional:
            value = known.get(parameter.name) if parameter.location == "path" else None
            if value is None:
                value = generator.generate(
                    parameter.schema, name=parameter.name, key=operation.name
                )
            draft.values.append((parameter, value))
    if operation.body is not None and operation.body.content:
        content = operation.body.content
        key = content_type or next((key for key in content if is_json(key)), next(iter(content)))
        draft.content_type = key
        schema = whole(content[key], document.root, "request").schema
        draft.body = generator.generate(schema, name=operation.name, key="body")
    return draft


def sample_request(
    document: Document,
    operation: Operation,
    generator: ValueGenerator,
    known: Mapping[str, Any] = {},
) -> Sample:
    """A request with all that *operation* demands; path parameters are taken from *known*."""
    return draft_request(document, operation, generator, known).write()


@pytest.fixture(scope="session")
def draft() -> Callable[..., Draft]:
    """Drafts requests that satisfy an operation."""
    return draft_request


@pytest.fixture
def make_request() -> Callable[..., Sample]:
    """Makes a request that satisfies an operation."""
    return sample_request


@dataclass
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)


Call = Callable[..., Reply]


@pytest.fixture(scope="module")
def call() -> Iterator[Call]:
    """Sends a sample to an ASGI application, without a network between them."""
    with asyncio.Runner() as runner:
        yield lambda app, sample, session="default": runner.run(_exchange(app, sample, session))


async def _exchange(app: Any, sample: Sample, session: str) -> Reply:
    name = quote(session, safe="").replace("%", "~")
    headers = {"host": "mock.test", **sample.headers, "toolalpaca-session": name}
    raw = sample.path.encode("utf-8", "surrogatepass")
    scope = {
        "type": "http",
        "method": sample.method,
        "path": sample.path,
        "raw_path": raw,
        "query_string": "&".join(sample.query).encode(),
        "headers": [(k.lower().encode("latin-1"), v.encode("latin-1", "replace"))
                    for k, v in headers.items()],
    }  # fmt: skip
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": sample.body, "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    await app(scope, receive, send)
    start, body = sent
    named = {k.decode("latin-1"): v.decode("latin-1") for k, v in start["headers"]}
    return Reply(start["status"], named, body["body"])


def faults(document: Document, operation: Operation, reply: Reply) -> list[str]:
    """The ways in which *reply* is not what *document* says of *operation*."""
    response = operation.response_for(reply.status)
    if response is None:
        # Whoever documents no success at all still wants to be answered.
        silent = operation.success() is None and reply.status == 200
        return [] if silent else [f"{reply.status} is not documented: {reply.body[:200]!r}"]
    return _header_faults(response, reply) + _body_faults(document, response, reply)


def _header_faults(response: Response, reply: Reply) -> list[str]:
    required = [n for n, h in response.headers.items() if h.required]
    return [f"the header {n} is missing" for n in required if n.lower() not in reply.headers]


def _body_faults(document: Document, response: Response, reply: Reply) -> list[str]:
    if not response.content or reply.status in (204, 205, 304):
        return [] if not reply.body else ["there is a body where none is documented"]
    content_type = reply.headers.get("content-type", "").partition(";")[0]
    key = best_match(content_type, response.content)
    if key is None:
        return [f"{content_type!r} is not among {list(response.content)}"]
    if not is_json(content_type):
        return [] if reply.body else ["there is no body"]
    schema, value = response.content[key].schema, reply.json
    whole = bundle(schema, document.root)
    if b'"writeOnly"' in orjson.dumps(whole):  # what JSON Schema alone cannot express
        whole = Contract(schema, document.root, "response").schema
    judge = jsonschema_rs.Draft202012Validator(
        whole,
        validate_formats=True,
        pattern_options=jsonschema_rs.FancyRegexOptions(backtrack_limit=100_000),
    )
    return [f"{e.message[:200]} at {e.instance_path}" for e in judge.iter_errors(value)]


@pytest.fixture(scope="session")
def judge_reply() -> Callable[[Document, Operation, Reply], list[str]]:
    """Judges a reply by what the document says."""
    return faults


@pytest.fixture(scope="session")
def example_paths() -> list[Path]:
    """The example documents of the project."""
    return sorted(EXAMPLES.glob("*.yaml"))


@pytest.fixture(scope="session")
def pool_paths(shared: Path) -> list[Path]:
    """Real documents."""
    index = json.loads((shared / "specs" / "INDEX.json").read_text())
    return [shared / "specs" / entry["file"] for entry in index]


def text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return orjson.dumps(value).decode()


def encoded(value: Any) -> str:
    return quote(text(value), safe="")


def _add(sample: Sample, parameter: Parameter, value: Any) -> None:
    name = encoded(parameter.name)
    if parameter.location == "path":
        sample.path = sample.path.replace(
            "{" + parameter.name + "}", _path_text(parameter, value) or "x"
        )
    elif parameter.location == "query":
        sample.query.extend(_query_texts(parameter, name, value))
    elif parameter.location == "header":
        sample.headers[parameter.name] = _simple(parameter, value, text)
    else:
        cookies = _query_texts(parameter, name, value)
        given = [sample.headers["cookie"]] if "cookie" in sample.headers else []
        sample.headers["cookie"] = "; ".join(given + cookies)


def _simple(parameter: Parameter, value: Any, write: Callable[[Any], str]) -> str:
    """*value* in style simple, and in label and matrix without what stands in front."""
    between = ","
    if parameter.explode and parameter.style in ("label", "matrix"):
        between = {"label": ".", "matrix": ";"}[parameter.style]
    if parameter.content_type:
        return write(orjson.dumps(value).decode())
    if isinstance(value, list):
        repeat = f";{parameter.name}=" if between == ";" else between
        return repeat.join(map(write, value))
    if isinstance(value, dict):
        inner = "=" if parameter.explode else ","
        return between.join(f"{write(k)}{inner}{write(v)}" for k, v in value.items())
    return write(value)


def _path_text(parameter: Parameter, value: Any) -> str:
    named = not (isinstance(value, dict) and parameter.explode)
    matrix = f";{parameter.name}=" if named else ";"
    prefix = {"label": ".", "matrix": matrix}.get(parameter.style, "")
    return prefix + _simple(parameter, value, encoded)


def _query_texts(parameter: Parameter, name: str, value: Any) -> list[str]:
    if parameter.content_type:
        return [f"{name}={quote(orjson.dumps(value).decode(), safe='')}"]
    if isinstance(value, list):
        if parameter.explode:
            return [f"{name}={encoded(item)}" for item in value]
        between = {"spaceDelimited": "%20", "pipeDelimited": "|"}.get(parameter.style, ",")
        return [f"{name}={between.join(map(encoded, value))}"]
    if isinstance(value, dict):
        if parameter.style == "deepObject":
            return [f"{name}[{encoded(k)}]={encoded(v)}" for k, v in value.items()]
        if parameter.explode:
            return [f"{encoded(k)}={encoded(v)}" for k, v in value.items()]
        return [f"{name}=" + ",".join(f"{encoded(k)},{encoded(v)}" for k, v in value.items())]
    return [f"{name}={encoded(value)}"]


def _add_credentials(sample: Sample, document: Document, operation: Operation) -> None:
    for name in operation.security[0] if operation.security else ():
        scheme = document.security_schemes.get(name)
        if scheme is None:
            continue
        if scheme.type == "apiKey" and scheme.location == "query":
            sample.query.append(f"{encoded(scheme.parameter)}=key")
        elif scheme.type == "apiKey" and scheme.location == "cookie":
            sample.headers["cookie"] = f"{scheme.parameter}=key"
        elif scheme.type == "apiKey":
            sample.headers[scheme.parameter] = "key"
        elif scheme.type == "http" and scheme.scheme == "basic":
            _authorize(sample, "Basic " + base64.b64encode(b"me:it").decode())
        else:
            kind = scheme.scheme if scheme.type == "http" else "Bearer"
            _authorize(sample, f"{kind} token")


def _authorize(sample: Sample, credential: str) -> None:
    given = sample.headers.get("authorization")
    sample.headers["authorization"] = f"{given}, {credential}" if given else credential


def _add_body(sample: Sample, content_type: str, value: Any, contract: Contract) -> None:
    fields = value.items() if isinstance(value, dict) else ()
    if is_xml(content_type) and isinstance(value, (dict, list)):
        sample.body = to_xml(value, contract)
    elif is_sequence(content_type):
        values = value if isinstance(value, list) else [value]
        sample.body = write_sequence(values, content_type, contract)
    elif is_json(content_type) or "*" in content_type:
        sample.body = orjson.dumps(value)
        content_type = "application/json" if "*" in content_type else content_type
    elif content_type == "application/x-www-form-urlencoded":
        sample.body = "&".join(part for k, v in fields for part in _form(encoded(k), v)).encode()
    elif content_type.startswith("multipart/"):
        parts = [_part(k, item) for k, v in fields for item in (v if isinstance(v, list) else [v])]
        sample.body = b"".join(parts) + b"--edge--\r\n"
        content_type += "; boundary=edge"
    else:
        sample.body = text(value).encode() or b"x"
    sample.headers["content-type"] = content_type


def _form(name: str, value: Any) -> list[str]:
    if isinstance(value, list) and not any(isinstance(item, (dict, list)) for item in value):
        return [f"{name}={encoded(item)}" for item in value]
    if isinstance(value, dict):
        return [p for k, v in value.items() for p in _form(f"{name}[{encoded(k)}]", v)]
    return [f"{name}={encoded(value)}"]


def _part(name: str, value: Any) -> bytes:
    kind = "application/json" if isinstance(value, (dict, list)) else "text/plain"
    head = (
        f'--edge\r\nContent-Disposition: form-data; name="{name}"\r\nContent-Type: {kind}\r\n\r\n'
    )
    return f"{head}{text(value)}\r\n".encode()
