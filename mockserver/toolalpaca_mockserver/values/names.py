"""What a value looks like when its name says what it is."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from toolalpaca_mockserver.spelling import words
from toolalpaca_mockserver.values import things, vocabulary
from toolalpaca_mockserver.values.moments import moment
from toolalpaca_mockserver.values.scene import Source
from toolalpaca_mockserver.values.things import Suggestion


@lru_cache(maxsize=8192)
def text_by_name(name: str, owner: str) -> Suggestion | None:
    """What makes texts for a property called *name* of something called *owner*."""
    last = words(name)
    joined = "_".join(last)
    if joined in ("name", "full_name", "display_name", "title", "label"):
        return _name_of(owner, joined)
    if len(last) > 1 and last[-1] in ("name", "title", "label") and last[-2] in _TEXTS:
        last = last[:-1]  # city_name is a city
    for length in (3, 2, 1):
        key = "_".join(last[-length:])
        found = _TEXTS.get(key)
        if found is not None:
            return _about(key if key in _OTHERS else "_".join(last[:-length]), found)
    return None


def is_past(name: str) -> bool:
    """Whether a date called *name* lies before any that is made up otherwise."""
    return not _CERTAIN.isdisjoint("_".join(words(name)[-length:]) for length in (1, 2, 3))


def prefix_of(name: str) -> str:
    """What stands before the words of *name* that say whose email or telephone it is."""
    return "_".join(words(name)).removesuffix("_address").rpartition("_")[0]


def _about(prefix: str, suggestion: Suggestion) -> Suggestion:
    """*suggestion* for the person and the place that are called by *prefix*."""

    def suggest(source: Source) -> Any:
        source.prefix = prefix
        return suggestion(source)

    return suggest


@lru_cache(maxsize=2048)
def text_by_description(description: str) -> Suggestion | None:
    """What makes texts for a property that is described so."""
    return next((made for pattern, made in _TOLD if pattern.search(description)), None)


def coordinate(name: str) -> str | None:
    """``latitude`` or ``longitude``, when a number called *name* is one."""
    last = words(name)[-1:]
    return _COORDINATES.get(last[0]) if last else None


def number_by_name(name: str) -> tuple[float, float, int] | None:
    """The usual smallest and largest value, and decimals, of a number called *name*."""
    parts = words(name)
    for length in (2, 1):
        found = _NUMBERS.get("_".join(parts[-length:]))
        if found is not None:
            return found
    return None


def _name_of(owner: str, kind: str) -> Suggestion:
    last = (words(owner) or [""])[-1]
    singular = last.removesuffix("s")
    if singular in _PEOPLE:
        return things.person
    if singular in _COMPANIES:
        return things.choice(vocabulary.COMPANIES)
    if singular in _TEXTS and singular != "name":
        return _TEXTS[singular]
    return things.person if kind == "full_name" else things.thing


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

# Others than whom the object is about, and other places than where it is.
_OTHERS = frozenset(
    {
        "author", "owner", "contact", "customer", "customer_name", "passenger_name", "guest_name",
        "manager", "assignee", "recipient", "sender", "created_by", "updated_by", "destination",
        "origin",
    }
)  # fmt: skip
_CERTAIN = frozenset({"birth_date", "birthdate", "birthday", "date_of_birth", "dob"})
_COORDINATES = {
    "latitude": "latitude", "lat": "latitude", "longitude": "longitude", "lng": "longitude",
    "lon": "longitude", "long": "longitude",
}  # fmt: skip

_TEXTS: dict[str, Suggestion] = {
    "first_name": things.first_name,
    "given_name": things.first_name,
    "last_name": things.last_name,
    "family_name": things.last_name,
    "surname": things.last_name,
    "username": things.username,
    "user_name": things.username,
    "login": things.username,
    "nickname": things.username,
    "handle": things.username,
    "author": things.person,
    "owner": things.person,
    "contact": things.person,
    "customer": things.person,
    "customer_name": things.person,
    "passenger_name": things.person,
    "guest_name": things.person,
    "email": things.email,
    "email_address": things.email,
    "mail": things.email,
    "phone": things.phone,
    "phone_number": things.phone,
    "mobile": things.phone,
    "telephone": things.phone,
    "fax": things.phone,
    "url": things.url,
    "uri": things.url,
    "href": things.url,
    "link": things.url,
    "website": things.url,
    "homepage": things.url,
    "avatar": things.image,
    "image": things.image,
    "photo": things.image,
    "picture": things.image,
    "thumbnail": things.image,
    "icon": things.image,
    "logo": things.image,
    "hostname": things.host,
    "host": things.host,
    "domain": things.host,
    "ip": things.ipv4,
    "ip_address": things.ipv4,
    "address": things.street,
    "street": things.street,
    "street_address": things.street,
    "city": things.place("city"),
    "town": things.place("city"),
    "location": things.place("city"),
    "destination": things.place("city"),
    "origin": things.place("city"),
    "state": things.place("region"),
    "province": things.place("region"),
    "region": things.place("region"),
    "country": things.place("country"),
    "country_code": things.place("country_code"),
    "nationality": things.place("country"),
    "zip": things.place("postal_code"),
    "zip_code": things.place("postal_code"),
    "postcode": things.place("postal_code"),
    "postal_code": things.place("postal_code"),
    "timezone": things.place("timezone"),
    "time_zone": things.place("timezone"),
    "airport": things.place("airport"),
    "airport_code": things.place("airport"),
    "iata": things.place("airport"),
    "iata_code": things.place("airport"),
    "currency": things.place("currency"),
    "currency_code": things.place("currency"),
    "language": things.choice(vocabulary.LANGUAGES),
    "lang": things.choice(vocabulary.LANGUAGES),
    "locale": things.choice(vocabulary.LANGUAGES),
    "company": things.choice(vocabulary.COMPANIES),
    "company_name": things.choice(vocabulary.COMPANIES),
    "organization": things.choice(vocabulary.COMPANIES),
    "organisation": things.choice(vocabulary.COMPANIES),
    "brand": things.choice(vocabulary.COMPANIES),
    "manufacturer": things.choice(vocabulary.COMPANIES),
    "vendor": things.choice(vocabulary.COMPANIES),
    "publisher": things.choice(vocabulary.COMPANIES),
    "job": things.choice(vocabulary.JOBS),
    "job_title": things.choice(vocabulary.JOBS),
    "occupation": things.choice(vocabulary.JOBS),
    "position": things.choice(vocabulary.JOBS),
    "color": things.choice(vocabulary.COLORS),
    "colour": things.choice(vocabulary.COLORS),
    "tag": things.choice(vocabulary.TAGS),
    "tags": things.choice(vocabulary.TAGS),
    "labels": things.choice(vocabulary.TAGS),
    "status": things.choice(vocabulary.STATUSES),
    "category": things.choice(vocabulary.CATEGORIES),
    "genre": things.choice(vocabulary.CATEGORIES),
    "description": things.choice(vocabulary.SENTENCES),
    "summary": things.choice(vocabulary.SENTENCES),
    "comment": things.choice(vocabulary.SENTENCES),
    "comments": things.choice(vocabulary.SENTENCES),
    "message": things.choice(vocabulary.SENTENCES),
    "note": things.choice(vocabulary.SENTENCES),
    "notes": things.choice(vocabulary.SENTENCES),
    "bio": things.choice(vocabulary.SENTENCES),
    "text": things.choice(vocabulary.SENTENCES),
    "content": things.choice(vocabulary.SENTENCES),
    "body": things.choice(vocabulary.SENTENCES),
    "name": things.thing,
    "title": things.thing,
    "subject": things.thing,
    "headline": things.thing,
    "slug": things.slug,
    "key": things.slug,
    "code": things.code,
    "sku": things.code,
    "reference": things.code,
    "number": things.code,
    "id": things.hexadecimal(12),
    "uuid": things.uuid4,
    "guid": things.uuid4,
    "token": things.hexadecimal(32),
    "hash": things.hexadecimal(40),
    "sha": things.hexadecimal(40),
    "etag": things.hexadecimal(16),
    "version": lambda rng: f"{rng.randrange(1, 4)}.{rng.randrange(10)}.{rng.randrange(10)}",
    "filename": things.choice(vocabulary.FILES),
    "file_name": things.choice(vocabulary.FILES),
    "file": things.choice(vocabulary.FILES),
    "mime_type": things.choice(vocabulary.MEDIA_TYPES),
    "content_type": things.choice(vocabulary.MEDIA_TYPES),
    "user_agent": things.choice((vocabulary.USER_AGENT,)),
    "date": things.date,
    "day": things.date,
    "at": things.date_time,
    "timestamp": things.date_time,
    "time": lambda rng: moment(rng).strftime("%H:%M"),
    "duration": things.duration,
    "isbn": things.isbn,
    "isbn_13": things.isbn,
    "isbn_10": things.isbn10,
    "ean": things.ean,
    "gtin": things.ean,
    "barcode": things.ean,
    "iban": things.iban,
    "bic": things.choice(vocabulary.BANKS),
    "swift": things.choice(vocabulary.BANKS),
    "card_number": things.card,
    "mac_address": things.mac,
    "mac": things.mac,
    "hex_color": things.color_code,
    "color_code": things.color_code,
    "flight_number": things.flight,
    "flight": things.flight,
    "airline": things.choice(vocabulary.AIRLINES),
    "initials": things.initials,
    "full_name": things.person,
    "birth_date": things.birth_date,
    "birthdate": things.birth_date,
    "birthday": things.birth_date,
    "date_of_birth": things.birth_date,
    "dob": things.birth_date,
    "language_code": things.place("language"),
    "latitude": lambda rng: f"{rng.place.latitude:.4f}",
    "longitude": lambda rng: f"{rng.place.longitude:.4f}",
    "lat": lambda rng: f"{rng.place.latitude:.4f}",
    "lng": lambda rng: f"{rng.place.longitude:.4f}",
    "lon": lambda rng: f"{rng.place.longitude:.4f}",
    "manager": things.person,
    "assignee": things.person,
    "recipient": things.person,
    "sender": things.person,
    "created_by": things.person,
    "updated_by": things.person,
    "price": things.decimal,
    "amount": things.decimal,
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

_TOLD: tuple[tuple[re.Pattern[str], Suggestion], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), suggestion)
    for pattern, suggestion in (
        (r"\bISO[ -]?4217|currency code", things.place("currency")),
        (r"\bISO[ -]?3166(?!.*alpha-?3)|two-letter country", things.place("country_code")),
        (r"\bISO[ -]?639|language code", things.place("language")),
        (r"\bIATA\b.*airport|airport.*\bIATA\b", things.place("airport")),
        (r"\bISBN\b", things.isbn),
        (r"\bIBAN\b", things.iban),
        (r"\b(UUID|GUID)\b", things.uuid4),
        (r"e-?mail address", things.email),
        (r"(phone|mobile) number", things.phone),
        (r"\bIPv?4? address", things.ipv4),
        (r"time ?zone", things.place("timezone")),
        (r"ISO[ -]?8601.*(time|duration)|RFC[ -]?3339|date and time", things.date_time),
        (r"YYYY-MM-DD(?!T)", things.date),
        (r"\bHH:MM\b", lambda rng: moment(rng).strftime("%H:%M")),
        (r"^(the )?(full |absolute )?(URL|link) ", things.url),
    )
)
