"""A file is read strictly: whatever is wrong is named with line and column, all of it at once, and nothing is taken."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tests.catalogue.worked_example import BASE, RECIPE, broken, found, mark_of, written

from yimai.interfaces.files.mistake import FileRefused, Mark
from yimai.interfaces.files.reading import read_base, read_programme, read_recipe
from yimai.interfaces.files.strict_yaml import LARGEST, read_yaml
from yimai.ledger.entry import Json


def refusal(folder: Path, text: str | bytes) -> list[tuple[Mark, str]]:
    with pytest.raises(FileRefused) as refused:
        read_yaml(written(folder, text))
    return found(refused.value)


@pytest.mark.parametrize(
    ("text", "line", "column", "says"),
    [
        ("a: 1\nb: 2\na: 3\n", 3, 1, "a occurs twice; it is already on line 1"),
        ("a: {x: 1, y: 2, x: 3}\n", 1, 17, "x occurs twice"),
        ("a: &big [1, 2]\n", 1, 4, "an anchor or alias"),
        ("a: 1\nb: *a\n", 2, 4, "an anchor or alias"),
        ("a: !!python/object:os.system ls\n", 1, 4, "a tag"),
        ("? [1, 2]\n: 3\n", 1, 3, "a key that is not plain text"),
        ("a: 1\nB c: 2\n", 2, 1, "'B c' is no key"),
        ("a: {en: Harvest, then wash}\n", 1, 18, "quote a text that has a comma"),
        ("a: 1\nb:\n\t- 2\n", 3, 1, "a tab"),
        ("a: 1\nb: [1, 2\nc: 3\n", 3, 2, "not valid YAML"),
        ("a: 'open\n", 2, 1, "not valid YAML"),
        ("a: 1\n---\nb: 2\n", 2, 1, "a second document"),
        ("", 1, 1, "the file is empty"),
        ("# only a comment\n", 1, 1, "the file is empty"),
        ("a: \x00\n", 1, 1, "not valid YAML"),
        (b"a: 1\nb: \xe4\xb8\xff\n", 2, 4, "byte 0xE4 is not UTF-8"),
        ("a: 细胞\n".encode("gb18030"), 1, 5, "is not UTF-8"),
        (b"#" * (LARGEST + 1), 1, 1, "2 MiB"),
        ("a: " + "[" * 40 + "]" * 40, 1, 36, "nested deeper than 32"),
    ],
)
def test_what_strict_yaml_refuses(tmp_path: Path, text: str | bytes, line: int, column: int, says: str) -> None:
    mark, sentence = refusal(tmp_path, text)[0]
    assert says in sentence
    assert mark == Mark(line, column)


def test_a_bomb_of_aliases_is_refused_at_its_first_anchor_without_being_expanded(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 30)]
    mistakes = refusal(tmp_path, "\n".join(lines))
    assert mistakes[0][0] == Mark(1, 5)
    assert len(mistakes) == 30 + 29 * 10


@pytest.mark.parametrize("text", ["a: " + "[" * 1_000_000, "? " + "[" * 1_000_000, "a: " + "{b: " * 500_000])
def test_brackets_without_end_are_refused_where_they_become_too_many(tmp_path: Path, text: str) -> None:
    assert len(refusal(tmp_path, text)) == 1


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="needs a file without end")
def test_a_file_without_end_is_refused_after_its_first_2_mib() -> None:
    with pytest.raises(FileRefused, match="2 MiB"):
        read_recipe(Path("/dev/zero"))


def test_a_file_that_is_not_there_is_refused_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(FileRefused, match=r"absent\.yaml:1:1: cannot read the file: No such file"):
        read_recipe(tmp_path / "absent.yaml")


@pytest.mark.parametrize(
    ("written_as", "read_as"),
    [
        ("0.10", "0.10"),
        ("12345678901234567.123456789", "12345678901234567.123456789"),
        ("7", 7),
        ("-3", -3),
        ("99999999999999999999", "99999999999999999999"),
        ("yes", "yes"),
        ("no", "no"),
        ("true", True),
        ("null", None),
        ("2026-05-01", "2026-05-01"),
        ("08:00", "08:00"),
        ("0x10", "0x10"),
        ('"7"', "7"),
    ],
)
def test_a_value_is_read_as_yaml_1_2_and_no_digit_is_lost(tmp_path: Path, written_as: str, read_as: Json) -> None:
    assert read_yaml(written(tmp_path, f"a: {written_as}\n")).content == {"a": read_as}


SHAPES = [
    ("quantity: 250", "quantity: some", "quantity: ^some", "'some' does not fit: A decimal number"),
    ("quantity: 250", "quantity: 1e3", "quantity: ^1e3", "'1e3' does not fit: A decimal number"),
    ("quantity: 250", "quantity: .nan", "quantity: ^.nan", "'.nan' does not fit"),
    (
        "{ median: 1 d, cv: 0.05, source: time study }",
        "{ median: 1d, cv: 0.05, source: time study }",
        "median: ^1d",
        "one space",
    ),
    (
        "room_class: C\n        equipment: [incubator]\n",
        "room_klass: C\n        equipment: [incubator]\n",
        "room_klass: ^C",
        "did you mean room_class?",
    ),
    ("most: 10,", "most: ten,", "most: ^ten", "expected a whole number, found 'ten'"),
    ("most: 10,", "most: 0,", "most: ^0", "0 must be at least 1"),
    ("critical: true", "critical: perhaps", "critical: ^perhaps", "expected true or false"),
    ("legal_track: clinical_research", "legal_track: research", "legal_track: ^research", "'research' is none of drug"),
    ('version: "1"', "version: 1", "version: ^1\n", "expected a text (quote it"),
    ("after: [seed]", "after: seed", "after: ^seed", "expected a list, found 'seed'"),
    ("after: [seed]", "after:", "^after:\n        until", "expected a list, found nothing"),
    ('    unit: "%"\n', "", "- ^id: viability", "unit is missing"),
    (
        "limits: { low: 80, high: 100 }",
        "limits: { low: 80, above: 81 }",
        "limits: ^{ low: 80, above",
        "above, low cannot stand here",
    ),
    (
        "            source: development report\n        after: [seed]",
        "        after: [seed]",
        "limits: ^{ low: 50 }",
        "source is missing",
    ),
    ("  - { id: sample, title: { zh: 样品, en: Sample }, carrier: sample }", "  - {}", "- ^{}", "id is missing"),
    ("operators: { cell_culture: 1 }", "operators: {}", "operators: ^{}", "it must not be empty"),
    ("en: Seed }", "en: Seed, feed }", "Seed, ^feed }", "if it belongs to the text before the comma, quote that text"),
    ("recipe: small-cells", "recipe: Small Cells", "recipe: ^Small", "lower-case letters, digits and hyphens"),
]


@pytest.mark.parametrize(("old", "new", "place", "says"), SHAPES)
def test_a_recipe_of_another_shape_is_refused_at_the_place(
    tmp_path: Path, old: str, new: str, place: str, says: str
) -> None:
    text = broken(RECIPE, old, new)
    with pytest.raises(FileRefused) as refused:
        read_recipe(written(tmp_path, text))
    said = [mark for mark, sentence in found(refused.value) if says in sentence]
    assert said == [mark_of(text, place)], refused.value


def test_a_day_that_no_calendar_has_is_refused(tmp_path: Path) -> None:
    text = broken(BASE, "expires: 2027-06-30", "expires: 2027-06-31")
    with pytest.raises(FileRefused) as refused:
        read_base(written(tmp_path, text))
    assert found(refused.value) == [
        (mark_of(text, "expires: ^2027-06-31"), "'2027-06-31' does not fit: A day: 2026-05-01.")
    ]


def test_all_mistakes_of_a_file_are_listed_in_the_order_of_their_places(tmp_path: Path) -> None:
    text = RECIPE
    for old, new in (('version: "1"', "version: one"), ("most: 10,", "most: 0,"), ("low: 80", "lowest: 80")):
        text = broken(text, old, new)
    with pytest.raises(FileRefused) as refused:
        read_recipe(written(tmp_path, text))
    places = [mark_of(text, place) for place in ("version: ^one", "most: ^0", "lowest: ^80")]
    assert [mark for mark, _ in found(refused.value)] == places


def test_every_mistake_is_told_in_chinese_too(tmp_path: Path) -> None:
    text = broken(RECIPE, "most: 10,", "most: 0,")
    with pytest.raises(FileRefused) as refused:
        read_recipe(written(tmp_path, text))
    assert all(any("\u4e00" <= letter <= "\u9fff" for letter in mistake.what.zh) for mistake in refused.value.mistakes)


def test_a_list_at_the_top_is_no_programme(tmp_path: Path) -> None:
    with pytest.raises(FileRefused, match="expected named fields, found a list"):
        read_programme(written(tmp_path, "- 1\n- 2\n"))


NOISE = st.sampled_from(
    [
        "\n",
        " ",
        "  ",
        "\t",
        ":",
        "- ",
        "[",
        "]",
        "{",
        "}",
        "&a ",
        "*a",
        "!!x ",
        "'",
        '"',
        "#",
        "\x00",
        "\ufeff",
        "9",
        "a: 1\n",
        "null",
        "é",
        "脉",
        "|",
        ">",
        "%",
        "---\n",
    ]
)


@given(at=st.integers(0, len(RECIPE)), cut=st.integers(0, 40), noise=st.lists(NOISE, max_size=6).map("".join))
@example(at=0, cut=len(RECIPE), noise="\ufeff")
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_however_a_file_is_damaged_it_is_read_or_refused_with_a_place_inside_it(
    tmp_path: Path, at: int, cut: int, noise: str
) -> None:
    text = RECIPE[:at] + noise + RECIPE[at + cut :]
    lines = text.count("\n") + 1
    places: list[tuple[Mark, str]] = [(Mark(1, 1), "none")]
    try:
        read_recipe(written(tmp_path, text))
    except FileRefused as refused:
        places = found(refused)
    assert places
    assert all(1 <= mark.line <= lines + 1 and mark.column >= 1 for mark, _ in places)
