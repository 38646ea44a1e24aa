"""Who is taken out together: a late batch, and those that could give way to it in turn."""

from __future__ import annotations

from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from yimai.planning import search

STARTS = np.array([10, 20, 40, 50, 70, 80, 100, 110], np.int32)
"""Four batches of two tasks: a suite from the first, the infusion at the second."""
SPARE = 30
LATE = 3


@pytest.fixture(autouse=True)
def _as_it_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """What compiled functions alone can call ends the process when it is called from here."""
    is_among: Any = search.is_among
    monkeypatch.setattr(search, "is_among", is_among.py_func)


def together(seed: int, due: list[int]) -> list[int]:
    chosen: Any = search.succession
    of = SimpleNamespace(job=np.array([[2 * number, 2 * number + 2] for number in range(4)], np.int32))
    aims = SimpleNamespace(due=np.array(due, float), alone=np.zeros(8, np.int32))
    out = np.full(search.MOST_OUT, -1, np.int32)
    np.random.seed(seed)  # what compiled code draws from
    opening = np.arange(0, 8, 2, dtype=np.int32)
    found = chosen.py_func(
        of, SimpleNamespace(starts=STARTS), aims, np.arange(4, dtype=np.int32), STARTS[::2], opening, LATE, 5, out
    )
    return [int(each) for each in out[:found]]


def test_a_late_batch_takes_the_suite_of_another_and_that_one_a_later_ones() -> None:
    due = [each + SPARE for each in STARTS[1:6:2].tolist()]
    chosen = [together(seed, [*due, 20]) for seed in range(500)]
    assert [LATE, 0, 1, 2] in chosen
    for out in chosen:
        assert out[0] == LATE
        begins = STARTS[::2][out[1:]].tolist()
        assert begins == sorted(begins)
        for one, other in pairwise(begins):
            assert other <= one + SPARE + 1 + search.ABOUT, "it could not have waited so long"


def test_who_has_no_time_to_spare_gives_way_to_the_next_at_most() -> None:
    chosen = [together(seed, [*STARTS[1:6:2].tolist(), 20]) for seed in range(500)]
    assert max(map(len, chosen)) == 2


def test_a_batch_that_is_not_late_is_not_begun_with() -> None:
    assert all(together(seed, [20, 50, 80, 110]) == [LATE] for seed in range(20))
