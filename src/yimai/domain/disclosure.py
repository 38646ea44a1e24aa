"""What may be told of numbers that count patients to whoever stands outside the base: nothing about fewer than five.

Such a number is told only as of the end of a month, and only once at least five more count than when it was told last:
between two *releases* lies a *period*, of one month or several. Periods follow one another and never overlap, whoever
asks and whenever, so that the difference of any two numbers is a sum of whole periods. Inside a period sites are told
apart as far as no site with fewer than five could be found by taking away what is shown: it stands with others as one
number. Once told, neither a period nor its sites ever change. When something that counted counts no more, its period and
all later ones stand together from then on, without sites.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from yimai.domain.measure import Definition, Measured
from yimai.ledger.entry import Checkpoint

FEWEST: Final = 5
"""Patients; about fewer nothing is told."""
OF_PATIENTS: Final = frozenset({"doses", "patients", "on_time", "vein_to_vein", "slots", "listed_value"})
"""Rules that count patients, or what is made for one."""
BROKEN_DOWN: Final = frozenset({"doses", "patients"})
"""Those of them that are told by site and period, fact by fact; of the others only the value is told."""


@dataclass(frozen=True, slots=True)
class Cut:
    """The end of a month that is over: its last day, and the ledger as it was sealed last before its end."""

    until: date
    sealed: Checkpoint


@dataclass(frozen=True, slots=True)
class Period:
    """What began to count in these months. touched: some of it counts no more, so that no sites are told."""

    first: date | None
    until: date
    facts: frozenset[bytes]
    touched: bool = False


@dataclass(frozen=True, slots=True)
class Release:
    """The number at a cut at which it is told; the periods make it up. kinds: of the facts that its measure reads."""

    cut: Cut
    measured: Measured
    periods: tuple[Period, ...]
    kinds: tuple[str, ...]


def counts_patients(definition: Definition) -> bool:
    return definition.rule in OF_PATIENTS


def releases(
    definition: Definition, cuts: Iterable[Cut], measure: Callable[[Cut], Measured], told: tuple[Release, ...] = ()
) -> tuple[Release, ...]:
    """The cuts, in their order, at which the number is told, each with what had been counted since the one before.

    told: those of the cuts before these, which come first.
    """
    found = list(told)
    amounts = _amounts(told[-1].measured) if told else {}
    periods = told[-1].periods if told else ()
    for cut in cuts:
        measured = measure(cut)
        now = _amounts(measured)
        if not _told(definition, amounts, now):
            continue
        periods = _periods(periods, frozenset(amounts), frozenset(now), cut.until)
        amounts = now
        found.append(Release(cut, measured, periods, definition.kinds))
    return tuple(found)


def _amounts(measured: Measured) -> dict[bytes, int]:
    return {each.fact: each.amount for each in measured.contributions}


def _told(definition: Definition, before: Mapping[bytes, int], now: Mapping[bytes, int]) -> bool:
    """Whether at least five more count; where those are told apart that are so and that are not, five or none of each."""
    if len(now) - len(before) < FEWEST:
        return False
    if definition.total != "share":
        return True
    more = [sum(each == one for each in now.values()) - sum(each == one for each in before.values()) for one in (0, 1)]
    return all(each == 0 or each >= FEWEST for each in more)


def _periods(
    periods: tuple[Period, ...], before: frozenset[bytes], now: frozenset[bytes], until: date
) -> tuple[Period, ...]:
    gone = before - now
    first = periods[-1].until + timedelta(days=1) if periods else None
    keeps = next((number for number, each in enumerate(periods) if each.facts & gone), len(periods))
    if keeps == len(periods):
        return (*periods, Period(first, until, now - before))
    kept = periods[:keeps]
    return (*kept, Period(periods[keeps].first, until, now - frozenset().union(*(each.facts for each in kept)), True))


def number_told(number: int) -> int | None:
    """A number of patients as it may be told: None for fewer than five, though not for nobody."""
    return None if 0 < number < FEWEST else number


def told_apart(counts: Mapping[str, int]) -> frozenset[str]:
    """Of the parts of a number those that may be shown; the others stand together as what is left.

    What is left never lets one part of fewer than five be found: further parts are hidden with it until it does not, in
    the order of their names, which tells nothing of their size.
    """
    hidden = [name for name in sorted(counts) if counts[name] < FEWEST]
    shown = [name for name in sorted(counts) if counts[name] >= FEWEST]
    while hidden and shown and not _hides([counts[name] for name in hidden]):
        hidden.append(shown.pop(0))
    return frozenset(shown)


def _hides(parts: list[int]) -> bool:
    """Whether the sum of the parts leaves each of them open: several, five or more, neither at the least nor at the most."""
    whole = sum(parts)
    most = (FEWEST - 1) * len(parts)
    return len(parts) > 1 and whole >= FEWEST and (max(parts) >= FEWEST or len(parts) < whole < most)
