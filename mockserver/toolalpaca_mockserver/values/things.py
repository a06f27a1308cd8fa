"""Things with a look of their own: people, places, addresses, codes.

Each is made by a function of a source of choices, so that the same seed makes the same thing.
"""

from __future__ import annotations

import base64
import uuid
from collections.abc import Callable
from typing import Any

from toolalpaca_mockserver.values import vocabulary
from toolalpaca_mockserver.values.moments import moment, timestamp
from toolalpaca_mockserver.values.scene import Source

Suggestion = Callable[[Source], Any]


def choice(items: tuple[Any, ...]) -> Suggestion:
    """One of *items*."""
    return lambda rng: rng.choice(items)


def place(field: str) -> Suggestion:
    """A field of the place that the value is about."""
    return lambda rng: getattr(rng.place, field)


def person(rng: Source) -> str:
    """The whole name of the person that the value is about."""
    return f"{rng.person.first} {rng.person.last}"


def first_name(rng: Source) -> str:
    """The person's first name."""
    return rng.person.first


def last_name(rng: Source) -> str:
    """The person's last name."""
    return rng.person.last


def initials(rng: Source) -> str:
    """The person's initials."""
    return rng.person.first[0] + rng.person.last[0]


def thing(rng: Source) -> str:
    """The name of a thing."""
    return f"{rng.choice(vocabulary.ADJECTIVES)} {rng.choice(vocabulary.NOUNS)}"


def slug(rng: Source) -> str:
    """The name of a thing as URLs have it."""
    return thing(rng).lower().replace(" ", "-")


def username(rng: Source) -> str:
    """The person's login."""
    return f"{rng.person.first.lower()}{rng.person.number}"


def email(rng: Source) -> str:
    """The person's address, at a domain that is set aside (RFC 2606)."""
    local = f"{rng.person.first}.{rng.person.last}".lower().replace(" ", "")
    return f"{local.encode('ascii', 'ignore').decode() or 'mail'}@{vocabulary.DOMAIN}"


def host(rng: Source) -> str:
    """A host name."""
    return f"{rng.choice(vocabulary.WORDS)}.{vocabulary.DOMAIN}"


def url(rng: Source) -> str:
    """The URL of a page."""
    return f"https://{vocabulary.DOMAIN}/{rng.choice(vocabulary.WORDS)}/{rng.randrange(1, 1000)}"


def image(rng: Source) -> str:
    """The URL of a picture."""
    name = f"{rng.choice(vocabulary.WORDS)}-{rng.randrange(1, 100)}"
    return f"https://images.{vocabulary.DOMAIN}/{name}.jpg"


def phone(rng: Source) -> str:
    """A telephone number."""
    # 555-01xx is set aside for fiction in the North American numbering plan.
    return f"+1-202-555-01{rng.randrange(100):02}"


def street(rng: Source) -> str:
    """A street and a house number."""
    return f"{rng.randrange(1, 120)} {rng.choice(vocabulary.STREETS)}"


def hexadecimal(length: int) -> Suggestion:
    """So many hexadecimal digits."""
    return lambda rng: f"{rng.getrandbits(4 * length):0{length}x}"


def uuid4(rng: Source) -> str:
    """A UUID of version 4."""
    return str(uuid.UUID(int=rng.getrandbits(128), version=4))


def code(rng: Source) -> str:
    """A code such as shops print on bills."""
    letters = "".join(rng.choice("ABCDEFGHJKLMNPQRSTUVWXYZ") for _ in range(3))
    return f"{letters}-{rng.randrange(1000, 10000)}"


def ipv4(rng: Source) -> str:
    """An address of TEST-NET-1 (RFC 5737)."""
    return f"192.0.2.{rng.randrange(1, 255)}"


def ipv6(rng: Source) -> str:
    """An address that is set aside for documentation (RFC 3849)."""
    return f"2001:db8::{rng.randrange(1, 0xFFFF):x}"


def date(rng: Source) -> str:
    """A date as RFC 3339 writes it."""
    return moment(rng).date().isoformat()


def date_time(rng: Source) -> str:
    """A time of a day as RFC 3339 writes it."""
    return timestamp(moment(rng))


def duration(rng: Source) -> str:
    """Some minutes (ISO 8601)."""
    return f"PT{rng.randrange(5, 180)}M"


def base64_text(rng: Source) -> str:
    """Bytes in base64."""
    return base64.b64encode(rng.randbytes(12)).decode()


def decimal(rng: Source) -> str:
    """A number with two decimals."""
    return f"{rng.randrange(100, 10_000) / 100:.2f}"


def birth_date(rng: Source) -> str:
    """The date on which a grown-up was born."""
    return f"{rng.randrange(1950, 2005)}-{rng.randrange(1, 13):02}-{rng.randrange(1, 29):02}"


def flight(rng: Source) -> str:
    """The number of a flight."""
    return f"{rng.choice(vocabulary.AIRLINES)}{rng.randrange(100, 3000)}"


# -- numbers with a check digit


def isbn(rng: Source) -> str:
    """An ISBN-13 (ISO 2108)."""
    return _ean(f"978{rng.randrange(10**8, 10**9)}")


def isbn10(rng: Source) -> str:
    """An ISBN-10."""
    digits = f"{rng.randrange(10**8, 10**9)}"
    check = sum((10 - place) * int(digit) for place, digit in enumerate(digits))
    return digits + "0123456789X"[-check % 11]


def ean(rng: Source) -> str:
    """A GTIN-13, of the range that is set aside for use within a company."""
    return _ean(f"20{rng.randrange(10**9, 10**10)}")


def _ean(twelve: str) -> str:
    weighted = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(twelve))
    return twelve + str(-weighted % 10)


def iban(rng: Source) -> str:
    """An IBAN (ISO 13616) of a German bank that does not exist."""
    account = f"{rng.randrange(10**17, 10**18)}"
    check = 98 - int(account + "131400") % 97  # D is 13, E is 14
    return f"DE{check:02}{account}"


def card(rng: Source) -> str:
    """A card number that satisfies Luhn's formula (ISO/IEC 7812-1), and no bank has issued."""
    digits = f"400000{rng.randrange(10**9):09}"
    doubled = (int(d) * (1 if place % 2 else 2) for place, d in enumerate(digits))
    return digits + str(-sum(n - 9 if n > 9 else n for n in doubled) % 10)


def mac(rng: Source) -> str:
    """A hardware address, locally administered (IEEE 802)."""
    return ":".join(("02", *(f"{rng.randrange(256):02x}" for _ in range(5))))


def color_code(rng: Source) -> str:
    """A colour as CSS writes it."""
    return f"#{rng.randrange(1 << 24):06x}"
