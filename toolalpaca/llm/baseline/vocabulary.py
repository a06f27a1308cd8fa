"""What the planner knows of English and of APIs: small tables that hold for any document.

Nothing here belongs to one domain. A table entry earns its place by being general usage: verbs that
APIs and their users interchange, the words that announce a place, a person, a limit.
"""

from __future__ import annotations

from typing import Final, Literal

from toolalpaca.llm.baseline.text import stem, stem_set

VerbClass = Literal["read", "create", "update", "delete"]


STOP_WORDS: Final = stem_set(
    "a an the this that these those some any all each every both of in on at to for from by with "
    "without as into about over under between and or but not no if then than so is are was were be "
    "been being am do does did done can could would will shall should may might must have has had "
    "i me my mine we us our you your he him his she her it its they them their there here please "
    "also just only too very more most much many one ones own such same other another again now "
    "want need like wish hope help let s t d m re ve ll what which who whom whose when where why "
    "how using use via per up out off you're i'm i'd i'll i've it's let's what's "
    "able currently really thank thanks hello hi hey information detail details data value given "
    "specific certain particular api something anything everything everybody"
)

_VERBS: Final[dict[VerbClass, frozenset[str]]] = {
    "read": stem_set(
        "get show list find search retrieve fetch look lookup view check see tell display give "
        "know query browse read discover explore compare inspect describe provide obtain count "
        "see learn recommend suggest identify locate"
    ),
    "create": stem_set(
        "create add make new register insert post submit place open start schedule order reserve "
        "upload enroll publish book generate send write place put"
    ),
    "update": stem_set(
        "update change set modify edit rename adjust replace patch correct alter move renew revise "
        "reschedule switch mark"
    ),
    "delete": stem_set(
        "delete remove cancel drop clear erase destroy revoke unregister withdraw discard"
    ),
}
VERB_CLASS: Final[dict[str, VerbClass]] = {
    verb: kind for kind, verbs in _VERBS.items() for verb in verbs
}

# Words that are a noun as often as a verb: they say what to do only where a verb can stand.
NOUN_VERBS: Final = stem_set("book order list post place set schedule check record show new open")

_SYNONYMS: Final = (
    "price cost fare charge expense",
    "picture image photo",
    "film movie",
    "phone telephone mobile",
    "email mail",
    "begin start",
    "end finish",
    "near nearby close around",
    "buy purchase",
    "car vehicle auto",
    "job position vacancy",
    "song track tune",
    "shop store",
    "doctor physician",
    "customer client",
    "basket cart",
    "comment remark",
    "trip journey travel",
    "weather forecast",
    "user account profile",
    "random arbitrary",
    "name title",
    "category genre kind type",
    "origin departure source",
    "destination arrival target",
    "borrow lend loan",
    "appointment meeting event",
    "quantity amount number count",
    "street road avenue lane",
    "convert exchange",
)
_CANONICAL: Final = {
    stem(word): stem(group.split()[0]) for group in _SYNONYMS for word in group.split()
}


def concept(word_stem: str) -> str:
    """The one stem that stands for all its synonyms: a photo is an image."""
    return _CANONICAL.get(word_stem, word_stem)


# Prepositions and particles that announce a role, and the words of parameters that have that role.
ROLES: Final[dict[str, frozenset[str]]] = {
    "from": stem_set("from origin source start begin since after departure min sender base depart"),
    "to": stem_set(
        "to destination target end until before arrival max recipient receiver into arrive"
    ),
    "into": stem_set("to target destination into language currency unit format"),
    "in": stem_set(
        "in city country location place region state area town language currency year month "
        "category genre format branch timezone zone unit address venue"
    ),
    "at": stem_set("at location place time venue address branch hour station rate city"),
    "near": stem_set("near location place city address around region area"),
    "by": stem_set("by author artist creator writer director owner username maker brand sort user"),
    "for": stem_set(
        "for name query user customer guest passenger patient person city location recipient "
        "client keyword member term owner subject"
    ),
    "about": stem_set("about query keyword topic subject term q search tag text category theme"),
    "on": stem_set("on date day topic subject when platform"),
    "with": stem_set("with participant attendee ingredient including contain tag doctor"),
    "since": stem_set("from start since after begin min"),
    "after": stem_set("from start since after begin min"),
    "starting": stem_set("from start since after begin"),
    "until": stem_set("to end until before max due till"),
    "till": stem_set("to end until before max due till"),
    "before": stem_set("to end until before max due"),
    "ending": stem_set("to end until before"),
    "above": stem_set("min minimum lower least from above over"),
    "over": stem_set("min minimum lower least from above over"),
    "least": stem_set("min minimum lower least from"),
    "below": stem_set("max maximum upper most to below under limit"),
    "under": stem_set("max maximum upper most to below under limit"),
    "most": stem_set("max maximum upper most to limit"),
    "within": stem_set("radius distance within max range"),
    "between": stem_set("from start min origin"),
    "saying": stem_set("message text content body comment note"),
    "say": stem_set("message text content body comment note"),
    "says": stem_set("message text content body comment note"),
    "because": stem_set("reason cause note comment description purpose"),
    "per": stem_set("per"),
}
TITLES: Final = frozenset({"Dr", "Mr", "Mrs", "Ms", "Prof", "Sir"})
"""Abbreviations before a person's name; their full stop ends no sentence."""

