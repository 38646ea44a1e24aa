"""A file of rows in a form: each row's fate is shown before it is signed, and one that is refused lets none be taken."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from yimai.domain.fact import Fact
from yimai.domain.facts import decode
from yimai.domain.recipe import Words
from yimai.domain.register import Fate, Known, Row
from yimai.interfaces.web import bench
from yimai.interfaces.web.field import Typed, Unreadable, Upload
from yimai.interfaces.web.form import Preview
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

    def _read(self, typed_: Typed, situation: Situation) -> tuple[tuple[Row, ...], Words | None]:
        """The rows, and what of the file is not taken in."""
        found = bench.opened().read_file(self.noun, super().read(typed_, situation))
        if not isinstance(found, Mapping):
            raise Unreadable(_listed(list(found)))
        rows = self.finish(found["rows"], typed_)
        refused = [each for each in self.judge(rows, _known(situation)) if each.refusal is not None]
        if refused:
            raise Unreadable(_listed([_why(each) for each in refused]))
        return rows, found.get("left")

    def preview(self, typed_: Typed, situation: Situation) -> Preview:
        """What becomes of each row."""
        rows, left = self._read(typed_, situation)
        found = self.judge(rows, _known(situation))
        shown = [
            (
                each.number,
                KINDS[type(each.fact).kind],
                each.fact.subjects()[0].partition("/")[2],
                STANDINGS[each.standing],
            )
            for each in found
            if each.fact is not None
        ]
        return Preview("web/register_preview.html", {"rows": shown, "left": left})


def _why(fate: Fate) -> Words:
    assert fate.refusal is not None
    return Words(f"第 {fate.number} 行：{fate.refusal.zh}", f"row {fate.number}: {fate.refusal.en}")


def _listed(reasons: list[Words]) -> Words:
    zh, en = ("".join(getattr(each, name) + " " for each in reasons[:MOST_SHOWN]) for name in ("zh", "en"))
    return Words(f"表格不能接受（{len(reasons)} 处）：{zh}", f"The table cannot be taken ({len(reasons)} places): {en}")


def _known(situation: Situation) -> Known:
    read: dict[str, tuple[Fact, ...]] = {}

    def known(noun: str, identifier: str) -> tuple[Fact, ...]:
        name = f"{noun}/{identifier}"
        if name not in read:
            read[name] = tuple(decode(entry) for entry in entries(situation.cursor, name))
        return read[name]

    return known
