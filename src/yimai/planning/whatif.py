"""What if? The base as it is and with each change, simulated on the same chance and compared in pairs, in plain words.

Every replication of a change meets the same patients, cells and bad luck as that of the base as it is, so that what differs is
the change. A figure has changed clearly where the interval of the paired differences leaves out zero.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from yimai.domain.recipe import Words
from yimai.planning.change import Case, Change
from yimai.planning.simulate import Estimate, Row, Simulated, differences, replications, summary
from yimai.planning.simulation_model import model_of


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure that is compared. name: in ``Simulated.figures``; a value times ``scale`` has the unit and is shown with these decimals.

    more, less: what to say where it rises or falls, with ``{}`` for by how much and ``{money}`` for the currency.
    good: whether more (1) or less (-1) is better, or neither.
    """

    name: str
    title: Words
    unit: Words
    scale: float
    decimals: int
    more: Words
    less: Words
    good: int

    def shown(self, value: float) -> str:
        """The value in the unit, with its decimals."""
        return f"{value * self.scale:,.{self.decimals}f}"

    def is_clear(self, change: Estimate) -> bool:
        """Whether the interval leaves out zero, and the change is not 0 as it is shown."""
        leaves_out = math.isfinite(change.half) and (change.low > 0 or change.high < 0)
        return leaves_out and round(abs(change.mean) * self.scale, self.decimals) > 0


@dataclass(frozen=True, slots=True)
class Compared:
    """What one change does. simulated: its own figures. differences: from the base as it is, by the figures' names, of pairs."""

    change: Change
    simulated: Simulated
    differences: Mapping[str, Estimate]
    words: Words

    def clear(self, figure: Figure) -> bool:
        """Whether the figure changes more than chance explains, by enough to be seen."""
        return figure.is_clear(self.differences[figure.name])

    def helps(self, figure: Figure) -> bool | None:
        """Whether the figure clearly gets better (true) or worse (false); None where neither can be said."""
        if not figure.good or not self.clear(figure):
            return None
        return self.differences[figure.name].mean * figure.good > 0


@dataclass(frozen=True, slots=True)
class Comparison:
    """The base as it is beside each change. figures: in the order in which to show them. confidence: of all intervals."""

    figures: tuple[Figure, ...]
    today: Simulated
    changes: tuple[Compared, ...]
    confidence: float
    currency: str


@dataclass(frozen=True, slots=True)
class Extent:
    """How much is simulated: replications of so many years from this day on, with this seed."""

    begins: date
    years: float = 3.0
    replications: int = 30
    seed: int = 1
    confidence: float = 0.95


class Stopped(Exception):
    """Whoever was told of the progress did not want to go on."""


MONEY: Final[Mapping[str, Words]] = {"USD": Words("美元", "US dollars"), "CNY": Words("元", "yuan")}
"""Currencies in words; another stands as its code."""
_DAY: Final = 1 / 24
FIGURES: Final = (
    Figure(
        "throughput", Words("每年回输", "Infused a year"), Words("人", ""), 1, 1,
        Words("每年多回输 {} 人", "{} more patients are infused a year"), Words("每年少回输 {} 人", "{} fewer patients are infused a year"), 1,
    ),
    Figure(
        "wait.q50", Words("下单到回输（中位）", "Order to infusion (median)"), Words("天", "d"), _DAY, 1,
        Words("一般患者多等 {} 天", "the typical patient waits {} days longer"),
        Words("一般患者少等 {} 天", "the typical patient waits {} days less"), -1,
    ),
    Figure(
        "wait.q95", Words("下单到回输（二十人中最久者）", "Order to infusion (19 in 20)"), Words("天", "d"), _DAY, 1,
        Words("二十人中等得最久的多等 {} 天", "the longest wait among twenty grows by {} days"),
        Words("二十人中等得最久的少等 {} 天", "the longest wait among twenty shrinks by {} days"), -1,
    ),
    Figure(
        "vein.q50", Words("采集到回输（中位）", "Collection to infusion (median)"), Words("天", "d"), _DAY, 1,
        Words("采集到回输长 {} 天", "collection to infusion takes {} days longer"),
        Words("采集到回输短 {} 天", "collection to infusion takes {} days less"), -1,
    ),
    Figure(
        "promise_kept", Words("按承诺日期回输", "Promise kept"), Words("%", "%"), 100, 1,
        Words("按承诺回输的多 {} 个百分点", "{} percentage points more promises are kept"),
        Words("按承诺回输的少 {} 个百分点", "{} percentage points fewer promises are kept"), 1,
    ),
    Figure(
        "patient.deteriorated", Words("每年等待中失去", "Lost while waiting a year"), Words("人", ""), 1, 1,
        Words("每年等待中多失去 {} 人", "{} more patients a year are lost while waiting"),
        Words("每年等待中少失去 {} 人", "{} fewer patients a year are lost while waiting"), -1,
    ),
    Figure(
        "count.holds_exceeded", Words("每年超出保持时限", "Hold times exceeded a year"), Words("次", ""), 1, 0,
        Words("每年多 {} 次超出保持时限", "hold times are exceeded {} times more a year"),
        Words("每年少 {} 次超出保持时限", "hold times are exceeded {} times less a year"), -1,
    ),
    Figure(
        "use.suites", Words("生产单元使用率", "Use of suites"), Words("%", "%"), 100, 1,
        Words("生产单元使用率高 {} 个百分点", "suites are used {} percentage points more"),
        Words("生产单元使用率低 {} 个百分点", "suites are used {} percentage points less"), 0,
    ),
    Figure(
        "use.operators:everybody", Words("操作员使用率", "Use of operators"), Words("%", "%"), 100, 1,
        Words("操作员使用率高 {} 个百分点", "operators are busy {} percentage points more"),
        Words("操作员使用率低 {} 个百分点", "operators are busy {} percentage points less"), 0,
    ),
    Figure(
        "cost", Words("每例成本", "Cost of a therapy"), Words("", ""), 1, 0,
        Words("每例成本高 {} {money}", "a therapy costs {} {money} more"),
        Words("每例成本低 {} {money}", "a therapy costs {} {money} less"), -1,
    ),
)  # fmt: skip
"""What is compared, the most important first."""