IDIOMS: Final[dict[str, str]] = {
    "get rid of": "delete",
    "sign up": "register",
    "set up": "create",
    "look up": "find",
    "look for": "find",
    "looking for": "find",
    "find out": "get",
    "call off": "cancel",
    "throw away": "delete",
    "fill in": "create",
}
"""Verbs of several words, and the one that they stand for."""

NAMING: Final = frozenset({"named", "called", "titled", "entitled", "name", "title"})
"""Words behind which a name stands."""

SEARCHING: Final = stem_set("find search look browse discover explore need want seek")
"""Verbs that ask for whatever a search takes."""

NAME_WORDS: Final = stem_set("name title label username summary subject")
QUERY_WORDS: Final = stem_set("q query search keyword keywords term terms text phrase topic")
LIMIT_WORDS: Final = stem_set("limit count size top max maximum results rows number per amount n")
PAGING_WORDS: Final = stem_set("page limit offset size per skip cursor rows start first count top")
ID_WORDS: Final = frozenset({"id", "uuid", "guid", "ids", "uid"})
CODE_WORDS: Final = frozenset({"code", "key", "slug", "symbol", "token", "number", "no", "ref"})
NEGATIONS: Final = frozenset(
    {"not", "no", "without", "except", "never", "don't", "non", "doesn't", "isn't", "exclude",
     "excluding", "disable", "avoid", "off"}
)  # fmt: skip
PRONOUNS: Final = frozenset(
    {"it", "them", "this", "that", "these", "those", "one", "him", "her", "they", "its", "their",
     "there", "ones"}
)  # fmt: skip
POSSESSIVES: Final = frozenset({"my", "our", "your", "his", "her", "their", "its"})

_NUMBERS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
    "fifteen sixteen seventeen eighteen nineteen twenty"
)
NUMBER_WORDS: Final = {word: value for value, word in enumerate(_NUMBERS.split())} | {
    "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "hundred": 100, "dozen": 12, "couple": 2,
    "single": 1,
}  # fmt: skip
ORDINALS: Final = {
    "first": 0, "second": 1, "third": 2, "fourth": 3, "fifth": 4, "last": -1, "top": 0, "1st": 0,
    "2nd": 1, "3rd": 2,
}  # fmt: skip

SUPERLATIVES: Final[dict[str, tuple[bool, frozenset[str]]]] = {
    # word: (whether the largest is meant, words of the fields that are compared)
    "cheapest": (False, stem_set("price cost fare amount total rate fee")),
    "priciest": (True, stem_set("price cost fare amount total rate fee")),
    "earliest": (False, stem_set("depart departs start date time begin created at year")),
    "oldest": (False, stem_set("date created year birth published at time age")),
    "latest": (True, stem_set("date created start time published year updated at")),
    "newest": (True, stem_set("date created published year updated at")),
    "recent": (True, stem_set("date created published year updated at")),
    "best": (True, stem_set("rating score rank stars popularity")),
    "highest": (True, stem_set("rating score price value height level rank temperature")),
    "lowest": (False, stem_set("price cost rating score value level temperature")),
    "nearest": (False, stem_set("distance")),
    "closest": (False, stem_set("distance")),
    "fastest": (False, stem_set("duration time minutes")),
    "shortest": (False, stem_set("duration length minutes")),
    "longest": (True, stem_set("duration length minutes")),
    "largest": (True, stem_set("size capacity area population")),
    "biggest": (True, stem_set("size capacity area population")),
    "smallest": (False, stem_set("size capacity area population")),
    "popular": (True, stem_set("popularity plays views likes rating")),
}
