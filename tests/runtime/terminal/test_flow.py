from __future__ import annotations

import io

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from toolalpaca_runtime.terminal.flow import Flow


def flowed(*pieces: str, width: int = 30, indent: str = "") -> str:
    file = io.StringIO()
    console = Console(file=file, width=width, highlight=False, markup=False, emoji=False)
    flow = Flow(console, indent=indent)
    for piece in pieces:
        flow.write(piece)
    flow.close()
    return file.getvalue()


def test_lines_break_between_words() -> None:
    text = flowed("one two three four five six seven eight nine", indent="  ")
    assert text.splitlines() == ["  one two three four five six", "  seven eight nine"]


def test_lines_of_the_text_and_their_indentation_are_kept() -> None:
    assert flowed("\n\na:\n\n  - b\n  - c\n\n") == "a:\n\n  - b\n  - c\n"


def test_nothing_is_printed_of_nothing() -> None:
    assert flowed("", " \n") == ""


def test_a_word_is_printed_when_it_is_whole() -> None:
    file = io.StringIO()
    flow = Flow(Console(file=file, width=30))
    flow.write("It is Re")
    assert file.getvalue() == "It is"
    flow.write("x.")
    flow.close()
    assert file.getvalue() == "It is Rex.\n"


def test_nothing_drives_the_terminal() -> None:
    assert "\x1b" not in flowed("a\x1b[2Jb")
    assert flowed("5\u202f€ of\u00a0x\u202ey\u200d") == "5 € of x�y\n"


TEXTS = st.text(st.sampled_from("ab \n猫é:…"), max_size=120)


@given(TEXTS, st.integers(20, 40), st.data())
def test_pieces_do_not_matter_and_every_line_fits(
    text: str, width: int, data: st.DataObject
) -> None:
    cut = data.draw(st.integers(0, len(text)))
    whole = flowed(text, width=width)
    assert flowed(text[:cut], text[cut:], width=width) == whole
    assert all(cell_len(line) <= width for line in whole.splitlines())
    assert "".join(whole.split()) == "".join(text.split())
