"""Small worlds of several domains, and a loop that lets the baseline act in them.

A world is a list of tools and the records behind them. The loop answers each call as an API would,
in the words that a runtime shows a model.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
import pytest

from toolalpaca.llm.baseline import Baseline
from toolalpaca.llm.protocol import Completion, Message, Request, ToolSpec, complete

ASK = ToolSpec(
    name="getDetails",
    description="Ask the user.",
    parameters={"type": "object", "properties": {"question": {"type": "string"}}},
)
Json = dict[str, Any]


@dataclass
class World:
    """Tools over records: each tool lists, gets, creates, updates or deletes in a collection."""

    tools: list[ToolSpec] = field(default_factory=list)
    records: dict[str, list[Json]] = field(default_factory=dict)
    does: dict[str, tuple[str, str]] = field(default_factory=dict)

    def tool(
        self,
        name: str,
        description: str,
        parameters: Json,
        does: str,
        *,
        returns: Json | None = None,
    ) -> None:
        """Add a tool; a parameter whose name ends in ``!`` is required."""
        required = [key.rstrip("!") for key in parameters if key.endswith("!")]
        schema: Json = {
            "type": "object",
            "properties": {key.rstrip("!"): value for key, value in parameters.items()},
            "additionalProperties": False,
        }
        if required:
            schema["required"] = required
        self.tools.append(
            ToolSpec(name=name, description=description, parameters=schema, returns=returns)
        )
        verb, _, collection = does.partition(" ")
        self.does[name] = (verb, collection)

    def answer(self, name: str, arguments: Json) -> str:
        """What a runtime shows of the API's response."""
        verb, collection = self.does[name]
        rows = self.records.get(collection, [])
        matching = [row for row in rows if _matches(row, arguments)]
        if verb == "list":
            return _observation(200, {"items": matching, "total": len(matching)})
        if verb == "echo":
            return _observation(200, {**arguments, "result": 42.5})
        if verb == "create":
            row = {"id": 900 + len(rows), **arguments}
            rows.append(row)
            return _observation(201, row)
        keys = {key: value for key, value in arguments.items() if key.lower().endswith("id")}
        found = [row for row in rows if _matches(row, keys)]
        if not found:
            return _observation(404, {"detail": "There is no such thing."})
        if verb == "get":
            return _observation(200, found[0])
        if verb == "delete":
            rows.remove(found[0])
            return _observation(204, None)
        found[0].update(arguments)
        return _observation(200, found[0])


def _matches(row: Json, arguments: Json) -> bool:
    for key, value in arguments.items():
        own = row.get(key, row.get("id") if key.lower().endswith("id") else None)
        if isinstance(value, str) and key in ("q", "query"):
            if any(word.rstrip("s") not in str(row).lower() for word in value.lower().split()):
                return False
        elif isinstance(value, str) and isinstance(own, str):
            if value.lower() not in own.lower():
                return False
        elif own is not None and own != value and not isinstance(own, list):
            return False
    return True


def _observation(status: int, body: Any) -> str:
    text = "" if body is None else orjson.dumps(body).decode()
    return f"Status Code: {status}. Response: {text}"


@dataclass
class Run:
    """What the baseline did with an instruction."""

    calls: list[tuple[str, Json]]
    answer: str
    thoughts: list[str]
    messages: list[Message]

    @property
    def tools(self) -> list[str]:
        """The names of the tools called."""
        return [name for name, _ in self.calls]


def run_in(
    answer: Callable[[str, Json], str],
    tools: list[ToolSpec],
    instruction: str,
    reply: str | Callable[[], str] = "I do not know.",
    *,
    before: tuple[Message, ...] = (),
    steps: int = 40,
) -> Run:
    """Let the baseline work until it answers; *reply* is what the user says to its questions."""
    model = Baseline()
    messages = [*before, Message(role="user", content=instruction)]
    calls: list[tuple[str, Json]] = []
    thoughts: list[str] = []
    for _ in range(steps):
        request = Request(messages=tuple(messages), tools=(*tools, ASK))
        completion: Completion = asyncio.run(complete(model, request))
        if not completion.tool_calls:
            return Run(calls, completion.text, thoughts, messages)
        thoughts.append(completion.text)
        messages.append(
            Message(role="assistant", content=completion.text, tool_calls=completion.tool_calls)
        )
        for call in completion.tool_calls:
            arguments = orjson.loads(call.arguments)
            calls.append((call.name, arguments))
            if call.name == ASK.name:
                said = reply if isinstance(reply, str) else reply()
            else:
                said = answer(call.name, arguments)
            messages.append(Message(role="tool", content=said, tool_call_id=call.id))
    raise AssertionError(f"no answer after {steps} steps: {calls}")


