"""What is made up inside one object fits together."""

from __future__ import annotations

from typing import Any

import pytest

from toolalpaca.openapi.validation import Validator
from toolalpaca_mockserver.spelling import words
from toolalpaca_mockserver.values import ValueGenerator, vocabulary

TEXT: dict[str, Any] = {"type": "string"}
NUMBER: dict[str, Any] = {"type": "number"}
WHOLE: dict[str, Any] = {"type": "integer"}
FLAG: dict[str, Any] = {"type": "boolean"}
EMAIL = {"type": "string", "format": "email"}
MOMENT = {"type": ["string", "null"], "format": "date-time"}
PLACES = {place.city: place for place in vocabulary.PLACES}


def kind(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "required": [*properties], "properties": properties}


def some(schema: Any, name: str = "thing", count: int = 30) -> list[Any]:
    generator = ValueGenerator({})
    made = [generator.generate(schema, name=name, key=str(n)) for n in range(count)]
    assert all(Validator(schema).is_valid(value) for value in made)
    return made


def test_cities_lie_in_their_countries() -> None:
    schema = kind(
        city=TEXT,
        country=TEXT,
        currency=TEXT,
        timezone=TEXT,
        address=kind(city_name=TEXT, countryCode={"type": "string", "maxLength": 2}),
        lat=NUMBER,
        longitude=NUMBER,
        billing_city=TEXT,
        billing_country={"type": "string", "maxLength": 2},
    )
    for made in some(schema):
        place = PLACES[made["city"]]
        assert (made["country"], made["currency"]) == (place.country, place.currency)
        assert made["timezone"] == place.timezone
        assert made["address"] == {"city_name": place.city, "countryCode": place.country_code}
        assert (made["lat"], made["longitude"]) == (place.latitude, place.longitude)
        assert made["billing_country"] == PLACES[made["billing_city"]].country_code


def test_where_a_journey_ends_is_another_place() -> None:
    made = some(kind(origin=TEXT, destination=TEXT, origin_country=TEXT))
    assert any(one["origin"] != one["destination"] for one in made)
    assert all(one["origin_country"] == PLACES[one["origin"]].country for one in made)


def test_a_person_has_one_name() -> None:
    schema = kind(
        name=TEXT, first_name=TEXT, lastName=TEXT, email=EMAIL, username=TEXT, manager_email=EMAIL
    )
    made = some(schema, "user")
    for one in made:
        assert one["name"] == f"{one['first_name']} {one['lastName']}"
        assert one["email"].startswith(one["first_name"].lower())
        assert one["username"].startswith(one["first_name"].lower())
    assert any(one["manager_email"] != one["email"] for one in made)


def test_objects_in_lists_are_about_others() -> None:
    people = {"type": "array", "minItems": 5, "items": kind(name=TEXT)}
    names = {one["name"] for made in some(kind(users=people)) for one in made["users"]}
    assert len(names) > 5


def test_sums_and_products() -> None:
    line = kind(quantity=WHOLE, unit_price=NUMBER, line_total=NUMBER)
    schema = kind(lines={"type": "array", "items": line, "minItems": 1}, total=NUMBER)
    for order in some(schema):
        for one in order["lines"]:
            assert one["line_total"] == pytest.approx(one["quantity"] * one["unit_price"], abs=0.01)
        lines = sum(one["quantity"] * one["unit_price"] for one in order["lines"])
        assert order["total"] == pytest.approx(lines, abs=0.01)


def test_counts_are_lengths() -> None:
    several = {"type": "array", "items": TEXT}
    for made in some(kind(comments=several, comments_count=WHOLE, totalComments=WHOLE)):
        assert made["comments_count"] == made["totalComments"] == len(made["comments"])
    for made in some(kind(items=several, total=WHOLE)):
        assert made["total"] == len(made["items"])


def test_bounds_are_in_order() -> None:
    for made in some(kind(min_price=NUMBER, maxPrice=NUMBER, low=WHOLE, high=WHOLE)):
        assert made["min_price"] <= made["maxPrice"]
        assert made["low"] <= made["high"]


def test_times_are_in_order_and_flags_agree() -> None:
    schema = kind(created_at=MOMENT, updated_at=MOMENT, is_published=FLAG, published_at=MOMENT)
    made = some(schema, count=60)
    for one in made:
        assert one["is_published"] == (one["published_at"] is not None)
        if one["created_at"] and one["updated_at"]:
            assert one["created_at"] <= one["updated_at"]
    assert len({one["is_published"] for one in made}) == 2


def test_what_the_schema_says_wins() -> None:
    schema = kind(
        quantity={"const": 3}, price={"const": 2}, total={"type": "integer", "maximum": 5},
        items={"type": "array", "minItems": 3, "items": TEXT}, count={"enum": [7]},
        min={"const": 9}, max={"type": "integer", "maximum": 10, "minimum": 10},
    )  # fmt: skip
    assert some(schema)


def luhn(digits: str) -> bool:
    doubled = [int(d) * (2 if place % 2 else 1) for place, d in enumerate(reversed(digits))]
    return sum(n - 9 if n > 9 else n for n in doubled) % 10 == 0


def test_numbers_with_check_digits() -> None:
    for made in some(kind(isbn=TEXT, isbn_10=TEXT, ean=TEXT, iban=TEXT, card_number=TEXT)):
        for name in ("isbn", "ean"):
            weights = (1 if place % 2 == 0 else 3 for place in range(13))
            assert sum(w * int(d) for w, d in zip(weights, made[name], strict=True)) % 10 == 0
        ten = [10 if digit == "X" else int(digit) for digit in made["isbn_10"]]
        assert sum((10 - place) * digit for place, digit in enumerate(ten)) % 11 == 0
        moved = made["iban"][4:] + made["iban"][:4]
        assert int("".join(str(int(character, 36)) for character in moved)) % 97 == 1
        assert luhn(made["card_number"])


@pytest.mark.parametrize(
    ("name", "description", "known"),
    [
        ("code", "The ISO 4217 code of the currency", {p.currency for p in PLACES.values()}),
        ("nat", "Two-letter country code", {p.country_code for p in PLACES.values()}),
        ("stop", "IATA code of the airport", {p.airport for p in PLACES.values()}),
        ("zone", "The time zone of the venue", {p.timezone for p in PLACES.values()}),
    ],
)
def test_descriptions_tell_what_names_do_not(name: str, description: str, known: set[str]) -> None:
    made = some(kind(**{name: {"type": "string", "description": description}}))
    assert {one[name] for one in made} <= known


def test_birthdays_have_passed() -> None:
    for made in some(kind(date_of_birth={"type": "string", "format": "date"}, birthday=TEXT)):
        assert all(value < "2006" for value in made.values())
    assert words("dateOfBirth") == ("date", "of", "birth")