def compare(
    case: Case, changes: Sequence[Change], extent: Extent, told: Callable[[int, int], bool] = lambda _done, _of: False
) -> Comparison:
    """Simulate the case and each change of it, in this process and on one core, and compare them in pairs.

    told: is told how many replications of how many are done; where it answers true, ``Stopped`` is raised.
    Raises ValueError where the scenario names a hospital that the base does not serve.
    """
    of = (1 + len(changes)) * extent.replications

    def simulated(number: int, which: Case) -> tuple[list[Row], Simulated]:
        simulation = model_of(which.recipe, which.base, which.scenario, extent.begins, extent.years)
        rows: list[Row] = []
        for row in replications(simulation, which.scenario, extent.seed, range(extent.replications)):
            rows.append(row)
            if told(number * extent.replications + len(rows), of):
                raise Stopped
        return rows, summary(simulation, rows, extent.confidence)

    before, today = simulated(0, case)
    compared = []
    for number, change in enumerate(changes, 1):
        after, found = simulated(number, change.made(case))
        changed = differences(before, after, extent.confidence)
        compared.append(Compared(change, found, changed, in_words(changed, case.scenario.currency)))
    return Comparison(FIGURES, today, tuple(compared), extent.confidence, case.scenario.currency)


def in_currency(currency: str) -> Words:
    """The currency in words."""
    return MONEY.get(currency, Words(currency, currency))


def in_words(changed: Mapping[str, Estimate], currency: str) -> Words:
    """What the differences say: what clearly changes, by how much and between which bounds, and what does not."""
    money = in_currency(currency)
    said = [_said(figure, changed[figure.name], money) for figure in FIGURES if figure.is_clear(changed[figure.name])]
    same = [figure.title for figure in FIGURES if not figure.is_clear(changed[figure.name])]
    zh = "；".join(each.zh for each in said)
    en = "; ".join(each.en for each in said)
    sentences = [Words(f"{zh}。", f"{en[0].upper()}{en[1:]}.")] if said else []
    if same:
        sentences.append(
            Words(
                f"没有明显变化：{'、'.join(each.zh for each in same)}。",
                f"No clear change: {', '.join(_small(each.en) for each in same)}.",
            )
        )
    return Words("".join(each.zh for each in sentences), " ".join(each.en for each in sentences))


def _said(figure: Figure, change: Estimate, money: Words) -> Words:
    rises = change.mean > 0
    words = figure.more if rises else figure.less
    amount, near, far = (figure.shown(abs(value)) for value in (change.mean, *_bounds(change)))
    zh, en = words.zh.format(amount, money=money.zh), words.en.format(amount, money=money.en)
    return Words(f"{zh}（{near} 至 {far}）", f"{en} ({near} to {far})")


def _bounds(change: Estimate) -> Iterator[float]:
    """The interval's ends, the one nearer to zero first."""
    yield from sorted((change.low, change.high), key=abs)


def _small(title: str) -> str:
    return title[0].lower() + title[1:]
