"""Codes: what the users' words for countries, languages and currencies are in APIs.

From ISO 3166-1 (countries, with the adjective that people use), ISO 639-1 (languages) and ISO 4217
(currencies); the entries that texts name most often.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

_COUNTRIES: Final = """
AR Argentina Argentinian; AT Austria Austrian; AU Australia Australian; BE Belgium Belgian; BG
Bulgaria Bulgarian; BR Brazil Brazilian; CA Canada Canadian; CH Switzerland Swiss; CL Chile
Chilean; CN China Chinese; CO Colombia Colombian; CZ Czechia Czech; DE Germany German; DK Denmark
Danish; EE Estonia Estonian; EG Egypt Egyptian; ES Spain Spanish; FI Finland Finnish; FR France
French; GB England British UK; GR Greece Greek; HR Croatia Croatian; HU Hungary Hungarian; ID
Indonesia Indonesian; IE Ireland Irish; IL Israel Israeli; IN India Indian; IS Iceland Icelandic;
IT Italy Italian; JP Japan Japanese; KE Kenya Kenyan; KR Korea Korean; LT Lithuania Lithuanian; LU
Luxembourg; LV Latvia Latvian; MA Morocco Moroccan; MX Mexico Mexican; MY Malaysia Malaysian; NG
Nigeria Nigerian; NL Netherlands Dutch; NO Norway Norwegian; NZ Zealand; PE Peru Peruvian; PH
Philippines Filipino; PK Pakistan Pakistani; PL Poland Polish; PT Portugal Portuguese; RO Romania
Romanian; RS Serbia Serbian; RU Russia Russian; SA Arabia Saudi; SE Sweden Swedish; SG Singapore;
SI Slovenia Slovenian; SK Slovakia Slovak; TH Thailand Thai; TR Turkey Turkish; UA Ukraine
Ukrainian; US America American USA; VN Vietnam Vietnamese; ZA Africa
"""
_LANGUAGES: Final = """
ar Arabic; bg Bulgarian; cs Czech; da Danish; de German; el Greek; en English; es Spanish; et
Estonian; fi Finnish; fr French; he Hebrew; hi Hindi; hr Croatian; hu Hungarian; id Indonesian; is
Icelandic; it Italian; ja Japanese; ko Korean; la Latin; lt Lithuanian; lv Latvian; nl Dutch; no
Norwegian; pl Polish; pt Portuguese; ro Romanian; ru Russian; sk Slovak; sl Slovenian; sr Serbian;
sv Swedish; th Thai; tr Turkish; uk Ukrainian; vi Vietnamese; zh Chinese Mandarin
"""
_CURRENCIES: Final = """
AUD Australian; BRL real reais; CAD Canadian; CHF franc; CNY yuan renminbi; CZK koruna; DKK
Danish; EUR euro; GBP pound sterling; HUF forint; INR rupee; JPY yen; KRW won; MXN peso; NOK
Norwegian; PLN zloty; RUB ruble rouble; SEK krona; TRY lira; USD dollar; ZAR rand; BTC bitcoin;
ETH ethereum
"""


def _table(text: str) -> dict[str, str]:
    entries = (entry.split() for entry in text.split(";"))
    return {name.lower(): code for code, *names in entries for name in names}


_TABLES: Final = {
    "country": _table(_COUNTRIES),
    "nation": _table(_COUNTRIES),
    "region": _table(_COUNTRIES),
    "languag": _table(_LANGUAGES),
    "lang": _table(_LANGUAGES),
    "local": _table(_LANGUAGES),  # the stem of "locale"
    "currency": _table(_CURRENCIES),
}


def codes_for(words: frozenset[str]) -> Iterator[tuple[str, str]]:
    """Names and codes of what the stems of a parameter's words speak of.

    >>> ("english", "en") in set(codes_for(frozenset({"languag"})))
    True
    """
    for word in sorted(words):
        yield from _TABLES.get(word, {}).items()
