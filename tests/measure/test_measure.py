"""Whatever the register holds: amounts add up, no fact counts twice, order does not matter, and another program agrees."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.architecture.fact_instances import example
from tests.measure import second_opinion
from tests.measure.registers import LEDGER, START, Told, cases, entries, joined

from yimai.domain.cluster import ClusterDeclared
from yimai.domain.fact import Fact, json_of
from yimai.domain.measure import MILLION, Facts, Known, Measured, Question
from yimai.domain.measure_definitions import DEFINITIONS, known_from
from yimai.domain.receipt_document import Receipt, difference, measure, receipt_of
from yimai.ledger import merkle
from yimai.ledger.entry import Checkpoint, Entry

Case = tuple[Told, Question]
each_register = settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])


def known(found: Sequence[Entry]) -> list[Known[Fact]]:
    read = (known_from(position, entry) for position, entry in enumerate(found, start=1))
    return [each for each in read if each is not None]


def sealed(found: Sequence[Entry], size: int | None = None) -> Checkpoint:
    leaves = [entry.hash for entry in found[: len(found) if size is None else size]]
    return Checkpoint(LEDGER, len(leaves), merkle.root(leaves), datetime(2026, 1, 1, tzinfo=UTC))


def receipt(question: Question, found: Sequence[Entry]) -> Receipt:
    return receipt_of(question, measure(question, Facts(known(found))), sealed(found))


def roles(measured: Measured) -> list[bytes]:
    return [
        *(each.fact for each in measured.contributions),
        *(fact for fact, _ in measured.exclusions),
        *measured.basis,
    ]


@each_register
@given(cases())
def test_contributions_sum_exactly_and_no_fact_stands_twice(case: Case) -> None:
    facts, question = case
    measured = measure(question, Facts(known(entries(facts))))
    amounts = [each.amount for each in measured.contributions]
    how = DEFINITIONS[question.measure].total
    if not amounts:
        assert measured.value is None
    elif how == "sum":
        assert measured.value == sum(amounts)
    elif how == "share":
        assert measured.value == sum(amounts) * MILLION // len(amounts)
    else:
        assert measured.value in amounts
    assert len(set(roles(measured))) == len(roles(measured))


@each_register
@given(cases(), st.randoms(use_true_random=False))
def test_the_order_in_which_facts_are_given_does_not_matter(case: Case, chance: Random) -> None:
    facts, question = case
    given_ = known(entries(facts))
    shuffled = list(given_)
    chance.shuffle(shuffled)
    assert measure(question, Facts(shuffled)) == measure(question, Facts(given_))


@each_register
@given(cases())
def test_another_program_computes_the_same_receipt_byte_for_byte(case: Case) -> None:
    facts, question = case
    found = entries(facts)
    own = receipt(question, found)
    read = [second_opinion.record(position, entry.content) for position, entry in enumerate(found, start=1)]
    definition = json_of(DEFINITIONS[question.measure])
    root = merkle.root([entry.hash for entry in found]).hex()
    theirs = second_opinion.receipt(read, definition, json_of(question), ledger=LEDGER, size=len(found), root=root)
    assert own.document == theirs


@each_register
@given(cases(), st.integers(0, 30))
def test_the_figure_at_n_never_changes_whatever_comes_after(case: Case, size: int) -> None:
    facts, question = case
    found = entries(facts)
    size = min(size, len(found))
    later = Facts(each for each in known(found) if each.position <= size)
    assert (
        receipt_of(question, measure(question, later), sealed(found, size)).document
        == receipt(question, found[:size]).document
    )


@each_register
@given(cases(), st.integers(1, 3))
def test_a_second_label_of_a_cluster_changes_no_total(case: Case, site: int) -> None:
    facts, question = case
    label = replace(example(ClusterDeclared), cluster=f"label{site}")  # type: ignore[call-arg]
    more = [(label, START, 0), (joined(site), START, 0)]
    before, after = (measure(question, Facts(known(entries(each)))) for each in (facts, [*facts, *more]))
    if question.measure == "clusters@1":  # the label itself is one more cluster, the sites are not
        assert (after.value or 0) - (before.value or 0) in (0, 1)
    else:
        assert after == before


@each_register
@given(cases(), st.integers(0, 29))
def test_a_fact_that_is_gone_changes_the_answer_unless_it_was_excluded(case: Case, place: int) -> None:
    """One that counted takes its amount with it, or what it had outdone stands up in its place; a basis moves others."""
    facts, question = case
    given_ = known(entries(facts))
    if not given_:
        return
    gone = given_[place % len(given_)]
    before = measure(question, Facts(given_))
    after = measure(question, Facts(each for each in given_ if each is not gone))
    if gone.hash not in roles(before):
        assert after == before
    elif gone.hash in {each.fact for each in before.contributions}:
        own = next(each for each in before.contributions if each.fact == gone.hash)
        rest = {each.fact: each for each in before.contributions if each.fact != gone.hash}
        instead = [each for each in after.contributions if each.fact not in rest]
        assert {each.fact for each in instead} <= {fact for fact, _ in before.exclusions}
        if not instead and DEFINITIONS[question.measure].total == "sum" and before.value is not None:
            assert (after.value or 0) == before.value - own.amount
    elif gone.hash in before.basis:
        moved = (after.contributions, after.exclusions) != (before.contributions, before.exclusions)
        assert moved or set(after.basis) != set(before.basis) - {gone.hash}
        assert roles(after) != roles(before)


@each_register
@given(cases(), st.integers(0, 30))
def test_the_difference_of_two_receipts_lists_exactly_what_moved_the_number(case: Case, size: int) -> None:
    facts, question = case
    found = entries(facts)
    one, other = receipt(question, found[:size]), receipt(question, found)
    moved = difference(one, other)
    assert difference(one, one) == ()
    if DEFINITIONS[question.measure].total == "sum":
        change = sum(
            (each.after if isinstance(each.after, int) else 0) - (each.before if isinstance(each.before, int) else 0)
            for each in moved
        )
        assert (other.value or 0) - (one.value or 0) == change


def test_what_is_asked_of_a_measure_that_cannot_tell_it_stays_unknown() -> None:
    question = Question("doses_released@1", date(2025, 1, 1), therapies="gene")
    assert measure(question, Facts()) == Measured(None, (), (), (), "ledger")


@pytest.mark.parametrize("definition", DEFINITIONS.values(), ids=DEFINITIONS)
def test_a_definition_is_known_by_its_hash(definition: Any) -> None:
    assert len(definition.hash) == 64
    assert replace(definition, version=2).hash != definition.hash
    assert len({each.hash for each in DEFINITIONS.values()}) == len(DEFINITIONS)
