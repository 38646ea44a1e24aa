"""Every cell of the table of access: what the program answers is what is written there."""

from __future__ import annotations

from itertools import product

import pytest
from tests.access.reading import BY_NAME, EVERY_CELL, LINES, ROLES, Expected, Line

from yimai.actions.verbs import VERBS
from yimai.domain import access
from yimai.domain.access import Matter, TableProblem
from yimai.domain.access_table import TABLE
from yimai.domain.access_words import WORDS
from yimai.domain.person import NOT_OF_ROLE, NOT_OF_SITE, Person

HERE, HOSPITAL, BASE, ELSEWHERE, DISTRICT = "here", "hospital", "base", "elsewhere", "Huangpu"
each_line = pytest.mark.parametrize("line", LINES, ids=[f"{line.verb}/{line.capacity}" for line in LINES])


def person(cell: Expected) -> Person:
    sites = {"hospital": HOSPITAL, "base": BASE, "own_site": HERE, "no_site": HERE}
    return Person("somebody", sites.get(cell.relation, ELSEWHERE), (cell.role,))


def matter(cell: Expected) -> Matter:
    if cell.state == "none":
        return Matter(site="" if cell.relation == "no_site" else HERE, districts=frozenset({DISTRICT}))
    carriers = frozenset({"somebody"}) if cell.relation == "carrier" else frozenset[str]()
    return Matter(cell.state, HOSPITAL, BASE, carriers=carriers, districts=frozenset({DISTRICT}))


@each_line
def test_every_cell_is_answered_as_it_is_written(line: Line) -> None:
    for cell in line.cells():
        district = DISTRICT if cell.relation == "district" else ""
        refusal = access.may(cell.verb, cell.capacity, person(cell), matter(cell), district=district)
        away = cell.relation == "district"  # who reads in his district does not work there
        if cell.answer == "yes" or (away and line.answer(cell.role, "other_site", cell.state) == "yes"):
            assert refusal is None, f"{cell}: {refusal}"
        else:
            kinds = (access.NEVER,) if cell.answer == "never" else (
                NOT_OF_ROLE, NOT_OF_SITE, access.NOT_CARRIER, access.STATE
            )  # fmt: skip
            assert refusal is not None, cell
            assert refusal.kind in kinds, f"{cell}: {refusal}"


def test_the_program_lists_the_same_cells() -> None:
    listed = {(c.verb, c.capacity, c.role, c.relation, c.state): c.answer for c in access.cells()}
    written = {(c.verb, c.capacity, c.role, c.relation, c.state): c.answer for c in EVERY_CELL}
    assert listed == written
    assert len(EVERY_CELL) == len(written) > 15_000


@each_line
def test_an_explicit_no_wins_over_every_yes_of_another_role(line: Line) -> None:
    never = [role for role in ROLES if line.written[role] == "x"]
    for no, other in product(never, ROLES):
        for cell in line.cells():
            if cell.role == other and cell.answer == "yes":
                both = person(cell)
                both = Person(both.id, both.site, (other, no))
                refusal = access.may(cell.verb, cell.capacity, both, matter(cell), district=DISTRICT)
                assert refusal is not None
                assert refusal.kind is access.NEVER


def test_every_verb_has_its_row_and_each_capacity_its_own() -> None:
    acting = {verb for verb, _ in BY_NAME if not verb.startswith(("read.", "account."))}
    assert acting == set(VERBS)
    for verb in VERBS.values():
        assert {capacity for each, capacity in BY_NAME if each == verb.name} == {"performer", *verb.signers}
    assert {verb for verb, _ in BY_NAME} == set(WORDS)


def test_what_is_not_listed_nobody_may() -> None:
    with pytest.raises(KeyError):
        access.may("treatment.delete", "performer", Person("a", HERE, ("qa",)), Matter(site=HERE))
    with pytest.raises(KeyError):
        access.may("treatment.hold", "witness", Person("a", HERE, ("qa",)), Matter(site=HERE))


@pytest.mark.parametrize(
    ("written", "instead", "says"),
    [
        ("| x  x  os\n", "| x  x\n", "has 12 cells"),
        ("| x  x  os\n", "| x  x  oz\n", "'z'.* is no relation"),
        ("| x  x  os\n", "| x  x  h\n", "cannot stand in the relation hospital"),
        (
            "custody.pack                            ghe",
            "custody.pack                            gxe",
            "says no states",
        ),
        ("custody.pack ", "custody.hand_over ", "stands there twice"),
        ("custody.pack ", "custody.wrap ", "custody.pack.*custody.wrap"),
        ("custody.store ", "custody.store/verifier ", "custody.store.*nobody who acts"),
        ("| co nu ph", "| nu co ph", "the columns are"),
    ],
)
def test_a_table_that_is_not_whole_stops_the_program(written: str, instead: str, says: str) -> None:
    assert written in TABLE
    with pytest.raises(TableProblem, match=says):
        access.parsed(TABLE.replace(written, instead, 1))


def test_who_administers_accounts_plans_or_inspects_touches_no_record() -> None:
    for line in LINES:
        if line.verb.startswith(("read.", "plan.", "register.", "annual_return.", "receipt.")) or line.verb in (
            "approval.approve_programme",
            "approval.approve_measure",
            "site.register_passkey",
            "site.withdraw_passkey",
            "treatment.export",
        ):
            continue  # a planner's own work, everybody's own key, and copies, which change nothing
        assert line.written["planner"] == line.written["inspector"] == "x", line.verb
        if not line.verb.startswith(
            ("account.", "site.register", "site.change", "site.revoke_passkey", "equipment.register")
        ):
            assert line.written["administrator"] == "x", line.verb


def test_an_administrator_and_a_planner_read_nothing_of_any_treatment() -> None:
    for line in LINES:
        if line.now != "---":
            assert line.written["planner"] == line.written["administrator"] == "x", line.verb


def test_a_courier_takes_gives_and_tells_temperatures_and_reads_of_a_treatment_the_shipment_alone() -> None:
    may = {line.verb for line in LINES if line.now != "---" and line.written["courier"] not in (".", "x")}
    assert may == {"custody.hand_over", "custody.report_temperature", "read.shipment"}
    for what in ("read.patient", "read.consent", "treatment.export"):
        assert BY_NAME[what, "performer"].written["courier"] == "x"


def test_an_inspector_reads_everything_in_his_own_district() -> None:
    """But accounts, and what is computed over every district: its facts he reads where they stand."""
    for line in LINES:
        if line.verb.startswith("read.") and line.verb not in ("read.accounts", "read.measured"):
            assert line.written["inspector"] in ("d", "n"), line.verb


def test_who_may_ever_is_who_has_a_yes_somewhere() -> None:
    for line in LINES:
        if line.capacity == "performer":
            for role in ROLES:
                refusal = access.ever(line.verb, Person("a", HERE, (role,)))
                assert (refusal is None) == (line.written[role] not in (".", "x")), (line.verb, role)
