"""A file of rows in a form: each row's fate is shown before it is signed, and one that is refused lets none be taken."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from yimai.domain.fact import Fact
from yimai.domain.facts import decode
from yimai.domain.recipe import Words
from yimai.domain.register import Fate, Known, Row
from yimai.interfaces.web import bench
from yimai.interfaces.web.field import NOTHING, Typed, Unreadable, Upload
from yimai.interfaces.web.preview import Preview
from yimai.interfaces.web.situation import Situation
from yimai.projections.vein import entries
from yimai.projections.words import KINDS

MOST_SHOWN: Final = 12
STANDINGS: Final[Mapping[str, Words]] = {
    "new": Words("新增", "New"),
    "same": Words("与现有相同，不录入", "The same as known, not recorded"),
    "changed": Words("更正", "Corrects what is known"),
    "refused": Words("拒绝", "Refused"),
}


@dataclass(frozen=True, kw_only=True)
class RowsFile(Upload):
    """noun: what the file is, for whoever reads it. judge: what becomes of the rows. finish: what the rest of the form adds to them."""

    noun: str
    judge: Callable[[tuple[Row, ...], Known], tuple[Fate, ...]]
    finish: Callable[[tuple[Row, ...], Typed], tuple[Row, ...]] = lambda rows, _: rows

    def read(self, typed_: Typed, situation: Situation) -> Any:
        return self._read(typed_, situation)[0]

    def _read(self, typed_: Typed, situation: Situation) -> tuple[tuple[Row, ...], Preview]:
        """The rows, and what becomes of each."""
        found = bench.opened().read_file(self.noun, super().read(typed_, situation))
        if not isinstance(found, Mapping):
            raise Unreadable(_listed(list(found)))
        rows = self.finish(found["rows"], typed_)
        judged = self.judge(rows, _known(situation))
        shown = _shown(judged, found.get("left"))
        if refused := sum(each.refusal is not None for each in judged):
            raise Unreadable(_refused(refused, len(judged)), shown)
        return rows, shown

    def preview(self, typed_: Typed, situation: Situation) -> Preview:
        """What becomes of each row."""
        return self._read(typed_, situation)[1]


def _shown(found: Sequence[Fate], left: Words | None) -> Preview:
    """What becomes of each row, and why one is refused. left: what of the file is not taken in."""
    shown = [
        (
            each.number,
            KINDS[type(each.fact).kind] if each.fact is not None else NOTHING,
            each.fact.subjects()[0].partition("/")[2] if each.fact is not None else "",
            STANDINGS[each.standing],
            Words(each.refusal.zh, each.refusal.en) if each.refusal is not None else NOTHING,
        )
        for each in found
    ]
    return Preview("web/register_preview.html", {"rows": shown, "left": left})


def _refused(refused: int, of: int) -> Words:
    return Words(
        f"表格不能接受：共 {of} 行，其中 {refused} 行被拒，因此全部未录入。各行的处理见下表。",
        f"The table cannot be taken: of {of} rows {refused} {'is' if refused == 1 else 'are'} refused, so none is recorded. The table below says"
        " what would become of each.",
    )


def _listed(reasons: list[Words]) -> Words:
    zh, en = ("".join(getattr(each, name) + " " for each in reasons[:MOST_SHOWN]) for name in ("zh", "en"))
    return Words(
        f"表格不能接受（{len(reasons)} 处）：{zh}", f"The table cannot be taken, mistakes: {len(reasons)}. {en}"
    )


def _known(situation: Situation) -> Known:
    read: dict[str, tuple[Fact, ...]] = {}

    def known(noun: str, identifier: str) -> tuple[Fact, ...]:
        name = f"{noun}/{identifier}"
        if name not in read:
            read[name] = tuple(decode(entry) for entry in entries(situation.cursor, name))
        return read[name]

    return known
