"""How far a plan is from the best possible at most, and what stands in the way of a better one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from yimai.domain.recipe import Words
from yimai.planning.bounds import ALONE

CLOSE: Final = 25.0
"""Per cent above the bound beyond which it says more of the bound than of the plan."""
PROVEN: Final = 0.5
"""Weighted hours below which nothing can be gained that anybody would notice."""


@dataclass(frozen=True, slots=True)
class Distance:
    """cost, bound: weighted hours of the plan, and what no plan has less than. binding: what the bound is made of, None if nothing binds."""

    cost: float
    bound: float
    binding: Words | None

    @property
    def hours(self) -> float:
        """What a better plan could save at most."""
        return max(0.0, self.cost - self.bound)

    @property
    def alone(self) -> bool:
        """Whether nothing at the base binds: each patient could be no sooner with the base to themselves."""
        return self.binding in (None, ALONE)

    @property
    def best(self) -> bool:
        """Whether the plan is proven to be the best there is."""
        return self.hours < PROVEN

    @property
    def share(self) -> float | None:
        """What a better plan could save at most, in per cent of the least possible; None where that is nothing."""
        return 100 * self.hours / self.bound if self.bound > PROVEN else None

    @property
    def close(self) -> bool:
        """Whether the plan is known to be near the best."""
        return self.share is not None and self.share <= CLOSE
