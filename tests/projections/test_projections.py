"""What the screens read equals what the facts say, whenever and in whatever order it is computed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from psycopg_pool import ConnectionPool
from tests.projections.story import BASE, HOSPITAL, START, Story, Telling

from yimai.domain.batch import BatchFailed
from yimai.domain.equipment import EquipmentCalibrated, EquipmentTakenOut
from yimai.domain.fact import Quantity
from yimai.domain.facts import KINDS
from yimai.domain.infusion import ProductThawed
from yimai.domain.material_lot import MaterialLotReceived, MaterialLotRejected
from yimai.domain.site import SiteRegistered
from yimai.domain.slot import SlotFreed
from yimai.domain.timetable import Disruption, TimetableRepaired
from yimai.domain.treatment import TreatmentWithdrawn
from yimai.domain.vein import vein_of
from yimai.ledger.entry import Entry
from yimai.projections import (
    approval_board,
    audience,
    clock_board,
    equipment_board,
    material_board,
    rebuild,
    slot_board,
    trace,
    treatment_board,
    vein,
    words,
)

STAGES = [stage for stage, _ in Telling.CHAPTERS]


def entries_of(story: Story) -> list[Entry]:
    return [entry for _, entry in story.ledger.entries()]


def shuffled_across_subjects(entries: list[Entry], chance: random.Random) -> Iterator[Entry]:
    """Another order in which every subject's own entries keep their order."""
    waiting = list(entries)
    while waiting:
        ready = []
        blocked: set[str] = set()
        for entry in waiting:
            if not blocked.intersection(entry.subjects):
                ready.append(entry)
            blocked.update(entry.subjects)
        chosen = chance.choice(ready)
        waiting.remove(chosen)
        yield chosen


def test_every_stage_is_reached_and_shown(story: Story, pool: ConnectionPool[Any]) -> None:
    story.open_house()
    told = {stage: story.treatment(stage, steps=2) for stage in STAGES[:3] + STAGES[4:12]}
    with pool.connection() as connection, connection.cursor() as cursor:
        for stage, coi in told.items():
            row = treatment_board.row(cursor, coi)
            assert row is not None
            assert row.stage == stage


def test_the_whole_life_follows_the_stages_in_order(story: Story, pool: ConnectionPool[Any]) -> None:
    story.open_house()
    telling = Telling(story, story.mint("treatment"))
    with pool.connection() as connection, connection.cursor() as cursor:
        for stage, chapter in Telling.CHAPTERS:
            getattr(telling, chapter)()
            row = treatment_board.row(cursor, telling.coi)
            assert row is not None
            assert row.stage == stage
            assert row.ended == (stage == "closed")
        assert [each.sequence for each in vein.of(cursor, telling.coi)] == list(
            range(1, len(vein.entries(cursor, f"treatment/{telling.coi}")) + 1)
        )


def test_the_board_says_what_the_facts_of_each_treatment_add_up_to(story: Story, pool: ConnectionPool[Any]) -> None:
    story.open_house()
    told = [story.treatment(stage, steps=3, deviation="wash", excursion=True) for stage in ("received", "released")]
    with pool.connection() as connection, connection.cursor() as cursor:
        for coi in told:
            row, state = treatment_board.row(cursor, coi), vein_of(vein.entries(cursor, f"treatment/{coi}"))
            assert row is not None
            excursions = [each for each in state.shipments.by_id.values() if each.excursion_state == "open"]
            deviations = [each for each in state.deviations.by_id.values() if each.state != "closed"]
            assert (row.open_excursions, row.open_deviations) == (len(excursions), len(deviations))
            assert (row.held, row.infectious) == (state.treatment.held, state.treatment.infectious)
            assert state.slot.current is not None
            assert row.suite == state.slot.current.suite
            latest = state.batches.latest
            assert row.disposition == (state.disposition.of(latest.id).state if latest else "")


