"""The vein drawn as one line: across the hospital, the road and the base, as far as it has come and as it is planned."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise
from typing import Any, Final, Literal

from yimai.domain.recipe import Recipe, Words
from yimai.domain.slot import Itinerary
from yimai.ledger.entry import Entry
from yimai.projections.treatment_board import STAGES, BoardRow
from yimai.projections.vein import VeinRow
from yimai.projections.words import KINDS

Lane = Literal["hospital", "road", "base"]
Side = Literal["above", "below", "right_above", "right_below"]
Shape = Literal["stop", "tick", "warning", "refused", "end", "planned"]
LANE_Y: Final[dict[Lane, int]] = {"hospital": 104, "road": 200, "base": 296}
HEIGHT: Final = 392
LEFT: Final = 72
STOP, MARK, AFTER_STOP, CURVE, GAP, END_MARGIN = 78, 13, 27, 96, 14, 80
DESKTOP, SMALLEST = 1326, 0.78
LETTER, SMALL_LETTER, SHORTEST_TIME = 8.3, 7.9, "12-31 23:59"
"""Pixels of a Latin letter (a Chinese character has two) in a label, and in the smaller lines under it."""
LABELLED: Final = frozenset({"stop", "end", "planned"})
LINE: Final = 13
"""Widest label line, in Latin letters; a Chinese character counts two."""

STOPS: Final = {
    "treatment.ordered.v1",
    "slot.reserved.v1",
    "collection.completed.v1",
    "collection.failed.v1",
    "custody.container_handed_over.v1",
    "custody.container_received.v1",
    "batch.opened.v1",
    "batch.completed.v1",
    "disposition.conditionally_released.v1",
    "disposition.oos_supplied.v1",
    "disposition.released.v1",
    "permit.issued.v1",
    "infusion.started.v1",
    "outcome.reported.v1",
    "outcome.treatment_completed.v1",
}
TICKS: Final = {
    "treatment.accepted.v1",
    "batch.step_completed.v1",
    "infusion.product_thawed.v1",
    "infusion.continued.v1",
    "slot.moved.v1",
}
WARNINGS: Final = {
    "shipment.excursion_opened.v1",
    "deviation.opened.v1",
    "treatment.held.v1",
    "override.rule_overridden.v1",
    "oos_supply.requested.v1",
}
REFUSED: Final = {"identity.match_refused.v1"}
ENDS: Final = {
    "treatment.declined.v1",
    "treatment.cancelled.v1",
    "treatment.withdrawn.v1",
    "batch.failed.v1",
    "disposition.rejected.v1",
    "disposition.revoked.v1",
}
PLANNED: Final[tuple[tuple[str, Lane, str, Words], ...]] = (
    ("collection", "hospital", "in_transit", Words("采集", "Collection")),
    ("pick_up", "road", "in_transit", Words("取件", "Pick-up")),
    ("receipt", "base", "received", Words("接收", "Receipt")),
    ("starts", "base", "in_manufacture", Words("开始生产", "Start of manufacture")),
    ("ends", "base", "in_testing", Words("生产结束", "End of manufacture")),
    ("release", "base", "conditionally_released", Words("放行", "Release")),
    ("delivery", "hospital", "delivered", Words("送达", "Delivery")),
    ("infusion", "hospital", "infused", Words("回输", "Infusion")),
)
"""Each planned moment, where, and the stage at which it lies behind: (field of the itinerary, lane, stage, words)."""


@dataclass(frozen=True, slots=True)
class Point:
    """One place on the line. lines: its label in the reader's language. href: its fact in the list, or "" if planned."""

    x: int
    y: int
    lane: Lane
    shape: Shape
    words: Words
    lines: tuple[str, ...]
    at: datetime
    holder: str
    sequence: int
    side: Side
    width: int

    @property
    def labelled(self) -> bool:
        return self.shape in LABELLED

    @property
    def href(self) -> str:
        return f"#fact-{self.sequence}" if self.sequence else ""


@dataclass(frozen=True, slots=True)
class Drawing:
    """width, height: of the view box. past, ahead: path data. here: where the treatment is now, and who holds it."""

    width: int
    height: int
    past: str
    ahead: str
    points: tuple[Point, ...]
    here: Point | None
    holder: str
    lanes: tuple[Lane, ...] = tuple(LANE_Y)

    @property
    def shown_width(self) -> int:
        """Pixels: at most the desktop's, unless the letters would become too small to read; then it scrolls."""
        return max(round(self.width * SMALLEST), min(self.width, DESKTOP))

    @property
    def shown_height(self) -> int:
        return round(self.height * self.shown_width / self.width)


def draw(
    rows: Sequence[VeinRow],
    entries: Sequence[Entry],
    board: BoardRow,
    recipe: Recipe | None,
    itinerary: Itinerary | None,
    couriers: frozenset[str],
    chinese: bool,
) -> Drawing:
    """Place every point that a reader looks for. rows and entries are those of the treatment, in the same order.

    couriers: the people who work on the road. chinese: in which language points are labelled.
    """
    happened = _placed(list(_happened(rows, entries, board, recipe, couriers, chinese)))
    planned = _placed(list(_planned(board, itinerary, chinese)), happened[-1] if happened else None)
    here = happened[-1] if happened else None
    width = max((*(point.x for point in (*happened, *planned)), 900)) + END_MARGIN
    past, ahead = _path(happened), _path([*happened[-1:], *planned]) if planned else ""
    return Drawing(width, HEIGHT, past, ahead, (*happened, *planned), here, _holder(rows))


