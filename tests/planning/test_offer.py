"""Offers: the earliest itineraries that move nobody, each with its odds, and why none is earlier."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.planning import lingang
from tests.planning.lingang import BEGINS

from yimai.planning.check import check
from yimai.planning.offer import Live, Offers
from yimai.planning.problem import Plan, Problem


def offered(problem: Problem, number: int = 3) -> tuple[Live, Offers]:
    live = Live(problem)
    return live, live.offers(np.random.default_rng(1), number)


@settings(max_examples=10)
@given(st.integers(0, 20), st.integers(3, 20))
def test_every_offer_passes_the_checker_beside_what_stands_already(others: int, gap: int) -> None:
    problem = lingang.problem([*lingang.orders(others, gap), lingang.order(others, hours=1)])
    live, found = offered(problem)
    assert live.unplaced == []
    assert found.offers
    job = problem.jobs[-1]
    for offer in found.offers:
        starts, suite = live.to.starts.copy(), live.to.suite.copy()
        starts[job.first : job.last], suite[-1] = offer.starts, offer.suite
        assert check(problem, Plan(starts, suite)) == []
        assert 0 < offer.odds <= 1
    collections = [int(each.starts[0]) for each in found.offers]
    assert all(abs(one - other) >= 12 for one in collections for other in collections if one != other)
    assert len(set(collections)) == len(collections)


def test_offers_come_with_the_earliest_infusion_first_and_leave_the_timetable_as_it_was() -> None:
    live, found = offered(lingang.problem(lingang.orders(8)), 5)
    infusions = [each.infusion for each in found.offers]
    assert infusions == sorted(infusions)
    assert live.offers(np.random.default_rng(1), 5).offers[0].infusion == infusions[0]


def test_at_an_idle_base_nothing_binds() -> None:
    _, found = offered(lingang.problem(lingang.orders(1)))
    assert (found.binding, found.gain) == (None, 0)


def test_where_suites_are_out_of_service_it_says_that_suites_bind_and_by_how_much() -> None:
    closed = {each.id: ((BEGINS, BEGINS + timedelta(days=10)),) for each in lingang.base().suites}
    _, found = offered(lingang.problem(lingang.orders(1), away=closed))
    assert found.binding is not None
    assert found.binding.kind == "suites"
    _, free = offered(lingang.problem(lingang.orders(1)))
    assert found.offers[0].infusion - found.gain == free.offers[0].infusion


def test_no_offer_where_nothing_fits_the_horizon() -> None:
    _, found = offered(lingang.problem(lingang.orders(1), days=10))
    assert found == Offers((), None, 0)


@pytest.mark.parametrize("what", ["capacity", "suite_closed", "opens"])
def test_what_the_checker_refuses_is_not_offered(what: str) -> None:
    """Even where the search has taken the base to have more people, suites or hours than it has."""
    away = {each.id: ((BEGINS, BEGINS + timedelta(days=10)),) for each in lingang.base().suites}
    problem = lingang.problem(lingang.orders(6, gap=1), days=60, away=away)
    live = Live(problem)
    before = live.offers(np.random.default_rng(1), 3).offers
    every = np.arange(problem.horizon + 1, dtype=np.int32)
    mistaken: dict[str, Any] = {
        "capacity": np.full_like(live.of.capacity, 99),
        "suite_closed": np.zeros_like(live.of.suite_closed),
        "opens": np.tile(every, (len(live.of.opens), 1)),
    }
    live.of = live.of._replace(**{what: mistaken[what]})
    job = problem.jobs[-1]
    for offer in live.offers(np.random.default_rng(1), 3).offers:
        starts, suite = live.to.starts.copy(), live.to.suite.copy()
        starts[job.first : job.last], suite[-1] = offer.starts, offer.suite
        assert check(problem, Plan(starts, suite)) == []
        assert offer.infusion >= before[0].infusion