def test_what_is_decided_after_a_withdrawal_leaves_it_withdrawn(story: Story, pool: ConnectionPool[Any]) -> None:
    story.open_house()
    telling = Telling(story, story.mint("treatment"), steps=2)
    telling.until("in_manufacture")
    withdrawn = TreatmentWithdrawn(telling.coi, "progression", story.sign("PHYS-1", "decided"))
    failed = BatchFailed(telling.coi, telling.batch, "treatment_ended", story.sign("QA-1", "decided"))
    story.write(withdrawn, failed, by="PHYS-1")
    with pool.connection() as connection, connection.cursor() as cursor:
        row = treatment_board.row(cursor, telling.coi)
    assert row is not None
    assert (row.state, row.ended) == ("withdrawn", True)


def test_incremental_equals_rebuilt(story: Story, pool: ConnectionPool[Any]) -> None:
    story.open_house()
    for stage in ("infused", "in_manufacture", "collecting"):
        story.treatment(stage, failed_collection=stage != "infused", excursion=True, deviation="wash", steps=4)
    away = Disruption("person_away", story.clock(), story.clock() + timedelta(days=1), person="OPER-1")
    decided = story.sign("SCHE-1", "decided")
    story.write(TimetableRepaired(BASE, BASE, (away,), "nobody_else", (), "delay", decided), by="SCHE-1")
    with pool.connection() as connection, connection.cursor() as cursor:
        grown = rebuild.digest(cursor)
        rebuild.rebuild(cursor, entries_of(story))
        assert rebuild.digest(cursor) == grown
    assert all(not digest.startswith("0:") for digest in grown.values())


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_order_of_facts_about_different_subjects_makes_no_difference(
    story: Story, pool: ConnectionPool[Any], seed: int
) -> None:
    story.open_house()
    for stage in ("permit_issued", "in_manufacture"):
        story.treatment(stage, steps=3, excursion=True)
    entries = entries_of(story)
    reordered = list(shuffled_across_subjects(entries, random.Random(seed)))
    assert [entry.hash for entry in reordered] != [entry.hash for entry in entries]
    with pool.connection() as connection, connection.cursor() as cursor:
        in_order = rebuild.digest(cursor)
        rebuild.rebuild(cursor, reordered)
        assert rebuild.digest(cursor) == in_order


def test_a_digest_tells_tables_apart(story: Story, pool: ConnectionPool[Any]) -> None:
    story.open_house()
    coi = story.treatment("accepted")
    with pool.connection() as connection, connection.cursor() as cursor:
        before = rebuild.digest(cursor)
        cursor.execute("UPDATE projection.treatment_board SET held = 'x' WHERE treatment = %s", (coi,))
        after = rebuild.digest(cursor)
    assert {table for table in before if before[table] != after[table]} == {"treatment_board"}


