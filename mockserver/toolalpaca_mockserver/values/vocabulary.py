"""The words that generated values are made of: small lists of our own, and no real person."""

from __future__ import annotations

from typing import NamedTuple


class Place(NamedTuple):
    """A city and what belongs to it.

    Attributes:
        country_code: ISO 3166-1 alpha-2.
        airport: IATA code.
        timezone: Name in the IANA database.
        currency: ISO 4217 code of the country.
        language: ISO 639-1 code.
    """

    city: str
    region: str
    country: str
    country_code: str
    latitude: float
    longitude: float
    airport: str
    timezone: str
    currency: str
    language: str
    postal_code: str


PLACES = (
    Place("Lisbon", "Lisboa", "Portugal", "PT", 38.7223, -9.1393,
          "LIS", "Europe/Lisbon", "EUR", "pt", "1100-148"),
    Place("Oslo", "Oslo", "Norway", "NO", 59.9139, 10.7522,
          "OSL", "Europe/Oslo", "NOK", "no", "0150"),
    Place("Toronto", "Ontario", "Canada", "CA", 43.6532, -79.3832,
          "YYZ", "America/Toronto", "CAD", "en", "M5V 2T6"),
    Place("Kyoto", "Kyoto", "Japan", "JP", 35.0116, 135.7681,
          "UKY", "Asia/Tokyo", "JPY", "ja", "600-8216"),
    Place("Nairobi", "Nairobi", "Kenya", "KE", -1.2921, 36.8219,
          "NBO", "Africa/Nairobi", "KES", "sw", "00100"),
    Place("Melbourne", "Victoria", "Australia", "AU", -37.8136, 144.9631,
          "MEL", "Australia/Melbourne", "AUD", "en", "3000"),
    Place("Valencia", "Valencia", "Spain", "ES", 39.4699, -0.3763,
          "VLC", "Europe/Madrid", "EUR", "es", "46002"),
    Place("Denver", "Colorado", "United States", "US", 39.7392, -104.9903,
          "DEN", "America/Denver", "USD", "en", "80202"),
    Place("Graz", "Styria", "Austria", "AT", 47.0707, 15.4395,
          "GRZ", "Europe/Vienna", "EUR", "de", "8010"),
    Place("Porto Alegre", "Rio Grande do Sul", "Brazil", "BR", -30.0346, -51.2177,
          "POA", "America/Sao_Paulo", "BRL", "pt", "90010-150"),
    Place("Bergen", "Vestland", "Norway", "NO", 60.3913, 5.3221,
          "BGO", "Europe/Oslo", "NOK", "no", "5003"),
    Place("Ghent", "East Flanders", "Belgium", "BE", 51.0543, 3.7174,
          "GNE", "Europe/Brussels", "EUR", "nl", "9000"),
)  # fmt: skip

FIRST_NAMES = (
    "Amara",
    "Bruno",
    "Clara",
    "Dario",
    "Elif",
    "Felix",
    "Greta",
    "Hugo",
    "Ines",
    "Jonas",
    "Kaya",
    "Leon",
    "Mira",
    "Noah",
    "Olga",
    "Pavel",
    "Rosa",
    "Samir",
    "Tessa",
    "Yusuf",
)
LAST_NAMES = (
    "Adler",
    "Bianchi",
    "Costa",
    "Dahl",
    "Egger",
    "Fischer",
    "Garnier",
    "Haddad",
    "Ivanova",
    "Jensen",
    "Kowalski",
    "Lindgren",
    "Moreau",
    "Novak",
    "Okafor",
    "Pereira",
    "Rossi",
    "Silva",
    "Tanaka",
    "Weber",
)
COMPANIES = (
    "Bluefield Labs",
    "Cedar & Stone",
    "Harbor Works",
    "Juniper Systems",
    "Kestrel Logistics",
    "Lumen Studio",
    "Meridian Foods",
    "Northwind Energy",
    "Orchard Media",
    "Pinecrest Health",
)
STREETS = (
    "Alder Street",
    "Bridge Road",
    "Canal Walk",
    "Garden Lane",
    "Harbor Street",
    "Mill Road",
    "Orchard Avenue",
    "Station Road",
    "Station Square",
    "Willow Lane",
)
JOBS = (
    "Accountant",
    "Architect",
    "Data Analyst",
    "Designer",
    "Editor",
    "Engineer",
    "Nurse",
    "Product Manager",
    "Teacher",
    "Translator",
)
ADJECTIVES = (
    "Amber",
    "Bright",
    "Calm",
    "Crimson",
    "Early",
    "Golden",
    "Hidden",
    "Lucky",
    "Northern",
    "Quiet",
    "Silver",
    "Swift",
    "Velvet",
    "Western",
    "Wild",
)
NOUNS = (
    "Anchor",
    "Brook",
    "Canyon",
    "Falcon",
    "Forest",
    "Garden",
    "Harbor",
    "Lantern",
    "Meadow",
    "Mountain",
    "Orchard",
    "River",
    "Summit",
    "Valley",
    "Willow",
)
WORDS = (
    "amber",
    "basil",
    "cedar",
    "delta",
    "ember",
    "fern",
    "grove",
    "hazel",
    "iris",
    "jade",
    "kelp",
    "linen",
    "maple",
    "north",
    "olive",
    "pearl",
    "quartz",
    "reed",
    "slate",
    "tide",
)
SENTENCES = (
    "A good choice for a quiet afternoon.",
    "Checked and confirmed by the team.",
    "Everything needed to get started.",
    "Made with care, and easy to use.",
    "Please arrive ten minutes early.",
    "Ready for the next step.",
    "The details can still be changed.",
    "Updated after the last review.",
)
COLORS = ("amber", "black", "blue", "green", "orange", "purple", "red", "teal", "white", "yellow")
TAGS = ("archive", "beta", "featured", "local", "new", "popular", "premium", "seasonal", "team")
STATUSES = ("active", "pending", "completed", "draft")
CATEGORIES = ("books", "electronics", "garden", "music", "outdoor", "sports", "toys", "travel")
LANGUAGES = ("de", "en", "es", "fr", "it", "ja", "nl", "pt")
AIRLINES = ("AF", "BA", "JL", "KL", "LH", "QF", "TP", "UA")
BANKS = ("BNORNO22XXX", "BSUIDEFFXXX", "BVALESMMXXX", "BLISPTPLXXX")  # no such banks
DOMAIN = "example.com"  # reserved by RFC 2606, so no generated address reaches anybody
FILES = ("report.pdf", "photo.jpg", "notes.txt", "data.csv", "slides.pdf")
MEDIA_TYPES = ("application/json", "application/pdf", "image/png", "text/plain")
USER_AGENT = "Mozilla/5.0 (X11; Linux x86_64)"
