"""XML bodies are read by the document's ``xml`` objects, safely, and checked like JSON."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from toolalpaca_mockserver.contract import Contract
from toolalpaca_mockserver.reading.xml_reading import from_xml
from toolalpaca_mockserver.values import ValueGenerator
from toolalpaca_mockserver.xml import to_xml

Open = Callable[..., httpx2.Client]
STRING, INTEGER = {"type": "string"}, {"type": "integer"}
NAMESPACE = "https://example.com/schema"
BOOK = {
    "type": "object",
    "required": ["id", "title"],
    "properties": {
        "id": {"type": "integer", "xml": {"attribute": True}},
        "title": {"type": "string", "minLength": 2, "xml": {"name": "Title"}},
        "sold": {"type": "boolean"},
        "author": {"type": "object", "properties": {"name": STRING, "born": INTEGER}},
        "tags": {"type": "array", "items": {"type": "string", "xml": {"name": "tag"}}},
        "prices": {
            "type": "array",
            "xml": {"wrapped": True, "name": "Prices"},
            "items": {"type": "number", "xml": {"name": "price"}},
        },
        "code": {"type": "string", "xml": {"namespace": NAMESPACE, "prefix": "x"}},
    },
    "additionalProperties": False,
    "xml": {"name": "book"},
}
WHOLE = f"""<?xml version="1.0"?>
<book id="7" xmlns:x="{NAMESPACE}"><Title>A &amp; B</Title><sold>true</sold>
  <author><name>Ann</name><born> 1970 </born></author>
  <tag>a</tag><tag>b</tag><Prices><price>1.5</price><price>2</price></Prices><x:code>c</x:code>