def test_a_changed_form_is_made_anew_and_asks_for_a_rebuild(
    fresh_database: str, pool: ConnectionPool[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    with pool.connection() as connection, connection.cursor() as cursor:
        assert not rebuild.create(cursor)
        monkeypatch.setattr(slot_board, "TABLES", "CREATE TABLE projection.slot (other integer);")
        monkeypatch.setattr(slot_board, "AUDIENCE", {"slot": audience.PUBLIC})
        assert rebuild.create(cursor)
        assert not rebuild.create(cursor)
        assert cursor.execute("SELECT other FROM projection.slot").fetchall() == []


def test_taken_windows_are_shown_and_freed_ones_are_gone(story: Story, pool: ConnectionPool[Any]) -> None:
    story.open_house()
    kept, freed = story.treatment("slot_reserved"), story.treatment("slot_reserved", suite="suite-02")
    with pool.connection() as connection, connection.cursor() as cursor:
        taken = slot_board.taken(cursor, BASE)
        assert set(taken) == {"suite-01", "suite-02"}
        ((starts, ends),) = taken["suite-02"]
        story.write(SlotFreed(freed, "suite-02", starts, ends, "rescheduled"), by="SCHE-1")
        assert set(slot_board.taken(cursor, BASE)) == {"suite-01"}
        row = treatment_board.row(cursor, kept)
        assert row is not None
        assert row.suite == "suite-01"


def test_a_failed_collection_waits_for_the_next_one(story: Story, pool: ConnectionPool[Any]) -> None:
    story.open_house()
    coi = story.treatment("collecting", failed_collection=True)
    with pool.connection() as connection, connection.cursor() as cursor:
        row = treatment_board.row(cursor, coi)
    assert row is not None
    assert (row.stage, row.failed_collections) == ("collecting", 1)


class TestClocks:
    def test_fresh_material_runs_out_after_the_recipes_maximum(self, story: Story, pool: ConnectionPool[Any]) -> None:
        story.open_house()
        coi = story.treatment("received")
        with pool.connection() as connection, connection.cursor() as cursor:
            (clock,) = clock_board.running(cursor, BASE)
        assert (clock.name, clock.treatment) == ("fresh", coi)
        assert clock.due - clock.started == timedelta(hours=72)

    def test_a_hold_runs_between_the_steps_that_the_recipe_names(self, story: Story, pool: ConnectionPool[Any]) -> None:
        story.open_house()
        coi = story.treatment("in_manufacture", steps=3)
        with pool.connection() as connection, connection.cursor() as cursor:
            (clock,) = clock_board.running(cursor, treatment=coi)
        assert (clock.name, clock.item, clock.assumed) == ("hold", "activate", True)

    def test_a_thawed_bag_and_the_window_stop_with_the_infusion(self, story: Story, pool: ConnectionPool[Any]) -> None:
        story.open_house()
        telling = Telling(story, story.mint("treatment"))
        telling.until("permit_issued")
        thawed = ProductThawed(telling.coi, telling.permit, telling.final, story.sign("NURS-1"))
        story.write(thawed, by="NURS-1")
        with pool.connection() as connection, connection.cursor() as cursor:
            names = {clock.name for clock in clock_board.running(cursor, treatment=telling.coi)}
            assert names == {"thaw", "shelf_life", "lymphodepletion"}
            telling.infuse()
            assert clock_board.running(cursor, treatment=telling.coi) == ()


class TestTrace:
    def test_from_a_lot_forward_to_the_bag_that_was_infused(self, story: Story, pool: ConnectionPool[Any]) -> None:
        story.open_house()
        telling = Telling(story, story.mint("treatment"))
        telling.until("infused")
        with pool.connection() as connection, connection.cursor() as cursor:
            (about,) = trace.about(cursor, "LOT-001")
        assert about.noun == "material_lot"
        assert [each.identifier for each in about.of("treatment")] == [telling.coi]
        assert [each.identifier for each in about.of("batch")] == [telling.batch]
        (made,) = about.made
        assert (made.container, made.last.kind) == (telling.final, "infusion.started.v1")

    def test_from_a_bag_back_to_lots_people_suite_and_equipment(self, story: Story, pool: ConnectionPool[Any]) -> None:
        story.open_house()
        telling = Telling(story, story.mint("treatment"))
        telling.until("delivered")
        with pool.connection() as connection, connection.cursor() as cursor:
            (about,) = trace.about(cursor, telling.final)
        found = {(each.noun, each.identifier) for each in (*about.related, *about.through)}
        assert {("material_lot", "LOT-001"), ("suite", "suite-01"), ("equipment", "bsc-01")} <= found
        assert {("person", "COUR-1"), ("person", "OPER-2"), ("container", telling.bag)} <= found
        assert {("site", HOSPITAL), ("batch", telling.batch)} <= found

    @pytest.mark.parametrize(
        ("identifier", "noun"),
        [
            ("OPER-1", "person"),
            ("suite-01", "suite"),
            ("bsc-01", "equipment"),
            (HOSPITAL, "site"),
            ("LOGGER-9", "equipment"),
        ],
    )
    def test_people_rooms_equipment_and_sites_are_found(
        self, story: Story, pool: ConnectionPool[Any], identifier: str, noun: str
    ) -> None:
        story.open_house()
        coi = story.treatment("in_manufacture", steps=2)
        with pool.connection() as connection, connection.cursor() as cursor:
            about = next(each for each in trace.about(cursor, identifier) if each.noun == noun)
        assert coi in [each.identifier for each in about.of("treatment")]
        assert all(f"{noun}/{identifier}" in fact.mentions for fact in about.facts)

    def test_a_fact_is_found_by_its_hash_and_has_a_position_once_sealed(
        self, story: Story, pool: ConnectionPool[Any]
    ) -> None:
        story.open_house()
        (entry,) = story.write(_registration("late"), by="QA-1")
        with pool.connection() as connection, connection.cursor() as cursor:
            assert trace.fact(cursor, entry.hash) == (entry, None)
            story.ledger.seal()
            found = trace.fact(cursor, entry.hash)
            assert found is not None
            assert found[1] == sum(1 for _ in story.ledger.entries())
            assert trace.fact(cursor, b"\0" * 32) is None

    def test_nothing_is_said_about_what_nobody_mentioned(self, story: Story, pool: ConnectionPool[Any]) -> None:
        story.open_house()
        with pool.connection() as connection, connection.cursor() as cursor:
            assert trace.about(cursor, "NOBODY-1") == ()


def _registration(name: str) -> SiteRegistered:
    return SiteRegistered(name, "park", "园区", "Park", "Pudong", 480)


def test_the_boards_know_only_kinds_that_exist_and_every_kind_has_words() -> None:
    assert set(KINDS) >= treatment_board.KINDS
    assert set(words.KINDS) - {"ledger.opened.v1"} == set(KINDS)
    assert set(words.STAGES) == set(treatment_board.STAGES)
    assert set(words.STATES) == {*treatment_board.STATES, "held"}
    assert set(words.CLOCKS) == set(words.STOPS) == set(clock_board.NAMES)


def test_the_approved_base_is_read_back_whole(story: Story, pool: ConnectionPool[Any]) -> None:
    story.open_house()
    with pool.connection() as connection, connection.cursor() as cursor:
        base = approval_board.base(cursor, BASE)
        assert base is not None
        assert base.suites[0].id == "suite-01"
        assert approval_board.recipe(cursor, "cd19-cart", "0") is None
        assert approval_board.identifiers(cursor, "programme") == ("shanghai",)
    assert story.clock.now > START


def test_lots_and_equipment_stand_on_their_boards(story: Story, pool: ConnectionPool[Any]) -> None:
    story.open_house()
    decided = story.sign("QA-1", "rejected")
    story.write(MaterialLotReceived("L-1", BASE, "wash_buffer", Quantity(Decimal(5), "mL"), date(2026, 9, 1)))
    story.write(MaterialLotReceived("L-2", BASE, "wash_buffer", Quantity(Decimal(5), "mL"), date(2026, 8, 1)))
    story.write(MaterialLotRejected("L-2", "contamination", decided))
    story.write(EquipmentCalibrated("bsc-01", date(2026, 1, 1), date(2026, 12, 31)))
    story.write(EquipmentTakenOut("bsc-01", "breakdown", decided))
    with pool.connection() as connection, connection.cursor() as cursor:
        first, *others = material_board.at(cursor, BASE)
        assert (first.material_lot, first.state, first.expires) == ("L-1", "received", date(2026, 9, 1))
        assert {each.state for each in others} == {"released"}
        recalled = material_board.lot(cursor, "L-2")
        assert recalled is not None
        assert (recalled.state, recalled.reason, recalled.decider) == ("rejected", "contamination", "QA-1")
        (piece,) = equipment_board.at(cursor, BASE)
        assert (piece.out, piece.valid_until) == ("breakdown", date(2026, 12, 31))
        assert material_board.at(cursor, "elsewhere") == ()