TEXT: Json = {"type": "string"}
NUMBER: Json = {"type": "number"}
WHOLE: Json = {"type": "integer", "minimum": 1}
FLAG: Json = {"type": "boolean"}
DAY: Json = {"type": "string", "format": "date"}
MOMENT: Json = {"type": "string", "format": "date-time"}
EMAIL: Json = {"type": "string", "format": "email"}


def about(schema: Json, description: str) -> Json:
    """A schema with a description."""
    return {**schema, "description": description}


def one_of(*values: str) -> Json:
    """A string enum."""
    return {"type": "string", "enum": list(values)}


def page(name: str, /, **properties: Json) -> Json:
    """The schema of a page of things."""
    return {
        "type": "object",
        "properties": {"items": {"type": "array", "items": {"$ref": f"#/$defs/{name}"}}},
        "$defs": {name: thing(**properties)},
    }


def thing(**properties: Json) -> Json:
    """The schema of an object."""
    return {"type": "object", "properties": properties}


def _music() -> World:
    world = World()
    song: Json = {"id": WHOLE, "title": TEXT, "artist_id": WHOLE, "genre": TEXT}
    world.tool(
        "searchSongs",
        "Search songs by title, genre or words of the lyrics",
        {
            "title": about(TEXT, "Title of the song, or part of it"),
            "genre": one_of("rock", "jazz", "classical", "hip_hop"),
            "lyrics": about(TEXT, "Words that are sung"),
            "limit": about({**WHOLE, "maximum": 50}, "Most songs returned"),
        },
        "list songs",
        returns=page("Song", **song),
    )
    world.tool(
        "findArtists",
        "Find artists by name",
        {"name!": about(TEXT, "Name of the artist")},
        "list artists",
        returns=page("Artist", id=WHOLE, name=TEXT, country=TEXT),
    )
    world.tool(
        "listArtistAlbums",
        "List the albums of an artist",
        {"artist_id!": about(WHOLE, "Id of the artist"), "year": about(WHOLE, "Year of release")},
        "list albums",
        returns=page("Album", id=WHOLE, title=TEXT, year=WHOLE),
    )
    world.tool(
        "createPlaylist",
        "Create a playlist",
        {"name!": about(TEXT, "Name of the playlist"), "public": about(FLAG, "Visible to all")},
        "create playlists",
        returns=thing(id=WHOLE, name=TEXT),
    )
    world.tool(
        "addSongToPlaylist",
        "Add a song to a playlist",
        {"playlist_id!": WHOLE, "song_id!": WHOLE},
        "create entries",
    )
    world.tool("deletePlaylist", "Delete a playlist", {"playlist_id!": WHOLE}, "delete playlists")
    world.tool(
        "listPlaylists", "List your playlists", {}, "list playlists",
        returns=page("Playlist", id=WHOLE, name=TEXT),
    )  # fmt: skip
    world.records = {
        "songs": [
            {"id": 11, "title": "Blue Train", "artist_id": 1, "genre": "jazz"},
            {"id": 12, "title": "Night Drive", "artist_id": 2, "genre": "rock"},
        ],
        "artists": [
            {"id": 1, "name": "John Coltrane", "country": "US"},
            {"id": 2, "name": "The Lanterns", "country": "GB"},
        ],
        "albums": [{"id": 31, "title": "Giant Steps", "year": 1960, "artist_id": 1}],
        "playlists": [{"id": 5, "name": "Road Trip"}, {"id": 6, "name": "Sleep"}],
        "entries": [],
    }
    return world


