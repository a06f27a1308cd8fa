from __future__ import annotations

import base64
import html
import json
import re
from urllib.parse import quote, quote_plus

from hypothesis import given
from hypothesis import strategies as st

from toolalpaca.redaction import MASK, Redactor

SECRET = 'c4n4ry "of/the\\mine" & é+='

secrets = st.text(
    st.characters(min_codepoint=32, exclude_categories=("Cs", "Cc")), min_size=8, max_size=40
)


def as_escapes(text: str) -> str:
    units = text.encode("utf-16-be").hex()
    return "".join(f"\\u{units[place : place + 4]}" for place in range(0, len(units), 4))


def test_nothing_is_masked_without_secrets() -> None:
    assert Redactor()("abc") == "abc"
    assert Redactor(["", "abc"])("abc") == "abc"  # too short to be searched for


@given(secrets, st.text(max_size=20), st.text(max_size=20))
def test_a_secret_is_masked_in_every_form(secret: str, before: str, after: str) -> None:
    redact = Redactor([secret])
    forms = [
        secret,
        quote(secret),
        quote(secret, safe=""),
        quote_plus(secret),
        re.sub("%..", lambda match: match[0].lower(), quote(secret, safe="")),
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        html.escape(secret),
        base64.b64encode(secret.encode()).decode(),
        base64.urlsafe_b64encode(secret.encode()).decode().rstrip("="),
    ]
    for form in forms:
        assert MASK in redact(f"{before}{form}{after}")
        assert form not in redact(f"{before}{form}{after}")


@given(secrets, st.binary(max_size=10), st.binary(max_size=10))
def test_a_secret_in_the_middle_of_base64_is_masked(
    secret: str, before: bytes, after: bytes
) -> None:
    data = before + secret.encode() + after
    for text in (base64.b64encode(data).decode(), base64.urlsafe_b64encode(data).decode()):
        assert MASK in Redactor([secret])(text)


@given(secrets)
def test_json_escapes_hide_nothing(secret: str) -> None:
    redact = Redactor([secret])
    body = f'{{"a": "x{as_escapes(secret)}y"}}'
    assert json.loads(body)["a"] == f"x{secret}y"
    for said in (redact(body), redact(body[:-1])):  # the second is no JSON any more
        assert MASK in said
        assert secret not in said


def test_slashes_that_php_escapes_hide_nothing() -> None:
    assert Redactor(["ab/cd/ef"])('["ab\\/cd\\/ef"]') == f'["{MASK}"]'


def test_a_body_without_secrets_stays_as_it_was_written() -> None:
    body = '{"a":  "\\u00e9\\/"}'
    assert Redactor([SECRET])(body) == body


@given(secrets, st.integers(4, 60))
def test_the_end_of_a_cut_body_shows_no_beginning_of_a_secret(secret: str, kept: int) -> None:
    part = secret[:kept]
    if len(part) >= 4:
        assert Redactor([secret]).beginning(f"<<{part}") == f"<<{MASK}"


def test_secrets_can_be_learned_later() -> None:
    redact = Redactor(["first-secret"])
    redact.learn(["second-secret"])
    assert redact("first-secret second-secret") == f"{MASK} {MASK}"


def test_a_secret_that_begins_with_another_is_masked_whole() -> None:
    assert Redactor(["abcd", "abcdefgh"])("<abcdefgh>") == f"<{MASK}>"


def test_data_is_masked_too() -> None:
    assert Redactor(["s\u00e9cret"]).data(b"\x89" + "s\u00e9cret".encode()) == b"\x89***"


@given(secrets)
def test_encodings_within_each_other_hide_nothing(secret: str) -> None:
    said = quote(quote_plus(as_escapes(html.escape(secret))))
    assert Redactor([secret])(f"x{said}y").count(MASK) == 1
