"""What a value looks like when its format or its name says what it is.

Everything here is a suggestion: :class:`toolalpaca_mockserver.values.ValueGenerator` checks it
against the schema and does without it where it does not fit.
"""

from __future__ import annotations

import base64
import random
import re
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from toolalpaca_mockserver import vocabulary as words

EPOCH = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
"""Where generated time begins. It is fixed, so that the same seed gives the same bytes."""

Suggestion = Callable[[random.Random], Any]


def by_format(name: str) -> Suggestion | None:
    """What makes strings of the JSON Schema or OpenAPI format *name*, if anything does."""
    return _FORMATS.get(name)


def brief(name: str) -> str | None:
    """A string of the format *name* that is as short as it can be, where one is usually longer."""
    return _BRIEF.get(name)


def text_by_name(name: str, owner: str) -> Suggestion | None:
    """What makes texts for a property called *name* of something called *owner*."""
    last = _words(name)
    joined = "_".join(last)
    if joined in ("name", "full_name", "display_name", "title", "label"):
        return _name_of(owner, joined)
    for length in (3, 2, 1):
        found = _TEXTS.get("_".join(last[-length:]))
        if found is not None:
            return found
    return None


def number_by_name(name: str) -> tuple[float, float, int] | None:
    """The usual smallest and largest value, and decimals, of a number called *name*."""
    parts = _words(name)
    for length in (2, 1):
        found = _NUMBERS.get("_".join(parts[-length:]))
        if found is not None:
            return found
    return None


def moment(rng: random.Random) -> datetime:
    """A time within a year after :data:`EPOCH`, on a full minute."""
    return EPOCH + timedelta(minutes=rng.randrange(0, 365 * 24 * 60, 5))