def _shop() -> World:
    world = World()
    product: Json = {"productId": TEXT, "name": TEXT, "price": NUMBER, "category": TEXT}
    world.tool(
        "products_search",
        "Returns the products that match a query.\nPrices are in dollars.",
        {
            "query!": about(TEXT, "What to look for"),
            "maxPrice": about(NUMBER, "Highest price in dollars"),
            "minPrice": about(NUMBER, "Lowest price in dollars"),
            "sort": one_of("price_asc", "price_desc", "newest"),
            "inStock": about(FLAG, "Only products that can be shipped at once"),
        },
        "list products",
        returns=page("Product", **product),
    )
    world.tool(
        "products_get", "Returns one product", {"productId!": TEXT}, "get products",
        returns=thing(**product),
    )  # fmt: skip
    world.tool(
        "cart_addItem",
        "Adds a product to the shopping cart",
        {"productId!": TEXT, "quantity!": about(WHOLE, "How many pieces")},
        "create cart",
    )
    world.tool(
        "orders_create",
        "Places an order for everything in the cart",
        {
            "shippingAddress!": {
                "type": "object",
                "required": ["street", "city", "postalCode"],
                "properties": {
                    "street": about(TEXT, "Street and house number"),
                    "city": TEXT,
                    "postalCode": {"type": "string", "pattern": "^[0-9]{5}$"},
                },
            },
            "paymentMethod!": one_of("credit_card", "paypal", "invoice"),
        },
        "create orders",
    )
    world.tool(
        "orders_list", "Lists past orders", {"status": one_of("open", "shipped", "returned")},
        "list orders", returns=page("Order", orderId=TEXT, status=TEXT),
    )  # fmt: skip
    world.tool("orders_cancel", "Cancels an order", {"orderId!": TEXT}, "delete orders")
    world.tool(
        "reviews_add",
        "Writes a review of a product",
        {
            "productId!": TEXT,
            "rating!": about({**WHOLE, "maximum": 5}, "Stars from 1 to 5"),
            "text": about(TEXT, "The review itself"),
        },
        "create reviews",
    )
    world.records = {
        "products": [
            {"productId": "P-77", "name": "Garden lamp", "price": 39.0, "category": "lighting"},
            {"productId": "P-78", "name": "Desk lamp", "price": 19.5, "category": "lighting"},
        ],
        "orders": [{"orderId": "ORD-1001", "status": "open"}],
        "cart": [],
        "reviews": [],
    }
    return world


def _hospital() -> World:
    world = World()
    world.tool(
        "listDoctors",
        "List doctors, by specialty or name",
        {
            "specialty": one_of("cardiology", "dermatology", "pediatrics"),
            "name": about(TEXT, "Name of the doctor"),
        },
        "list doctors",
        returns=page("Doctor", id=WHOLE, name=TEXT, specialty=TEXT),
    )
    world.tool(
        "bookAppointment",
        "Book an appointment with a doctor for a patient",
        {
            "doctor_id!": about(WHOLE, "Id of the doctor"),
            "patient_name!": about(TEXT, "Full name of the patient"),
            "start!": about(MOMENT, "When the appointment begins"),
            "reason": about(TEXT, "Why the patient comes"),
        },
        "create appointments",
        returns=thing(id=WHOLE, doctor_id=WHOLE, start=MOMENT),
    )
    world.tool(
        "rescheduleAppointment",
        "Move an appointment to another time",
        {"appointment_id!": WHOLE, "start!": MOMENT},
        "update appointments",
    )
    world.tool(
        "cancelAppointment", "Cancel an appointment", {"appointment_id!": WHOLE},
        "delete appointments",
    )  # fmt: skip
    world.tool(
        "getPatientRecord",
        "Get the medical record of a patient",
        {"patient_id!": {"type": "string", "pattern": "^PAT-[0-9]{4}$"}},
        "get patients",
    )
    world.records = {
        "doctors": [
            {"id": 3, "name": "Dr. Amara Okafor", "specialty": "cardiology"},
            {"id": 4, "name": "Dr. Lars Berg", "specialty": "dermatology"},
        ],
        "appointments": [{"id": 70, "doctor_id": 3, "start": "2027-02-01T09:00:00Z"}],
        "patients": [{"patient_id": "PAT-0042", "blood_type": "A+"}],
    }
    return world


