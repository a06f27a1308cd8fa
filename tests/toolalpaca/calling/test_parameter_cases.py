"""The table of cases: what parameters become, from a document to the request.

Every row goes the whole way: an OpenAPI document is loaded, its operation becomes a tool, and the
tool's arguments become a request. The tables follow the specification's "Style Examples"
(https://spec.openapis.org/oas/v3.2.0#style-examples; 3.0.4 and 3.1.1 have the same rows, with the
empty string in the place of the undefined value) and RFC 6570, sections 3.2.2 to 3.2.9.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import pytest

from toolalpaca.calling.request import PreparedRequest, UnusableArgument
from toolalpaca.calling.tools import Tool

BASE = "http://api.test"
STRING, INTEGER = {"type": "string"}, {"type": "integer"}

Sent: TypeAlias = Callable[[Tool, dict[str, Any]], PreparedRequest]
Written: TypeAlias = Callable[[dict[str, Any], dict[str, Any]], str | None]


def target(request: PreparedRequest) -> str:
    return request.full_url.removeprefix(BASE)


def header(request: PreparedRequest, name: str) -> str | None:
    return dict(request.all_headers()).get(name)


def where(parameter: dict[str, Any]) -> str:
    return f"/a/{{{parameter['name']}}}" if parameter["in"] == "path" else "/a"


@pytest.fixture
def written(tool: Callable[..., Tool], sent: Sent) -> Written:
    """What a parameter becomes with arguments; None when it is left out."""
    return lambda parameter, arguments: part(
        parameter, sent(tool([parameter], path=where(parameter)), arguments)
    )


def part(parameter: dict[str, Any], request: PreparedRequest) -> str | None:
    match parameter["in"]:
        case "path":
            return target(request).removeprefix("/a/")
        case "query" | "querystring":
            return target(request).partition("?")[2] or None
        case "cookie":
            return header(request, "cookie")
        case _:
            return header(request, parameter["name"])


# -- style examples -----------------------------------------------------------------------------

# "-": left out. "!": refused, as a path without it is another resource. In brackets: "n/a", the
# specification leaves it open, and this is what is sent.
STYLES = """
in     style          explode undefined empty    string        array                               object
path   matrix         false   !         ;color   ;color=blue   ;color=blue,black,brown             ;color=R,100,G,200,B,150
path   matrix         true    !         ;color   ;color=blue   ;color=blue;color=black;color=brown ;R=100;G=200;B=150
path   label          false   !         %2E      .blue         .blue,black,brown                   .R,100,G,200,B,150
path   label          true    !         %2E      .blue         .blue.black.brown                   .R=100.G=200.B=150
path   simple         false   !         !        blue          blue,black,brown                    R,100,G,200,B,150
path   simple         true    !         !        blue          blue,black,brown                    R=100,G=200,B=150
header simple         false   -         ""       blue          blue,black,brown                    R,100,G,200,B,150
header simple         true    -         ""       blue          blue,black,brown                    R=100,G=200,B=150
query  form           false   -         color=   color=blue    color=blue,black,brown              color=R,100,G,200,B,150
query  form           true    -         color=   color=blue    color=blue&color=black&color=brown  R=100&G=200&B=150
cookie form           false   -         color=   color=blue    color=blue,black,brown              color=R,100,G,200,B,150
cookie form           true    -         color=   color=blue    (color=blue;_color=black;_color=brown) (R=100;_G=200;_B=150)
query  spaceDelimited false   -         (color=) (color=blue)  color=blue%20black%20brown          color=R%20100%20G%20200%20B%20150
query  spaceDelimited true    -         (color=) (color=blue)  (color=blue&color=black&color=brown) (R=100&G=200&B=150)
query  pipeDelimited  false   -         (color=) (color=blue)  color=blue%7Cblack%7Cbrown          color=R%7C100%7CG%7C200%7CB%7C150
query  pipeDelimited  true    -         (color=) (color=blue)  (color=blue&color=black&color=brown) (R=100&G=200&B=150)
query  deepObject     false   -         (color=) (color=blue)  (color=blue,black,brown)            color%5BR%5D=100&color%5BG%5D=200&color%5BB%5D=150
query  deepObject     true    -         (color=) (color=blue)  (color=blue&color=black&color=brown) color%5BR%5D=100&color%5BG%5D=200&color%5BB%5D=150
cookie cookie         false   -         color=   color=blue    (color=blue,black,brown)            (color=R,100,G,200,B,150)
cookie cookie         true    -         color=   color=blue    color=blue;_color=black;_color=brown R=100;_G=200;_B=150
"""  # noqa: E501
COLUMNS: dict[str, Any] = {
    "undefined": None,
    "empty": "",
    "string": "blue",
    "array": ["blue", "black", "brown"],
    "object": {"R": 100, "G": 200, "B": 150},
}


def style_examples() -> Iterator[Any]:
    head, *rows = STYLES.split("\n")[1:-1]
    assert head.split()[3:] == list(COLUMNS)
    for row in rows:
        location, style, explode, *cells = row.split()
        for (column, value), cell in zip(COLUMNS.items(), cells, strict=True):
            parameter = {
                "name": "color",
                "in": location,
                "style": style,
                "explode": explode == "true",
                "required": location == "path",
                "schema": {},
            }
            expected = cell.strip("()").replace("_", " ")
            yield pytest.param(
                parameter, value, expected, id=f"{location}-{style}-{explode}-{column}"
            )


@pytest.mark.parametrize(("parameter", "value", "expected"), list(style_examples()))
def test_style_examples(
    written: Written, parameter: dict[str, Any], value: Any, expected: str
) -> None:
    if expected == "!":
        with pytest.raises(UnusableArgument, match="color"):
            written(parameter, {"color": value})
    else:
        told = {"-": None, '""': ""}.get(expected, expected)
        assert written(parameter, {"color": value}) == told


# -- RFC 6570 -----------------------------------------------------------------------------------

VARIABLES: dict[str, Any] = {
    "var": "value", "hello": "Hello World!", "half": "50%", "who": "fred", "path": "/foo/bar",
    "base": "http://example.com/home/", "empty": "", "undef": None, "empty_keys": {}, "v": "6",
    "x": "1024", "y": "768", "list": ["red", "green", "blue"],
    "keys": {"semi": ";", "dot": ".", "comma": ","},
}  # fmt: skip
OPERATORS: dict[str, dict[str, Any]] = {
    "": {"in": "path", "style": "simple"},
    "+": {"in": "query", "style": "form", "allowReserved": True},
    ".": {"in": "path", "style": "label"},
    ";": {"in": "path", "style": "matrix"},
    "?": {"in": "query", "style": "form"},
}
# Expression and expansion; what the RFC writes with several variables in one expression is several
# parameters here. Of "+", the query stands in the place of the path, with the name in front; and it
# holds no "&", "+" or "#" that would end a value.
RFC_6570 = """
{var}         value
{hello}       Hello%20World%21
{half}        50%25
{path}        %2Ffoo%2Fbar
{base}        http%3A%2F%2Fexample.com%2Fhome%2F
{list}        red,green,blue
{list*}       red,green,blue
{keys}        semi,%3B,dot,.,comma,%2C
{keys*}       semi=%3B,dot=.,comma=%2C
{+var}        var=value
{+hello}      hello=Hello%20World!
{+half}       half=50%25
{+base}       base=http://example.com/home/
{+path}       path=/foo/bar
{+empty}      empty=
{+undef}
{+list}       list=red,green,blue
{+list*}      list=red&list=green&list=blue
{+keys}       keys=semi,;,dot,.,comma,,
{+keys*}      semi=;&dot=.&comma=,
{.who}        .fred
{.half}       .50%25
{.empty}      %2E
{.list}       .red,green,blue
{.list*}      .red.green.blue
{.keys}       .semi,%3B,dot,.,comma,%2C
{.keys*}      .semi=%3B.dot=..comma=%2C
{;who}        ;who=fred
{;half}       ;half=50%25
{;empty}      ;empty
{;list}       ;list=red,green,blue
{;list*}      ;list=red;list=green;list=blue
{;keys}       ;keys=semi,%3B,dot,.,comma,%2C
{;keys*}      ;semi=%3B;dot=.;comma=%2C
{;v,empty,who} ;v=6;empty;who=fred
{.who,who}    .fred.fred
{?who}        who=fred
{?half}       half=50%25
{?x,y}        x=1024&y=768
{?x,y,empty}  x=1024&y=768&empty=
{?x,y,undef}  x=1024&y=768
{?list}       list=red,green,blue
{?list*}      list=red&list=green&list=blue
{?keys}       keys=semi,%3B,dot,.,comma,%2C
{?keys*}      semi=%3B&dot=.&comma=%2C
{?empty_keys}
{?empty_keys*}
"""


def expansions() -> list[tuple[str, str]]:
    rows = (row.partition("}") for row in RFC_6570.split("\n")[1:-1])
    return [(expression + brace, expected.strip()) for expression, brace, expected in rows]


@pytest.mark.parametrize(("expression", "expected"), expansions())
def test_rfc_6570(tool: Callable[..., Tool], sent: Sent, expression: str, expected: str) -> None:
    inside = expression.strip("{}")
    operator = inside[0] if inside[0] in OPERATORS else ""
    names = [name for name in inside.removeprefix(operator).split(",") if name]
    parameters = [
        {
            **OPERATORS[operator],
            "name": name.rstrip("*"),
            "explode": name.endswith("*"),
            "required": OPERATORS[operator]["in"] == "path",
            "schema": {},
        }
        for name in dict.fromkeys(names)
    ]
    in_path = "".join(f"{{{name.rstrip('*')}}}" for name in names)
    made = tool(parameters, path=f"/a/{in_path}" if operator in ("", ".", ";") else "/a")
    request = sent(made, {p["name"]: VARIABLES[p["name"]] for p in parameters})
    assert target(request).removeprefix("/a").lstrip("/?") == expected


# -- values -------------------------------------------------------------------------------------


def parameter(location: str, schema: Any = True, *, name: str = "p", **more: Any) -> dict[str, Any]:
    required = location == "path"
    return {"name": name, "in": location, "required": required, "schema": schema, **more}


JSON_IN_QUERY: dict[str, Any] = {"content": {"application/json": {}}}
RESERVED: dict[str, Any] = {"allowReserved": True}

VALUES: list[tuple[str, dict[str, Any], Any, str | None]] = [
    ("zero", parameter("query"), 0, "p=0"),
    ("false", parameter("query"), False, "p=false"),
    ("true", parameter("query"), True, "p=true"),
    ("a fraction", parameter("query"), -1.5, "p=-1.5"),
    ("a large integer", parameter("query"), 2**53, "p=9007199254740992"),
    ("an empty array", parameter("query"), [], None),
    ("an empty object", parameter("query"), {}, None),
    ("empty items are items", parameter("query"), ["", 0, False], "p=&p=0&p=false"),
    ("empty items, joined", parameter("query", explode=False), ["", "a"], "p=,a"),
    ("null among items", parameter("query"), [1, None, 2], "p=1&p=2"),
    ("null among properties", parameter("query"), {"a": None, "b": 0}, "b=0"),
    ("an array in an array", parameter("query"), [[1, 2], ["a"]], "p=%5B1%2C2%5D&p=%5B%22a%22%5D"),
    ("an object in an object", parameter("query", explode=False), {"a": {"b": 1}},
     "p=a,%7B%22b%22%3A1%7D"),
    ("nested brackets", parameter("query", style="deepObject"), {"a": {"b": {"c": 1}}},
     "p%5Ba%5D%5Bb%5D%5Bc%5D=1"),
    ("an array in brackets", parameter("query", style="deepObject"), {"a": [1, None, 2]},
     "p%5Ba%5D=1&p%5Ba%5D=2"),
    ("a date is a string", parameter("query", {"format": "date"}), "2026-01-31", "p=2026-01-31"),
    ("unicode in a query", parameter("query"), "größe 名", "p=gr%C3%B6%C3%9Fe%20%E5%90%8D"),
    ("unicode in a path", parameter("path"), "الخوارزميّ",
     "%D8%A7%D9%84%D8%AE%D9%88%D8%A7%D8%B1%D8%B2%D9%85%D9%8A%D9%91"),
    ("unicode in a cookie", parameter("cookie"), "ü", "p=%C3%BC"),
    ("a header is not encoded", parameter("header"), "a b/c,ü", "a b/c,ü"),
    ("a header is one line", parameter("header"), "a=1, \r\n b=2\n", "a=1, b=2"),
    ("spaces", parameter("query"), ["one thing", "another"], "p=one%20thing&p=another"),
    ("a plus sign", parameter("query"), "a+b", "p=a%2Bb"),
    ("reserved characters are encoded", parameter("query"), "a/b?c=d&e:f@g,h;i!$'()*#[]",
     "p=a%2Fb%3Fc%3Dd%26e%3Af%40g%2Ch%3Bi%21%24%27%28%29%2A%23%5B%5D"),
    ("reserved characters may pass", parameter("query", **RESERVED), "a/b?c=d&e:f@g,h;i!$'()*#[]",
     "p=a/b?c=d%26e:f@g,h;i!$'()*%23%5B%5D"),
    ("what is encoded already passes, too", parameter("query", **RESERVED), "50%25 50%",
     "p=50%25%2050%25"),
    ("a timestamp", parameter("query", **RESERVED), "2026-01-31T10:00:00+01:00",
     "p=2026-01-31T10:00:00%2B01:00"),
    ("a slash ends a path's segment", parameter("path"), "a/b", "a%2Fb"),
    ("even with allowReserved", parameter("path", **RESERVED), "a/b:c@d?e#f", "a%2Fb:c@d%3Fe%23f"),
    ("a step up", parameter("path"), "..", "%2E%2E"),
    ("a step nowhere", parameter("path"), ".", "%2E"),
    ("steps up", parameter("path"), "../../admin", "..%2F..%2Fadmin"),
    ("a backslash", parameter("path"), "..\\..", "..%5C.."),
    ("a query in a path", parameter("path"), "1?admin=true", "1%3Fadmin%3Dtrue"),
    ("zero in a path", parameter("path"), 0, "0"),
    ("false in a path", parameter("path"), False, "false"),
    ("separators in items are encoded", parameter("path"), ["a,b", "c"], "a%2Cb,c"),
    ("separators of labels are not", parameter("path", style="label", explode=True), ["1.5", "2"],
     ".1.5.2"),
    ("semicolons in a cookie", parameter("cookie"), "a; b", "p=a%3B%20b"),
    ("a cookie as it is", parameter("cookie", style="cookie"), "Hello%2C%20world!",
     "p=Hello%2C%20world!"),
    ("a cookie with allowReserved", parameter("cookie", **RESERVED), "a/b;c", "p=a/b%3Bc"),
    ("JSON in a query", parameter("query", **JSON_IN_QUERY), {"lat": 40.6, "long": -73.9},
     "p=%7B%22lat%22%3A40.6%2C%22long%22%3A-73.9%7D"),
    ("a string as JSON in a query", parameter("query", **JSON_IN_QUERY), "a", "p=%22a%22"),
    ("an empty array as JSON", parameter("query", **JSON_IN_QUERY), [], "p=%5B%5D"),
    ("JSON in a header", parameter("header", **JSON_IN_QUERY), {"a": [1]}, '{"a":[1]}'),
    ("JSON in a path", parameter("path", **JSON_IN_QUERY), [1, 2], "%5B1%2C2%5D"),
    ("JSON in a cookie", parameter("cookie", **JSON_IN_QUERY), {"a": 1}, "p=%7B%22a%22%3A1%7D"),
    ("text in a query", parameter("query", content={"text/plain": {}}), "a b", "p=a%20b"),
    ("a form in a query", parameter("query", content={"application/x-www-form-urlencoded": {}}),
     {"a": 1, "b": "x y"}, "p=a%3D1%26b%3Dx%2By"),
    ("a query that is a form",
     parameter("querystring", content={"application/x-www-form-urlencoded": {}}),
     {"foo": "a + b", "bar": True}, "foo=a%20%2B%20b&bar=true"),  # "+" in the specification
    ("a query that is JSON", parameter("querystring", content={"application/json": {}}),
     {"numbers": [1, 2], "flag": None},
     "%7B%22numbers%22%3A%5B1%2C2%5D%2C%22flag%22%3Anull%7D"),
    ("a query that is text", parameter("querystring", content={"application/jsonpath": {}}),
     "$.a.b[1:1]", "%24.a.b%5B1%3A1%5D"),
]  # fmt: skip


@pytest.mark.parametrize(("parameter", "value", "expected"), [row[1:] for row in VALUES],
                         ids=[row[0] for row in VALUES])  # fmt: skip
def test_values(
    written: Written, parameter: dict[str, Any], value: Any, expected: str | None
) -> None:
    if "content" in parameter:
        del parameter["schema"]
    assert written(parameter, {"p": value}) == expected


# "Parameter Object Examples" of OpenAPI 3.2: dataValue and serializedValue.
EXAMPLES: list[tuple[dict[str, Any], Any, str]] = [
    (parameter("header", {"type": "array"}, name="X-Token"), [12345678, 90099], "12345678,90099"),
    (parameter("cookie", {"type": "object"}, name="cookie", style="cookie"),
     {"greeting": "Hello%2C%20world!", "code": 42}, "greeting=Hello%2C%20world!; code=42"),
    (parameter("cookie", STRING, name="greeting"), "Hello, world!",
     "greeting=Hello%2C%20world%21"),
    (parameter("path", STRING, name="username"), "edijkstra", "edijkstra"),
    (parameter("path", STRING, name="username"), "diṅnāga", "di%E1%B9%85n%C4%81ga"),
    (parameter("query", {"type": "array"}, name="thing"), ["one thing", "another thing"],
     "thing=one%20thing&thing=another%20thing"),
    (parameter("query", {"type": "object", "additionalProperties": INTEGER}, name="freeForm"),
     {"page": 4, "pageSize": 50}, "page=4&pageSize=50"),
]  # fmt: skip


@pytest.mark.parametrize(("parameter", "value", "expected"), EXAMPLES)
def test_the_specifications_parameter_examples(
    written: Written, parameter: dict[str, Any], value: Any, expected: str
) -> None:
    assert written(parameter, {parameter["name"]: value}) == expected


REFUSED: list[tuple[str, dict[str, Any], Any, str]] = [
    ("empty in a path", parameter("path"), "", "cannot be empty"),
    ("an empty array in a path", parameter("path"), [], "cannot be empty"),
    ("an empty array that a query must have", parameter("query") | {"required": True}, [],
     r"\[\] leaves no trace in a query"),
    ("null that a query must have", parameter("query") | {"required": True}, None,
     "null leaves no trace"),
    ("a control character in a header", parameter("header"), "a\0b", "no control characters"),
]  # fmt: skip


@pytest.mark.parametrize(("parameter", "value", "problem"), [row[1:] for row in REFUSED],
                         ids=[row[0] for row in REFUSED])  # fmt: skip
def test_values_that_have_no_place(
    written: Written, parameter: dict[str, Any], value: Any, problem: str
) -> None:
    with pytest.raises(UnusableArgument, match=f"^p: .*{problem}"):
        written(parameter, {"p": value})


# -- names --------------------------------------------------------------------------------------

NAMES: list[tuple[str, str, str, str]] = [
    # location, the API's name, the argument's, what is sent for "v"
    ("query", "filter[a]", "filter_a", "filter%5Ba%5D=v"),
    ("query", "$filter", "filter", "%24filter=v"),
    ("query", "tags[]", "tags", "tags%5B%5D=v"),
    ("query", "a b", "a_b", "a%20b=v"),
    ("query", "größe", "gr_e", "gr%C3%B6%C3%9Fe=v"),
    ("query", "名前", "query", "%E5%90%8D%E5%89%8D=v"),
    ("query", "a.b-c_d", "a.b-c_d", "a.b-c_d=v"),
    ("query", "a&b=c", "a_b_c", "a%26b%3Dc=v"),
    ("query", "x" * 70, "x" * 64, "x" * 70 + "=v"),
    ("header", "X-Request-ID", "X-Request-ID", "v"),
    ("cookie", "__Host-id", "__Host-id", "__Host-id=v"),
    ("path", "pet:id", "pet_id", "v"),
]


@pytest.mark.parametrize(("location", "name", "argument", "expected"), NAMES)
def test_names(
    tool: Callable[..., Tool],
    written: Written,
    location: str,
    name: str,
    argument: str,
    expected: str,
) -> None:
    described = parameter(location, STRING, name=name, description="What it is.")
    made = tool([described], path=where(described))
    assert list(made.spec.parameters["properties"]) == [argument]
    told = made.spec.parameters["properties"][argument]["description"]
    assert told == ("What it is." if argument == name else f"The API's {name}. What it is.")
    assert written(described, {argument: "v"}) == expected


def test_a_name_in_five_places_is_five_arguments(tool: Callable[..., Tool], sent: Sent) -> None:
    parameters = [parameter(place, name="id") for place in ("cookie", "header", "query", "path")]
    content = {"application/json": {"schema": {"type": "object", "properties": {"id": INTEGER}}}}
    request = sent(
        tool(parameters, content, path="/a/{id}"),
        {"id": 1, "id_query": 2, "id_header": 3, "id_cookie": 4, "id_body": 5},
    )
    assert target(request) == "/a/1?id=2"
    assert (header(request, "id"), header(request, "cookie")) == ("3", "id=4")
    assert request.body == b'{"id":5}'


def test_names_that_become_one_stay_apart(tool: Callable[..., Tool], sent: Sent) -> None:
    parameters = [parameter("query", name=name) for name in ("f[a]", "f_a", "f(a)", "f a")]
    request = sent(tool(parameters), {"f_a_2": 1, "f_a": 2, "f_a_3": 3, "f_a_4": 4})
    assert target(request) == "/a?f%5Ba%5D=1&f_a=2&f%28a%29=3&f%20a=4"


def test_a_name_in_the_path_that_nobody_declared_is_an_argument(
    tool: Callable[..., Tool], sent: Sent
) -> None:
    assert target(sent(tool(path="/a/{x}/{y}"), {"x": "1", "y": "b c"})) == "/a/1/b%20c"


def test_the_template_is_encoded_too(tool: Callable[..., Tool], sent: Sent) -> None:
    assert target(sent(tool(path="/straße/{x}"), {"x": "1"})) == "/stra%C3%9Fe/1"


@pytest.mark.parametrize("name", ["Accept", "content-type", "Authorization"])
def test_headers_that_are_no_parameters_are_no_arguments(
    tool: Callable[..., Tool], name: str
) -> None:
    assert tool([parameter("header", name=name)]).places == {}
