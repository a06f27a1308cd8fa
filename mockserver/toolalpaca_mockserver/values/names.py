"""What a value looks like when its name says what it is."""

from __future__ import annotations

from toolalpaca_mockserver.spelling import words
from toolalpaca_mockserver.values import things, vocabulary
from toolalpaca_mockserver.values.moments import moment
from toolalpaca_mockserver.values.things import Suggestion


def text_by_name(name: str, owner: str) -> Suggestion | None:
    """What makes texts for a property called *name* of something called *owner*."""
    last = words(name)
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

_TEXTS: dict[str, Suggestion] = {
    "first_name": things.choice(vocabulary.FIRST_NAMES),
    "given_name": things.choice(vocabulary.FIRST_NAMES),
    "last_name": things.choice(vocabulary.LAST_NAMES),
    "family_name": things.choice(vocabulary.LAST_NAMES),
    "surname": things.choice(vocabulary.LAST_NAMES),
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
    "birthday": things.date,
    "at": things.date_time,
    "timestamp": things.date_time,
    "time": lambda rng: moment(rng).strftime("%H:%M"),
    "duration": things.duration,
    "isbn": lambda rng: f"978{rng.randrange(10**9, 10**10)}",
    "latitude": lambda rng: f"{rng.choice(vocabulary.PLACES).latitude:.4f}",
    "longitude": lambda rng: f"{rng.choice(vocabulary.PLACES).longitude:.4f}",
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
