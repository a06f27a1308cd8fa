"""What strings of a format look like."""

from __future__ import annotations

import base64

from toolalpaca_mockserver.values import things, vocabulary
from toolalpaca_mockserver.values.moments import moment
from toolalpaca_mockserver.values.things import Suggestion


def by_format(name: str) -> Suggestion | None:
    """What makes strings of the JSON Schema or OpenAPI format *name*, if anything does."""
    return _FORMATS.get(name)


def brief(name: str) -> str | None:
    """A string of the format *name* that is as short as it can be, where one is usually longer."""
    return _BRIEF.get(name)


_FORMATS: dict[str, Suggestion] = {
    "date": things.date,
    "date-time": things.date_time,
    "time": lambda rng: moment(rng).strftime("%H:%M:%SZ"),
    "duration": things.duration,
    "email": things.email,
    "idn-email": things.email,
    "hostname": things.host,
    "idn-hostname": things.host,
    "ipv4": things.ipv4,
    "ipv6": things.ipv6,
    "uri": things.url,
    "url": things.url,
    "uri-reference": things.url,
    "iri": things.url,
    "iri-reference": things.url,
    "uri-template": lambda rng: (
        f"https://{vocabulary.DOMAIN}/{rng.choice(vocabulary.WORDS)}/{{id}}"
    ),
    "uuid": things.uuid4,
    "guid": things.uuid4,
    "json-pointer": lambda rng: f"/{rng.choice(vocabulary.WORDS)}/0",
    "relative-json-pointer": lambda rng: f"1/{rng.choice(vocabulary.WORDS)}",
    "regex": lambda _: "^[a-z]+$",
    "byte": things.base64_text,
    "base64": things.base64_text,
    "base64url": lambda rng: base64.urlsafe_b64encode(rng.randbytes(12)).decode(),
    "phone": things.phone,
    "phone-number": things.phone,
    "iso-country-code": things.place("country_code"),
    "country-code": things.place("country_code"),
    "currency": things.place("currency"),
    "password": lambda rng: f"{rng.choice(vocabulary.WORDS)}-{rng.choice(vocabulary.WORDS)}-42",
    "unix-time": lambda rng: str(int(moment(rng).timestamp())),
    "int64": lambda rng: str(rng.randrange(1, 10_000)),
    "decimal": things.decimal,
}

_BRIEF = {
    "email": "a@b.co",
    "idn-email": "a@b.co",
    "hostname": "b.co",
    "idn-hostname": "b.co",
    "ipv6": "::1",
    "uri": "a:b",
    "iri": "a:b",
    "uri-reference": "/",
    "iri-reference": "/",
    "url": "a:b",
    "duration": "P1D",
    "byte": "eA==",
    "base64": "eA==",
    "base64url": "eA==",
    "json-pointer": "/a",
}