def _happened(
    rows: Sequence[VeinRow],
    entries: Sequence[Entry],
    board: BoardRow,
    recipe: Recipe | None,
    couriers: frozenset[str],
    chinese: bool,
) -> Iterator[Point]:
    lane: Lane = "hospital"
    drawn: set[tuple[str, str, str]] = set()
    for row, entry in zip(rows, entries, strict=True):
        moved = (row.kind, row.shipment, row.holder)
        if row.shipment and row.holder and moved in drawn:
            continue  # several containers of one shipment move as one
        drawn.add(moved)
        shape = _shape(row.kind)
        if row.kind == "custody.container_handed_over.v1":
            if row.holder not in couriers:
                continue  # the receipt that follows is the stop
            lane = "road"
        elif row.kind == "custody.container_received.v1":
            lane = "base" if row.site == board.base else "hospital"
        elif row.kind in ("collection.started.v1", "collection.completed.v1", "collection.failed.v1"):
            lane = "hospital"
        elif row.kind == "batch.opened.v1":
            lane = "base"
        if shape is not None:
            yield _point(shape, _words(entry, recipe), lane, row.occurred, row.holder, row.sequence, chinese)


def _planned(board: BoardRow, itinerary: Itinerary | None, chinese: bool) -> Iterator[Point]:
    if itinerary is None or board.ended or board.state:
        return
    reached = STAGES.index(board.stage)
    for moment, lane, behind, words in PLANNED:
        if reached < STAGES.index(behind):
            yield _point("planned", words, lane, getattr(itinerary, moment), "", 0, chinese)


def _shape(kind: str) -> Shape | None:
    shapes: tuple[tuple[Shape, set[str]], ...] = (
        ("stop", STOPS),
        ("tick", TICKS),
        ("warning", WARNINGS),
        ("refused", REFUSED),
        ("end", ENDS),
    )
    return next((shape for shape, kinds in shapes if kind in kinds), None)


def _words(entry: Entry, recipe: Recipe | None) -> Words:
    words = KINDS.get(entry.kind, Words(entry.kind, entry.kind))
    data: Mapping[str, Any] = entry.data
    if entry.kind == "batch.step_completed.v1" and recipe is not None:
        step = recipe.step(data["step"])
        return step.title if step is not None else words
    return words


def _point(shape: Shape, words: Words, lane: Lane, at: datetime, holder: str, sequence: int, chinese: bool) -> Point:
    lines = broken(words.zh if chinese else words.en, LINE)
    widest = max(
        *(_width(line) * LETTER for line in lines), len(SHORTEST_TIME) * SMALL_LETTER, len(holder) * SMALL_LETTER
    )
    width = int(widest) if shape in LABELLED else 0
    side: Side = "below" if lane == "base" else "above"
    return Point(0, LANE_Y[lane], lane, shape, words, lines, at, holder, sequence, side, width)


def _placed(points: list[Point], after: Point | None = None) -> list[Point]:
    """Give each point its x: marks close together, labels clear of one another, curves wide enough to be smooth."""
    placed: list[Point] = []
    before, labelled = after, after
    for point in points:
        x = LEFT + point.width // 2
        if before is not None:
            apart = CURVE if before.lane != point.lane else (STOP if point.labelled and before.labelled else MARK)
            x = before.x + (apart if before.shape == point.shape == "tick" else max(apart, AFTER_STOP))
        if point.labelled and labelled is not None and labelled.lane == point.lane:
            x = max(x, labelled.x + (labelled.width + point.width) // 2 + GAP)
        side = point.side
        if point.lane == "road":  # beside the curve, on its free side
            side = "right_above" if before is None or before.lane == "hospital" else "right_below"
        before = replace(point, x=x, side=side)
        labelled = before if point.labelled else labelled
        placed.append(before)
    return placed


def _path(points: Sequence[Point]) -> str:
    """A smooth line through the points: straight along a lane, an S from lane to lane."""
    if not points:
        return ""
    path = [f"M{points[0].x} {points[0].y}"]
    for before, after in pairwise(points):
        if before.y == after.y:
            path.append(f"L{after.x} {after.y}")
        else:
            middle = (before.x + after.x) // 2
            path.append(f"C{middle} {before.y} {middle} {after.y} {after.x} {after.y}")
    return " ".join(path)


def _holder(rows: Sequence[VeinRow]) -> str:
    """Who holds the treatment's last container that anybody took in charge, or ""."""
    for row in reversed(rows):
        if row.kind == "custody.container_consumed.v1":
            return ""
        if row.holder:
            return row.holder
    return ""


def broken(text: str, most: int) -> tuple[str, ...]:
    """The text in lines of at most ``most`` Latin widths, broken between words or Chinese characters."""
    lines: list[str] = []
    pieces = text.split(" ") if text.isascii() or " " in text else list(text)
    joint = " " if " " in text or text.isascii() else ""
    for piece in pieces:
        if lines and _width(lines[-1] + joint + piece) <= most:
            lines[-1] += joint + piece
        else:
            lines.append(piece)
    return tuple(lines)


def _width(text: str) -> int:
    return sum(1 if ord(letter) < 0x2E80 else 2 for letter in text)
