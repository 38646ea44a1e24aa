"""Our own identifiers: what a hurried reader gets wrong is caught, what he may write differently is understood."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yimai.domain.identifier import ALPHABET, LETTERS, grouped, mint, noun_of, typed

minted = st.tuples(st.sampled_from(sorted(LETTERS)), st.binary(min_size=5, max_size=5))


@pytest.mark.requirement("IDN-010", "An identifier says its noun and holds no letter that is misread as a digit.")
@given(minted)
def test_it_names_its_noun_without_misread_letters(of: tuple[str, bytes]) -> None:
    identifier = mint(*of)
    assert noun_of(identifier) == of[0]
    assert set(identifier[1:]) <= set(ALPHABET)


@pytest.mark.requirement("IDN-011", "A single wrong character is never taken for an identifier of any noun.")
@given(minted, st.integers(0, 9), st.sampled_from(ALPHABET))
def test_one_wrong_character_is_caught(of: tuple[str, bytes], place: int, wrong: str) -> None:
    identifier = mint(*of)
    misread = identifier[:place] + wrong + identifier[place + 1 :]
    assert misread == identifier or noun_of(misread) is None


@pytest.mark.requirement("IDN-012", "Two neighbours swapped are caught.")
@given(minted, st.integers(0, 8))
def test_swapped_neighbours_are_caught(of: tuple[str, bytes], place: int) -> None:
    identifier = mint(*of)
    swapped = identifier[:place] + identifier[place + 1] + identifier[place] + identifier[place + 2 :]
    assert swapped == identifier or noun_of(swapped) is None


@pytest.mark.requirement(
    "IDN-013", "Hyphens, blanks, lower case and O for 0 or I for 1 are understood when somebody types."
)
@given(minted)
def test_it_may_be_typed_as_people_type(of: tuple[str, bytes]) -> None:
    identifier = mint(*of)
    assert typed(grouped(identifier)) == identifier
    assert typed(f" {identifier.lower()[:5]} {identifier.lower()[5:]} ") == identifier
    assert typed(identifier[0] + identifier[1:].replace("0", "O").replace("1", "l")) == identifier
