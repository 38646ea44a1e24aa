"""What befalls one simulated treatment beside the ordinary, as far as it is decided beforehand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from yimai.domain.collection import CollectionFailure
from yimai.domain.deviation import Conclusion
from yimai.domain.treatment import WithdrawalReason


@dataclass(frozen=True, slots=True)
class Departure:
    """A recorded value that the recipe does not accept, and what QA concludes. entry "": the step's first that can."""

    step: str
    entry: str = ""
    conclusion: Conclusion = "acceptable"


@dataclass(frozen=True, slots=True)
class Fortune:
    """What befalls a treatment; nothing unless said.

    spared: whether chance adds nothing to what is said here.
    dispatched_early: whether the product leaves on conditional release, before the final tests are in.
    stays_at: the stage at which the treatment stands still, or ""; on its way there the cells grow in time.
    rests_at, rests_until: a stage at which it may wait long, and until when it does.
    undecided: what QA leaves open of a deviation, its assessment too or only its closing; here too the cells grow in time.
    positive_marker: the donor marker found positive. held_after, ended_after: the stages after which it is held for
    some days, or ended. ended: the physician's reason to withdraw, or "" for a cancelled order.
    collection_failures: how the first collections fail. misplaced: gates at which somebody first presents what belongs
    to another treatment. reprinted: whether the bag's label is damaged and printed again.
    transport: what the logger of the starting material shows. batch_failure: the step that loses the first batch.
    corrected: the step with an entry that is corrected. failing: a test of the release that does not conform, and
    whether the product is supplied out of specification all the same. late_positive: the final test that turns out
    positive after conditional release.
    """

    spared: bool = False
    dispatched_early: bool = False
    stays_at: str = ""
    rests_at: str = ""
    rests_until: datetime | None = None
    undecided: Literal["", "assessment", "closing"] = ""
    positive_marker: str = ""
    held_after: str = ""
    ended_after: str = ""
    ended: WithdrawalReason | Literal[""] = ""
    collection_failures: tuple[CollectionFailure, ...] = ()
    misplaced: tuple[str, ...] = ()
    reprinted: bool = False
    transport: Literal["", "warm", "no_data", "spoilt"] = ""
    batch_failure: str = ""
    departure: Departure | None = None
    corrected: str = ""
    failing: str = ""
    supplied: bool = False
    late_positive: str = ""
