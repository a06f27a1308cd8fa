"""Things with a look of their own: people, places, addresses, codes.

Each is made by a function of a source of choices, so that the same seed makes the same thing.
"""

from __future__ import annotations

import base64
import random
import uuid
from collections.abc import Callable
from typing import Any

from toolalpaca_mockserver.values import vocabulary
from toolalpaca_mockserver.values.moments import moment, timestamp

Suggestion = Callable[[random.Random], Any]


def choice(items: tuple[Any, ...]) -> Suggestion:
    """One of *items*."""
    return lambda rng: rng.choice(items)


def place(field: str) -> Suggestion:
    """A field of one of the places of the vocabulary."""
    return lambda rng: getattr(rng.choice(vocabulary.PLACES), field)


def person(rng: random.Random) -> str:
    """A person's name."""
    return f"{rng.choice(vocabulary.FIRST_NAMES)} {rng.choice(vocabulary.LAST_NAMES)}"


def thing(rng: random.Random) -> str:
    """The name of a thing."""
    return f"{rng.choice(vocabulary.ADJECTIVES)} {rng.choice(vocabulary.NOUNS)}"


def slug(rng: random.Random) -> str:
    """The name of a thing as URLs have it."""
    return thing(rng).lower().replace(" ", "-")


def username(rng: random.Random) -> str:
    """A login."""
    return f"{rng.choice(vocabulary.FIRST_NAMES).lower()}{rng.randrange(10, 100)}"


def email(rng: random.Random) -> str:
    """An address at a domain that is set aside (RFC 2606)."""
    first, last = rng.choice(vocabulary.FIRST_NAMES), rng.choice(vocabulary.LAST_NAMES)
    return f"{first}.{last}@{vocabulary.DOMAIN}".lower()


def host(rng: random.Random) -> str:
    """A host name."""
    return f"{rng.choice(vocabulary.WORDS)}.{vocabulary.DOMAIN}"


def url(rng: random.Random) -> str:
    """The URL of a page."""
    return f"https://{vocabulary.DOMAIN}/{rng.choice(vocabulary.WORDS)}/{rng.randrange(1, 1000)}"


def image(rng: random.Random) -> str:
    """The URL of a picture."""
    name = f"{rng.choice(vocabulary.WORDS)}-{rng.randrange(1, 100)}"
    return f"https://images.{vocabulary.DOMAIN}/{name}.jpg"


def phone(rng: random.Random) -> str:
    """A telephone number."""
    # 555-01xx is set aside for fiction in the North American numbering plan.
    return f"+1-202-555-01{rng.randrange(100):02}"


def street(rng: random.Random) -> str:
    """A street and a house number."""
    return f"{rng.randrange(1, 120)} {rng.choice(vocabulary.STREETS)}"


def hexadecimal(length: int) -> Suggestion:
    """So many hexadecimal digits."""
    return lambda rng: f"{rng.getrandbits(4 * length):0{length}x}"


def uuid4(rng: random.Random) -> str:
    """A UUID of version 4."""
    return str(uuid.UUID(int=rng.getrandbits(128), version=4))


def code(rng: random.Random) -> str:
    """A code such as shops print on bills."""
    letters = "".join(rng.choice("ABCDEFGHJKLMNPQRSTUVWXYZ") for _ in range(3))
    return f"{letters}-{rng.randrange(1000, 10000)}"


def ipv4(rng: random.Random) -> str:
    """An address of TEST-NET-1 (RFC 5737)."""
    return f"192.0.2.{rng.randrange(1, 255)}"


def ipv6(rng: random.Random) -> str:
    """An address that is set aside for documentation (RFC 3849)."""
    return f"2001:db8::{rng.randrange(1, 0xFFFF):x}"


def date(rng: random.Random) -> str:
    """A date as RFC 3339 writes it."""
    return moment(rng).date().isoformat()


def date_time(rng: random.Random) -> str:
    """A time of a day as RFC 3339 writes it."""
    return timestamp(moment(rng))


def duration(rng: random.Random) -> str:
    """Some minutes (ISO 8601)."""
    return f"PT{rng.randrange(5, 180)}M"


def base64_text(rng: random.Random) -> str:
    """Bytes in base64."""
    return base64.b64encode(rng.randbytes(12)).decode()


def decimal(rng: random.Random) -> str:
    """A number with two decimals."""
    return f"{rng.randrange(100, 10_000) / 100:.2f}"