</book>"""


def read(text: str, schema: Any = BOOK) -> Any:
    return from_xml(text.encode(), Contract(schema, {}, "request"))


def written(value: Any, schema: Any) -> str:
    return to_xml(value, Contract(schema, {}, "response")).decode().partition("\n")[2]


def test_names_attributes_wrappers_and_namespaces() -> None:
    assert read(WHOLE) == {
        "id": 7,
        "title": "A & B",
        "sold": True,
        "author": {"name": "Ann", "born": 1970},
        "tags": ["a", "b"],
        "prices": [1.5, 2],
        "code": "c",
    }


# The examples of https://spec.openapis.org/oas/v3.1.1#xml-object-examples
@pytest.mark.parametrize(
    ("animals", "text"),
    [
        ({"items": STRING}, "<animals>a</animals><animals>b</animals>"),
        ({"items": {**STRING, "xml": {"name": "animal"}}}, "<animal>a</animal><animal>b</animal>"),
        (
            {"items": {**STRING, "xml": {"name": "animal"}}, "xml": {"name": "aliens"}},
            "<animal>a</animal><animal>b</animal>",
        ),
        (
            {"items": STRING, "xml": {"wrapped": True}},
            "<animals><animals>a</animals><animals>b</animals></animals>",
        ),
        (
            {"items": STRING, "xml": {"name": "aliens", "wrapped": True}},
            "<aliens><aliens>a</aliens><aliens>b</aliens></aliens>",
        ),
        (
            {"items": {**STRING, "xml": {"name": "animal"}}, "xml": {"nodeType": "element"}},
            "<animals><animal>a</animal><animal>b</animal></animals>",
        ),
        (
            {
                "items": {**STRING, "xml": {"name": "animal"}},
                "xml": {"name": "aliens", "wrapped": True},
            },
            "<aliens><animal>a</animal><animal>b</animal></aliens>",
        ),
    ],
)
def test_lists_of_the_specification(animals: dict[str, Any], text: str) -> None:
    properties = {"animals": {"type": "array", **animals}}
    schema = {"type": "object", "properties": properties, "xml": {"name": "it"}}
    assert read(f"<it>{text}</it>", schema) == {"animals": ["a", "b"]}
    assert written({"animals": ["a", "b"]}, schema) == f"<it>{text}</it>"


def test_what_is_written_is_read(make_document: Callable[..., Any]) -> None:
    contract = Contract(BOOK, {}, "request")
    for seed in range(20):
        generator = ValueGenerator({}, seed, direction="request")
        value = generator.generate(BOOK, name="book", key=str(seed))
        read_again = from_xml(to_xml(value, contract), contract)
        # Without a wrapper, no items and no list are written alike.
        assert read_again == {k: v for k, v in value.items() if k != "tags" or v}


def test_node_types_of_3_2() -> None:
    schema = {
        "type": "object",
        "properties": {
            "id": {"type": "integer", "xml": {"nodeType": "attribute"}},
            "said": {"type": "string", "xml": {"nodeType": "text"}},
        },
    }
    assert read('<it id="3">hello</it>', schema) == {"id": 3, "said": "hello"}
    assert written({"id": 3, "said": "a & b"}, schema) == '<root id="3">a &amp; b</root>'
    schema["properties"]["said"]["xml"]["nodeType"] = "cdata"  # type: ignore[index]
    told = {"id": 3, "said": "a ]]> b"}
    assert written(told, schema) == '<root id="3"><![CDATA[a ]]]]><![CDATA[> b]]></root>'
    assert read(written(told, schema), schema) == told


def test_what_is_only_told_in_xml_is_remembered(
    open_client: Open, make_document: Callable[..., Any]
) -> None:
    content = {"application/xml": {"schema": BOOK}}
    body, book = {"content": content}, {"description": "It", "content": content}
    books = {"type": "array", "items": BOOK, "xml": {"name": "books", "wrapped": True}}
    every = {"description": "All", "content": {"application/xml": {"schema": books}}}
    key = {"name": "id", "in": "path", "required": True, "schema": INTEGER}
    paths = {
        "/books": {
            "get": {"responses": {"200": every}},
            "post": {"requestBody": body, "responses": {"201": book}},
        },
        "/books/{id}": {
            "parameters": [key],
            "get": {"responses": {"200": book, "404": {"description": "Lost"}}},
            "put": {"requestBody": body, "responses": {"200": book}},
        },
    }
    client = open_client(make_document(paths))
    made = post(client, "<book id='1'><Title>Dune</Title><tag>a</tag></book>")
    number = read(made.text)["id"]
    path = f"/books/{number}"
    assert client.get(path).text == made.text
    assert made.text.partition("?>")[2].strip() in client.get("/books").text
    headers = {"content-type": "application/xml"}
    changed = client.put(path, content="<book id='1'><Title>Emma</Title></book>", headers=headers)
    assert read(changed.text)["title"] == read(client.get(path).text)["title"] == "Emma"
    assert client.get("/books/4711").status_code == 404


def test_what_is_not_described_is_read_by_its_shape() -> None:
    free = {"type": "object"}
    assert read("<a><b>1</b><c><d/></c><c>2</c></a>", free) == {"b": "1", "c": {"d": ""}}
    assert from_xml(b"<a x='1'><b>1</b><b>2</b></a>", None) == {"x": "1", "b": ["1", "2"]}


@pytest.fixture
def client(open_client: Open, make_document: Callable[..., Any]) -> httpx2.Client:
    body = {"required": True, "content": {"application/xml": {"schema": BOOK}, "image/svg+xml": {
        "schema": {"type": "string", "format": "binary"}}}}  # fmt: skip
    operation = {"requestBody": body, "responses": {"204": {"description": "Fine"}}}
    return open_client(make_document({"/books": {"post": operation}}))


def post(client: httpx2.Client, text: str, kind: str = "application/xml") -> httpx2.Response:
    return client.post("/books", content=text.encode(), headers={"content-type": kind})


@pytest.mark.parametrize(
    ("text", "pointer", "rule"),
    [
        ("<book id='x'><Title>ab</Title></book>", "/id", "type"),
        ("<book id='1'><Title>a</Title></book>", "/title", "minLength"),
        ("<book id='1'/>", "/title", "required"),
        ("<book id='1'><Title>ab</Title><more/></book>", "/more", "additionalProperties"),
        ("<book id='1'><Title>ab</Title><code>c</code></book>", "", "xml"),
        ("<shelf id='1'><Title>ab</Title></shelf>", "", "xml"),
        ("<book id='1'><Title>ab</book>", "", "xml"),
        ("", "", "required"),
        ("no xml", "", "xml"),
        ("<?xml version='1.0' encoding='nonsense'?><book/>", "", "xml"),
        ("<a>" * 5000, "", "xml"),
    ],
)
def test_refusals_have_reasons(client: httpx2.Client, text: str, pointer: str, rule: str) -> None:
    response = post(client, text)
    assert response.status_code == (400 if rule == "xml" else 422)
    found = [(e["pointer"], e["rule"]) for e in response.json()["errors"]]
    assert (pointer, rule) in found


BOMB = """<!DOCTYPE b [<!ENTITY a "aaaaaaaaaa"><!ENTITY c "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>
<book id="1"><Title>&c;</Title></book>"""
FILE = (
    '<!DOCTYPE b [<!ENTITY f SYSTEM "file:///etc/passwd">]><book id="1"><Title>&f;</Title></book>'
)


@pytest.mark.parametrize("text", [BOMB, FILE, '<!DOCTYPE b SYSTEM "http://x/"><book/>'])
def test_document_types_are_refused(client: httpx2.Client, text: str) -> None:
    response = post(client, text)
    assert response.status_code == 400
    assert "document type" in response.text


def test_sound_bodies_and_files_pass(client: httpx2.Client) -> None:
    assert post(client, WHOLE).status_code == 204
    assert post(client, WHOLE, "text/xml").status_code == 415
    assert post(client, "<svg/>", "image/svg+xml").status_code == 204


@pytest.mark.parametrize(
    ("schema", "text", "shown"),
    [
        (None, "<pet><id>1</id></pet>", "<pet><id>1</id></pet>"),
        (None, "\n<?xml version='1.0'?>\n<pet/>\n", "<?xml version='1.0'?>\n<pet/>"),
        (STRING, "<pet/>", "<pet/>"),
        (BOOK, WHOLE, WHOLE),
        (None, "1 < 2", "1 &lt; 2"),
        (BOOK, "<book id='1'><Title>a</Title></book>", "<Title>"),
        (BOOK, "<shelf/>", "<Title>"),
    ],
)
def test_an_example_that_is_written_out_is_sent_as_it_is(
    open_client: Open, make_document: Callable[..., Any], schema: Any, text: str, shown: str
) -> None:
    media_type = {"example": text, **({"schema": schema} if schema else {})}
    responses = {"200": {"description": "Fine", "content": {"application/xml": media_type}}}
    response = open_client(make_document({"/it": {"get": {"responses": responses}}})).get("/it")
    if shown == text.strip():
        assert (response.text, response.headers["toolalpaca-source"]) == (shown, "example")
    else:  # it is no document, or not one that the schema allows
        assert response.text.startswith("<?xml")
        assert shown in response.text