def timestamp(time: datetime) -> str:
    """*time* as RFC 3339 writes it, in UTC."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


def order_times(value: dict[str, Any]) -> None:
    """Exchange dates of an object so that what begins does so before it ends."""
    for length, separator in ((10, None), (20, "T")):
        ranked: list[tuple[int, str]] = []
        for name, text in value.items():
            rank = _time_rank(name)
            if rank is not None and isinstance(text, str) and len(text) == length:
                looks = re.fullmatch(
                    r"\d{4}-\d\d-\d\d" + (r"T[\d:]{8}Z" if separator else ""), text
                )
                if looks:
                    ranked.append((rank, name))
        if len(ranked) > 1:
            times = sorted(value[name] for _, name in ranked)
            for (_, name), text in zip(sorted(ranked), times, strict=True):
                value[name] = text


def _time_rank(name: str) -> int | None:
    parts = set(_words(name))
    for rank, verbs in enumerate((_FIRSTS, _THENS, _LASTS)):
        if parts & verbs:
            return rank
    return None


_FIRSTS = frozenset({"created", "joined", "registered", "opened", "ordered", "published"})
_THENS = frozenset(
    {
        "updated",
        "modified",
        "changed",
        "start",
        "starts",
        "begin",
        "from",
        "departs",
        "departure",
        "paid",
        "check_in",
    }
)
_LASTS = frozenset(
    {
        "end",
        "ends",
        "finish",
        "to",
        "arrives",
        "arrival",
        "due",
        "expires",
        "expiry",
        "closed",
        "delivered",
        "completed",
        "returned",
    }
)


def _words(name: str) -> list[str]:
    """The lower-case words of a name in any spelling: ``createdAt`` is created, at."""
    return [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", name)]


def _choice(items: tuple[Any, ...]) -> Suggestion:
    return lambda rng: rng.choice(items)


def _place(field: str) -> Suggestion:
    return lambda rng: getattr(rng.choice(words.PLACES), field)


def _person(rng: random.Random) -> str:
    return f"{rng.choice(words.FIRST_NAMES)} {rng.choice(words.LAST_NAMES)}"


def _thing(rng: random.Random) -> str:
    return f"{rng.choice(words.ADJECTIVES)} {rng.choice(words.NOUNS)}"


def _slug(rng: random.Random) -> str:
    return _thing(rng).lower().replace(" ", "-")


def _username(rng: random.Random) -> str:
    return f"{rng.choice(words.FIRST_NAMES).lower()}{rng.randrange(10, 100)}"


def _email(rng: random.Random) -> str:
    first, last = rng.choice(words.FIRST_NAMES), rng.choice(words.LAST_NAMES)
    return f"{first}.{last}@{words.DOMAIN}".lower()


def _host(rng: random.Random) -> str:
    return f"{rng.choice(words.WORDS)}.{words.DOMAIN}"


def _url(rng: random.Random) -> str:
    return f"https://{words.DOMAIN}/{rng.choice(words.WORDS)}/{rng.randrange(1, 1000)}"


def _image(rng: random.Random) -> str:
    return f"https://images.{words.DOMAIN}/{rng.choice(words.WORDS)}-{rng.randrange(1, 100)}.jpg"


def _phone(rng: random.Random) -> str:
    # 555-01xx is set aside for fiction in the North American numbering plan.
    return f"+1-202-555-01{rng.randrange(100):02}"


def _street(rng: random.Random) -> str:
    return f"{rng.randrange(1, 120)} {rng.choice(words.STREETS)}"


def _hexadecimal(length: int) -> Suggestion:
    return lambda rng: f"{rng.getrandbits(4 * length):0{length}x}"


def _uuid(rng: random.Random) -> str:
    return str(uuid.UUID(int=rng.getrandbits(128), version=4))


def _code(rng: random.Random) -> str:
    letters = "".join(rng.choice("ABCDEFGHJKLMNPQRSTUVWXYZ") for _ in range(3))
    return f"{letters}-{rng.randrange(1000, 10000)}"


def _name_of(owner: str, kind: str) -> Suggestion:
    last = (_words(owner) or [""])[-1]
    singular = last.removesuffix("s")
    if singular in _PEOPLE:
        return _person
    if singular in _COMPANIES:
        return _choice(words.COMPANIES)
    if singular in _TEXTS and singular != "name":
        return _TEXTS[singular]
    return _person if kind == "full_name" else _thing


_PEOPLE = frozenset(
    {
        "user",
        "person",
        "customer",
        "author",
        "owner",
        "member",
        "contact",
        "employee",
        "passenger",
        "patient",
        "guest",
        "student",
        "teacher",
        "client",
        "profile",
        "account",
        "artist",
        "actor",
        "player",
        "sender",
        "recipient",
    }
)
_COMPANIES = frozenset(
    {
        "company",
        "organization",
        "organisation",
        "employer",
        "vendor",
        "supplier",
        "business",
        "merchant",
        "publisher",
        "brand",
    }
)

_FORMATS: dict[str, Suggestion] = {
    "date": lambda rng: moment(rng).date().isoformat(),
    "date-time": lambda rng: timestamp(moment(rng)),
    "time": lambda rng: moment(rng).strftime("%H:%M:%SZ"),
    "duration": lambda rng: f"PT{rng.randrange(5, 180)}M",
    "email": _email,
    "idn-email": _email,
    "hostname": _host,
    "idn-hostname": _host,
    "ipv4": lambda rng: f"192.0.2.{rng.randrange(1, 255)}",  # TEST-NET-1, RFC 5737
    "ipv6": lambda rng: f"2001:db8::{rng.randrange(1, 0xFFFF):x}",  # RFC 3849
    "uri": _url,
    "url": _url,
    "uri-reference": _url,
    "iri": _url,
    "iri-reference": _url,
    "uri-template": lambda rng: f"https://{words.DOMAIN}/{rng.choice(words.WORDS)}/{{id}}",
    "uuid": _uuid,
    "guid": _uuid,
    "json-pointer": lambda rng: f"/{rng.choice(words.WORDS)}/0",
    "relative-json-pointer": lambda rng: f"1/{rng.choice(words.WORDS)}",
    "regex": lambda _: "^[a-z]+$",
    "byte": lambda rng: base64.b64encode(rng.randbytes(12)).decode(),
    "base64": lambda rng: base64.b64encode(rng.randbytes(12)).decode(),
    "base64url": lambda rng: base64.urlsafe_b64encode(rng.randbytes(12)).decode(),
    "phone": _phone,
    "phone-number": _phone,
    "iso-country-code": _place("country_code"),
    "country-code": _place("country_code"),
    "currency": _place("currency"),
    "password": lambda rng: f"{rng.choice(words.WORDS)}-{rng.choice(words.WORDS)}-42",
    "unix-time": lambda rng: str(int(moment(rng).timestamp())),
    "int64": lambda rng: str(rng.randrange(1, 10_000)),
    "decimal": lambda rng: f"{rng.randrange(100, 10_000) / 100:.2f}",
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

_TEXTS: dict[str, Suggestion] = {
    "first_name": _choice(words.FIRST_NAMES),
    "given_name": _choice(words.FIRST_NAMES),
    "last_name": _choice(words.LAST_NAMES),
    "family_name": _choice(words.LAST_NAMES),
    "surname": _choice(words.LAST_NAMES),
    "username": _username,
    "user_name": _username,
    "login": _username,
    "nickname": _username,
    "handle": _username,
    "author": _person,
    "owner": _person,
    "contact": _person,
    "customer": _person,
    "customer_name": _person,
    "passenger_name": _person,
    "guest_name": _person,
    "email": _email,
    "email_address": _email,
    "mail": _email,
    "phone": _phone,
    "phone_number": _phone,
    "mobile": _phone,
    "telephone": _phone,
    "fax": _phone,
    "url": _url,
    "uri": _url,
    "href": _url,
    "link": _url,
    "website": _url,
    "homepage": _url,
    "avatar": _image,
    "image": _image,
    "photo": _image,
    "picture": _image,
    "thumbnail": _image,
    "icon": _image,
    "logo": _image,
    "hostname": _host,
    "host": _host,
    "domain": _host,
    "ip": _FORMATS["ipv4"],
    "ip_address": _FORMATS["ipv4"],
    "address": _street,
    "street": _street,
    "street_address": _street,
    "city": _place("city"),
    "town": _place("city"),
    "location": _place("city"),
    "destination": _place("city"),
    "origin": _place("city"),
    "state": _place("region"),
    "province": _place("region"),
    "region": _place("region"),
    "country": _place("country"),
    "country_code": _place("country_code"),
    "nationality": _place("country"),
    "zip": _place("postal_code"),
    "zip_code": _place("postal_code"),
    "postcode": _place("postal_code"),
    "postal_code": _place("postal_code"),
    "timezone": _place("timezone"),
    "time_zone": _place("timezone"),
    "airport": _place("airport"),
    "airport_code": _place("airport"),
    "iata": _place("airport"),
    "iata_code": _place("airport"),
    "currency": _place("currency"),
    "currency_code": _place("currency"),
    "language": _choice(words.LANGUAGES),
    "lang": _choice(words.LANGUAGES),
    "locale": _choice(words.LANGUAGES),
    "company": _choice(words.COMPANIES),
    "company_name": _choice(words.COMPANIES),
    "organization": _choice(words.COMPANIES),
    "organisation": _choice(words.COMPANIES),
    "brand": _choice(words.COMPANIES),
    "manufacturer": _choice(words.COMPANIES),
    "vendor": _choice(words.COMPANIES),
    "publisher": _choice(words.COMPANIES),
    "job": _choice(words.JOBS),
    "job_title": _choice(words.JOBS),
    "occupation": _choice(words.JOBS),
    "position": _choice(words.JOBS),
    "color": _choice(words.COLORS),
    "colour": _choice(words.COLORS),
    "tag": _choice(words.TAGS),
    "tags": _choice(words.TAGS),
    "labels": _choice(words.TAGS),
    "status": _choice(words.STATUSES),
    "category": _choice(words.CATEGORIES),
    "genre": _choice(words.CATEGORIES),
    "description": _choice(words.SENTENCES),
    "summary": _choice(words.SENTENCES),
    "comment": _choice(words.SENTENCES),
    "comments": _choice(words.SENTENCES),
    "message": _choice(words.SENTENCES),
    "note": _choice(words.SENTENCES),
    "notes": _choice(words.SENTENCES),
    "bio": _choice(words.SENTENCES),
    "text": _choice(words.SENTENCES),
    "content": _choice(words.SENTENCES),
    "body": _choice(words.SENTENCES),
    "name": _thing,
    "title": _thing,
    "subject": _thing,
    "headline": _thing,
    "slug": _slug,
    "key": _slug,
    "code": _code,
    "sku": _code,
    "reference": _code,
    "number": _code,
    "id": _hexadecimal(12),
    "uuid": _uuid,
    "guid": _uuid,
    "token": _hexadecimal(32),
    "hash": _hexadecimal(40),
    "sha": _hexadecimal(40),
    "etag": _hexadecimal(16),
    "version": lambda rng: f"{rng.randrange(1, 4)}.{rng.randrange(10)}.{rng.randrange(10)}",
    "filename": _choice(words.FILES),
    "file_name": _choice(words.FILES),
    "file": _choice(words.FILES),
    "mime_type": _choice(words.MEDIA_TYPES),
    "content_type": _choice(words.MEDIA_TYPES),
    "user_agent": _choice((words.USER_AGENT,)),
    "date": _FORMATS["date"],
    "day": _FORMATS["date"],
    "birthday": _FORMATS["date"],
    "at": _FORMATS["date-time"],
    "timestamp": _FORMATS["date-time"],
    "time": lambda rng: moment(rng).strftime("%H:%M"),
    "duration": _FORMATS["duration"],
    "isbn": lambda rng: f"978{rng.randrange(10**9, 10**10)}",
    "latitude": lambda rng: f"{rng.choice(words.PLACES).latitude:.4f}",
    "longitude": lambda rng: f"{rng.choice(words.PLACES).longitude:.4f}",
    "price": _FORMATS["decimal"],
    "amount": _FORMATS["decimal"],
    "year": lambda rng: str(rng.randrange(1990, 2027)),
}

_NUMBERS: dict[str, tuple[float, float, int]] = {
    "latitude": (-60, 70, 4),
    "lat": (-60, 70, 4),
    "longitude": (-180, 180, 4),
    "lng": (-180, 180, 4),
    "lon": (-180, 180, 4),
    "price": (4, 250, 2),
    "amount": (4, 500, 2),
    "cost": (4, 500, 2),
    "fee": (1, 50, 2),
    "balance": (0, 5000, 2),
    "salary": (30_000, 120_000, 0),
    "year": (1990, 2026, 0),
    "month": (1, 12, 0),
    "day": (1, 28, 0),
    "hour": (0, 23, 0),
    "minute": (0, 59, 0),
    "minutes": (5, 180, 0),
    "second": (0, 59, 0),
    "seconds": (1, 600, 0),
    "duration": (5, 240, 0),
    "age": (18, 80, 0),
    "rating": (1, 5, 1),
    "score": (0, 100, 1),
    "percent": (0, 100, 1),
    "percentage": (0, 100, 1),
    "quantity": (1, 12, 0),
    "count": (0, 40, 0),
    "total": (1, 200, 0),
    "size": (1, 100, 0),
    "width": (100, 2000, 0),
    "height": (100, 2000, 0),
    "weight": (1, 90, 1),
    "distance": (1, 900, 1),
    "temperature": (-10, 35, 1),
    "humidity": (20, 95, 0),
    "speed": (0, 120, 1),
    "page": (1, 5, 0),
    "limit": (10, 100, 0),
    "offset": (0, 50, 0),
    "port": (1024, 49_151, 0),
    "version": (1, 9, 0),
    "position": (1, 20, 0),
    "rank": (1, 100, 0),
    "id": (1, 9999, 0),
    "timestamp": (1_767_603_600, 1_799_139_600, 0),
    "at": (1_767_603_600, 1_799_139_600, 0),
    "created": (1_767_603_600, 1_799_139_600, 0),
    "updated": (1_767_603_600, 1_799_139_600, 0),
}
