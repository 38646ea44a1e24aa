"""Numbers that count patients: no difference of what is told finds a part of fewer than five."""

from __future__ import annotations

import itertools
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yimai.domain.disclosure import FEWEST, Cut, releases, told_apart
from yimai.domain.measure import Contribution, Measured
from yimai.domain.measure_definitions import DEFINITIONS
from yimai.ledger.entry import Checkpoint

DOSES = DEFINITIONS["doses_released@1"]
Seen = tuple[int, tuple[tuple[str, int], ...]]


@pytest.mark.parametrize(("sites", "most"), [(2, 12), (3, 10), (4, 6)])
def test_who_knows_the_rule_and_every_number_shown_finds_no_site_with_fewer_than_five(sites: int, most: int) -> None:
    """Every table there can be is tried: those that look the same differ in every site of fewer than five."""
    names = [chr(ord("a") + number) for number in range(sites)]
    alike: dict[Seen, list[tuple[int, ...]]] = defaultdict(list)
    for table in itertools.product(range(most + 1), repeat=sites):
        if sum(table) >= FEWEST:
            counts = {name: count for name, count in zip(names, table, strict=True) if count}
            shown = told_apart(counts)
            assert all(counts[name] >= FEWEST for name in shown)
            alike[sum(table), tuple((name, counts[name]) for name in sorted(shown))].append(table)
    for (whole, shown_cells), tables in alike.items():
        if whole - sum(count for _, count in shown_cells) > most:
            continue  # there are more tables like these than were tried
        for each in range(sites):
            possible = {table[each] for table in tables}
            assert len(possible) > 1 or not 0 < min(possible) < FEWEST


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 3)), min_size=1, max_size=14), st.integers(0, 14))
def test_between_any_two_moments_five_more_count_or_none(months: list[tuple[int, int]], kept: int) -> None:
    """Each month some are released, and some of before are revoked. kept: so many months were told before the others."""
    counted: list[bytes] = []
    states: list[tuple[bytes, ...]] = []
    for month, (more, fewer) in enumerate(months):
        counted = counted[min(fewer, len(counted)) :] + [bytes([month, number]) for number in range(more)]
        states.append(tuple(counted))
    cuts = [_cut(month) for month in range(len(months))]
    told = releases(DOSES, cuts, lambda cut: _measured(states[cut.sealed.size]))
    before = releases(DOSES, cuts[:kept], lambda cut: _measured(states[cut.sealed.size]))
    assert releases(DOSES, cuts[kept:], lambda cut: _measured(states[cut.sealed.size]), before) == told
    sizes = [0, *(len(each.measured.contributions) for each in told)]
    assert all(after - before >= FEWEST for before, after in itertools.pairwise(sizes))
    for release in told:
        facts = [each for period in release.periods for each in period.facts]
        assert sorted(facts) == sorted(each.fact for each in release.measured.contributions)
        untouched = [period for period in release.periods if not period.touched]
        assert all(len(period.facts) >= FEWEST for period in untouched)
    for earlier, after in itertools.pairwise(told):
        same = [one for one, other in zip(earlier.periods, after.periods, strict=False) if one == other]
        assert (
            earlier.periods[: len(same)] == after.periods[: len(same)]
        )  # what was told stays, or stands together with what follows
        assert len(after.periods) <= len(same) + 1
    assert (
        releases(DOSES, cuts[:-1], lambda cut: _measured(states[cut.sealed.size]))
        == told[: len(told) - (told[-1:] != () and told[-1].cut == cuts[-1])]
    )


def _cut(month: int) -> Cut:
    until = date(2026, 1, 31) + timedelta(days=31 * month)
    return Cut(until, Checkpoint("l", month, bytes(32), datetime(2026, 1, 1, tzinfo=UTC)))


def _measured(facts: tuple[bytes, ...]) -> Measured:
    return Measured(len(facts) or None, tuple(Contribution(each, "", 1) for each in sorted(facts)), (), (), "ledger")
