from __future__ import annotations

import gzip
import tracemalloc
import zlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolalpaca_runtime.network.codings import BoundedDecoder, UnreadableCoding


def raw_deflate(data: bytes) -> bytes:
    compressor = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return compressor.compress(data) + compressor.flush()


ENCODERS: dict[str, Callable[[bytes], bytes]] = {
    "": lambda data: data,
    "identity": lambda data: data,
    "gzip": gzip.compress,
    "X-Gzip": gzip.compress,
    "deflate": zlib.compress,
}


@given(
    coding=st.sampled_from(sorted(ENCODERS)),
    data=st.binary(max_size=300),
    size=st.integers(1, 50),
    most=st.integers(1, 400),
)
def test_a_body_is_decoded_up_to_its_bound_however_it_is_cut_into_pieces(
    coding: str, data: bytes, size: int, most: int
) -> None:
    sent = ENCODERS[coding](data)
    decoder = BoundedDecoder(coding, most)
    for place in range(0, len(sent), size):
        if not decoder.cut_off:
            decoder.feed(sent[place : place + size])
    assert bytes(decoder.body) == data[:most]
    assert decoder.cut_off == (len(data) > most)


def test_deflate_without_its_frame_is_read_too() -> None:
    decoder = BoundedDecoder("deflate", 100)
    decoder.feed(raw_deflate(b"hello"))
    assert bytes(decoder.body) == b"hello"


def test_a_bomb_is_not_unpacked() -> None:
    bomb = gzip.compress(b"\0" * 50_000_000)
    decoder = BoundedDecoder("gzip", 1_000)
    tracemalloc.start()
    try:
        decoder.feed(bomb)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (len(decoder.body), decoder.cut_off) == (1_000, True)
    assert most < 1_000_000


@pytest.mark.parametrize(
    ("coding", "body"),
    [("br", b"x"), ("gzip", b"no gzip"), ("deflate", b"\xff\xff\xff"), ("gzip, gzip", b"")],
)
def test_what_cannot_be_read_is_said(coding: str, body: bytes) -> None:
    with pytest.raises(UnreadableCoding, match=r"coding|broken"):
        BoundedDecoder(coding, 10).feed(body)
