"""What a decision does to what was promised, shown before it is signed: what a repair moves and by how much, and which promises a new
file of a base or a recipe no longer keeps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from yimai.domain.base import base_from
from yimai.domain.recipe_content import recipe_from
from yimai.domain.refusal import Refusal
from yimai.domain.slot import Itinerary, keeps
from yimai.domain.timetable import Move
from yimai.interfaces.web.situation import Situation
from yimai.projections import approval_board, progress_board, treatment_board
from yimai.projections.planning_problem import stored_itinerary
from yimai.projections.progress_board import Promise
from yimai.projections.treatment_board import BoardRow

HOUR: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class MovedPromise:
    """What a way to go on means for one patient. hospital: "" where the reader may not see whose it is.

    promised, infusion: the infusion as it was promised, and as it would be; collection_before, collection and suite_before, suite alike;
    infusion and collection are None without room. delay: hours, below 0 where sooner. bar: the same in per cent of the longest.
    odds: of keeping the new promise, in per cent; None where they are not known. starts, ends: the new time in the suite, if told.
    """

    treatment: str
    hospital: str
    urgent: bool
    promised: datetime
    infusion: datetime | None
    delay: int
    bar: int
    odds: int | None
    collection_before: datetime
    collection: datetime | None
    suite_before: str
    suite: str
    starts: datetime | None = None
    ends: datetime | None = None


@dataclass(frozen=True, slots=True)
class Moved:
    """Everything that a repair moves, the longest delay first, and how many promises of the base it leaves as they are."""

    promises: tuple[MovedPromise, ...]
    delayed: int
    longest: int
    untouched: int


@dataclass(frozen=True, slots=True)
class NoLongerKept:
    """A promise that cannot be kept as it stands once a file is approved. why: by the rule of a reserved slot."""

    treatment: str
    hospital: str
    urgent: bool
    itinerary: Itinerary
    why: Refusal


def moved(situation: Situation, base: str, moves: Sequence[Move], odds: Mapping[str, float | None]) -> Moved:
    """What the moves mean for whoever was promised something at the base. odds: of keeping each new promise, as far as known."""
    names = [each.treatment for each in moves]
    before = progress_board.promises(situation.cursor, names)
    rows = {row.treatment: row for row in treatment_board.rows_of(situation.cursor, names)}
    seen = [each for each in moves if each.treatment in before]
    later = {each.treatment: round((each.itinerary.infusion - before[each.treatment].infusion) / HOUR) for each in seen}
    longest = max((hours for hours in later.values() if hours > 0), default=0)
    promises = sorted((_moved(each, before, rows, later, longest, odds) for each in seen), key=lambda each: -each.delay)
    standing = {each.treatment for each in progress_board.going(situation.cursor, base) if each.itinerary}
    return Moved(tuple(promises), sum(hours > 0 for hours in later.values()), longest, len(standing.difference(names)))


def _moved(
    move: Move,
    before: Mapping[str, Promise],
    rows: Mapping[str, BoardRow],
    later: Mapping[str, int],
    longest: int,
    odds: Mapping[str, float | None],
) -> MovedPromise:
    promise, row, new = before[move.treatment], rows.get(move.treatment), move.itinerary
    hours, kept = later[move.treatment], odds.get(move.treatment)
    return MovedPromise(
        move.treatment, row.hospital if row is not None else "", row is not None and row.urgency == "urgent", promise.infusion, new.infusion,
        hours, round(100 * max(0, hours) / max(1, longest)), None if kept is None else round(100 * kept), promise.collection, new.collection,
        move.suite, new.suite, new.starts, new.ends,
    )  # fmt: skip


def no_longer_kept(situation: Situation, noun: str, content: Mapping[str, Any]) -> dict[str, Any]:
    """Which promises of the base that have not begun would break by the new content; ``standing``: how many there are.

    noun: ``base``, or ``recipe``, of which the approver's own base is looked at. What is broken already is not the file's doing.
    """
    base = approval_board.base(situation.cursor, content["base"] if noun == "base" else situation.who.site)
    if base is None or noun == "programme":
        return {"standing": 0, "broken": ()}
    then = base_from(content) if noun == "base" else base
    renewed = recipe_from(content) if noun == "recipe" else None
    going = progress_board.going(situation.cursor, base.id)
    recipes = {each: approval_board.recipe(situation.cursor, each) for each in {each.recipe for each in going}}
    standing, broken = 0, []
    for each in going:
        recipe = recipes[each.recipe]
        if not each.itinerary or recipe is None:
            continue
        itinerary = stored_itinerary(each.itinerary)
        if itinerary.starts < situation.now:
            continue
        standing += 1
        new = renewed if renewed is not None and renewed.id == recipe.id else recipe
        why = keeps(itinerary, new, then)
        if why is not None and keeps(itinerary, recipe, base) is None:
            broken.append(NoLongerKept(each.treatment, each.hospital, each.urgency == "urgent", itinerary, why))
    broken.sort(key=lambda each: (not each.urgent, each.itinerary.infusion))
    return {"standing": standing, "broken": tuple(broken)}
