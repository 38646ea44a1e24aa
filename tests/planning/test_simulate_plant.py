"""The ledger of a simulated base gives the same measures as the fast kernel: how long things last, how often what goes wrong.

On the plant's side people act on a ledger through the real actions, and all is measured from its facts; on the kernel's nobody does. Both live by
one recipe and one base (``plant_measured``). Compared are two samples of each span (their means by Welch's test, their distributions by
Kolmogorov and Smirnov's) and two shares of each odds (Fisher's exact test), so that all of them together err in one of a hundred
(Holm, Scand J Statist 6:65, 1979); seeds are fixed.

Left out, because the two do not mean the same: from the collection to the batch's beginning (the plant keeps the reserved hour, the kernel calls
patients as suites come free), from the delivery to the infusion (the plant's hospitals take the days that they take; neither recipe nor base says
how many), and what the plant's people need beside the recipe's durations: minutes between steps, the second analyst's check of a result,
packing.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import numpy as np
import pytest
from scipy import stats
from tests.planning.kernel_measured import of_the_kernel
from tests.planning.plant_measured import MORE_FAILURES, Measured, files, lived, of_the_plant

from yimai.domain.base import base_from
from yimai.domain.recipe_content import recipe_from

FAMILY = 0.01
"""How often all comparisons together may find a difference where there is none."""
TREATMENTS = 60
SEEDS = (1, 2)
REPLICATIONS = range(8)
NOT_COMPARED = {"inbound", "infusion", "test:sterility"}
"""Sterility is told when the product has long been delivered; it lasts its fourteen days to the minute."""


@cache
def plant() -> Measured:
    founding = files()
    return of_the_plant(recipe_from(founding.recipe), [lived(founding, TREATMENTS, seed) for seed in SEEDS])


def kernel(*, slower: dict[str, float] | None = None, more: float = MORE_FAILURES) -> Measured:
    founding = files(slower or {}, more)
    return of_the_kernel(recipe_from(founding.recipe), base_from(founding.base), 1, REPLICATIONS)


def compared(one: Measured, other: Measured) -> Iterator[tuple[str, float]]:
    """Each comparison with the odds of such a difference where there is none."""
    for name in one.spans:
        ours, theirs = np.asarray(one.spans[name]), np.asarray(other.spans[name])
        yield name, float(stats.ks_2samp(ours, theirs).pvalue)
        yield name, float(stats.ttest_ind(ours, theirs, equal_var=False).pvalue)
    for name, (times, trials) in one.odds.items():
        others, of = other.odds[name]
        yield name, float(stats.fisher_exact([[times, trials - times], [others, of - others]]).pvalue)


def differing(one: Measured, other: Measured) -> set[str]:
    """What differs, by Holm's step-down procedure over all comparisons."""
    found = sorted(compared(one, other), key=lambda each: each[1])
    names = set()
    for place, (name, odds) in enumerate(found):
        if odds > FAMILY / (len(found) - place):
            break
        names.add(name)
    return names


def test_the_plants_facts_give_the_same_measures_as_the_kernel() -> None:
    ours, theirs = plant(), kernel()
    assert set(theirs.spans) - set(ours.spans) == NOT_COMPARED
    assert ours.odds.keys() == theirs.odds.keys()
    assert min(len(each) for each in ours.spans.values()) > 100
    assert differing(ours, theirs) == set()


@pytest.mark.parametrize("step", ["wash", "middle_culture", "harvest_cells"])
def test_a_step_that_takes_a_tenth_longer_in_one_of_them_is_found(step: str) -> None:
    found = differing(plant(), kernel(slower={step: 1.1}))
    assert f"step:{step}" in found
    assert found <= {f"step:{step}", "made", "vein"}


def test_failures_twice_as_likely_in_one_of_them_are_found() -> None:
    found = differing(plant(), kernel(more=2 * MORE_FAILURES))
    assert {"yield", "lost:unstated"} <= found
    assert all(name in plant().odds for name in found)