def _calendar() -> World:
    world = World()
    world.tool(
        "events_list",
        "List events in a range of days",
        {"start_date": DAY, "end_date": DAY, "calendar": one_of("work", "private")},
        "list events",
        returns=page("Event", id=TEXT, title=TEXT, starts=MOMENT),
    )
    world.tool(
        "events_insert",
        "Create an event",
        {
            "title!": about(TEXT, "What the event is called"),
            "starts!": about(MOMENT, "When the event starts"),
            "ends": about(MOMENT, "When the event ends"),
            "attendees": about({"type": "array", "items": EMAIL}, "E-mail addresses of the guests"),
            "location": about(TEXT, "Where the event takes place"),
        },
        "create events",
    )
    world.tool(
        "reminders_create",
        "Set a reminder",
        {
            "message!": about(TEXT, "What to be reminded of"),
            "minutes!": about(WHOLE, "In how many minutes"),
        },
        "create reminders",
    )
    world.records = {"events": [], "reminders": []}
    return world


def _markets() -> World:
    world = World()
    symbol = about({"type": "string", "pattern": "^[A-Z]{3,5}$"}, "Symbol of the coin")
    world.tool(
        "getPrice",
        "Get the current price of a coin",
        {
            "symbol!": symbol,
            "currency": about(one_of("usd", "eur", "gbp"), "Currency of the price"),
        },
        "echo",
    )
    world.tool(
        "listCoins", "List coins, by name", {"name": about(TEXT, "Name of the coin")}, "list coins",
        returns=page("Coin", symbol=TEXT, name=TEXT),
    )  # fmt: skip
    world.tool(
        "getHistory",
        "Get past prices of a coin between two days",
        {
            "symbol!": symbol,
            "from!": DAY,
            "to!": DAY,
            "interval": one_of("hourly", "daily", "weekly"),
        },
        "echo",
    )
    world.tool(
        "convertAmount",
        "Convert an amount of money from one currency to another",
        {
            "amount!": NUMBER,
            "from_currency!": about(
                {"type": "string", "pattern": "^[A-Z]{3}$"}, "Currency to convert from"
            ),
            "to_currency!": about(
                {"type": "string", "pattern": "^[A-Z]{3}$"}, "Currency to convert to"
            ),
        },
        "echo",
    )
    world.records = {"coins": [{"symbol": "DOGE", "name": "Dogecoin"}]}
    return world


def _places() -> World:
    """Tools without result schemas and with coordinates that another tool supplies."""
    world = World()
    world.tool(
        "geocode",
        "Find the coordinates of a place",
        {"place!": about(TEXT, "Name of the place")},
        "list places",
        returns=page("Place", latitude=NUMBER, longitude=NUMBER, name=TEXT),
    )
    world.tool(
        "currentWeather",
        "Get the current weather at a point",
        {
            "latitude!": {"type": "number", "minimum": -90, "maximum": 90},
            "longitude!": {"type": "number", "minimum": -180, "maximum": 180},
            "units": about(one_of("metric", "imperial"), "Units of the values"),
        },
        "echo",
    )
    world.tool(
        "translateText",
        "Translate text into another language",
        {
            "text!": about(TEXT, "The text to translate"),
            "target_language!": about(one_of("de", "en", "es", "fr"), "Language to translate into"),
        },
        "echo",
    )
    world.tool(
        "searchRecipes", "Search for recipes", {"query!": TEXT, "vegetarian": FLAG}, "list recipes"
    )
    world.tool(
        "getRecipeDetails", "Get the details of a recipe", {"recipeId!": {"type": "integer"}},
        "get recipes",
    )  # fmt: skip
    world.records = {
        "places": [{"latitude": 47.07, "longitude": 15.44, "name": "Graz"}],
        "recipes": [
            {"id": 501, "title": "Pumpkin soup"}, {"id": 502, "title": "Pumpkin pie"}
        ],
    }  # fmt: skip
    return world


_WORLDS: Mapping[str, Callable[[], World]] = {
    "music": _music,
    "shop": _shop,
    "hospital": _hospital,
    "calendar": _calendar,
    "markets": _markets,
    "places": _places,
}


@pytest.fixture
def act() -> Callable[..., Run]:
    """Let the baseline carry out an instruction in a world named here."""

    def run(name: str, instruction: str, reply: str = "I do not know.", **options: Any) -> Run:
        world = _WORLDS[name]()
        return run_in(world.answer, world.tools, instruction, reply, **options)

    return run
