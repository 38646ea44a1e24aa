"""Tables for people at a terminal: a vein, a trace, the result of a verification."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from yimai.domain.identifier import grouped
from yimai.domain.recipe import Words
from yimai.ledger.verify import FirstProblem, Verified
from yimai.projections.trace import About, Related
from yimai.projections.vein import VeinRow
from yimai.projections.words import KINDS, NOUNS

TEXTS: Mapping[str, Words] = {
    "when": Words("时间", "When"),
    "what": Words("事件", "What"),
    "who": Words("人员", "Who"),
    "where": Words("地点", "Where"),
    "holder": Words("保管人", "Holder"),
    "about": Words("涉及", "About"),
    "batch": Words("批次", "Batch"),
    "container": Words("容器", "Container"),
    "treatment": Words("治疗", "Treatment"),
    "last": Words("最近事件", "Last event"),
    "vein": Words("一脉", "Vein"),
    "together": Words("同一事实中出现", "In the same facts"),
    "through": Words("经由其批次", "By way of its batches"),
    "onwards": Words("去向：其批次灌装的容器", "Onwards: what its batches filled"),
    "facts": Words("条事实", "facts"),
    "unknown": Words(
        "账本中没有任何事实提到它。请核对标识。", "No fact of the ledger mentions it. Check the identifier."
    ),
    "ledger": Words("账本", "Ledger"),
    "entries": Words("条目", "Entries"),
    "root": Words("已封存条目数与根", "Sealed entries and root"),
    "sound": Words("账本完好", "The ledger is sound"),
    "broken": Words("账本有误", "The ledger is not sound"),
}


def said(words: Words, language: str) -> str:
    return words.zh if language == "zh" else words.en


def print_vein(console: Console, rows: Sequence[VeinRow], language: str) -> None:
    """A treatment's facts in order: when, what, who, where, and who holds the container since."""
    table = Table(title=f"{_text('vein', language)} {grouped(rows[0].treatment)}" if rows else None, expand=True)
    table.add_column(_text("when", language), no_wrap=True)
    for column, share in (("what", 4), ("who", 3), ("where", 2), ("holder", 3)):
        table.add_column(_text(column, language), overflow="fold", ratio=share)
    holder = day = ""
    for row in rows:
        holder = "" if row.kind == "custody.container_consumed.v1" else row.holder or holder
        about = " ".join(grouped(each) for each in (*row.containers, row.shipment) if each)
        if day and f"{row.occurred:%Y-%m-%d}" != day:
            table.add_section()
        day = f"{row.occurred:%Y-%m-%d}"
        table.add_row(
            f"{row.occurred:%Y-%m-%d %H:%M %z}",
            escape(f"{kind(row.kind, language)}  {about}".rstrip()),
            escape("\n".join(row.who)),
            escape(row.site),
            escape(holder),
        )
    console.print(table if rows else _text("unknown", language))


def print_trace(console: Console, found: Sequence[About], language: str) -> None:
    """Everything about an identifier: what it met, what its batches became, and every fact."""
    if not found:
        console.print(_text("unknown", language))
    for about in found:
        noun = said(NOUNS[about.noun], language) if about.noun in NOUNS else about.noun
        console.rule(escape(f"{noun} {grouped(about.identifier)} · {about.total} {_text('facts', language)}"))
        _print_related(console, "together", about.related, language)
        _print_related(console, "through", about.through, language)
        _print_made(console, about, language)
        table = Table()
        for column in ("when", "what", "who", "where", "about"):
            table.add_column(_text(column, language), overflow="fold")
        for fact in about.facts:
            others = [grouped(each) for noun in ("treatment", "batch", "container") for each in fact.of(noun)]
            table.add_row(
                f"{fact.occurred:%Y-%m-%d %H:%M %z}",
                escape(kind(fact.kind, language)),
                escape(fact.actor),
                escape(fact.site),
                escape(" ".join(each for each in others if each != grouped(about.identifier))),
            )
        console.print(table)


def print_verification(console: Console, result: Verified | FirstProblem, language: str = "en") -> None:
    """Whether the ledger is sound, or the first thing that is wrong with it."""
    if isinstance(result, Verified):
        console.print(_text("sound", language), style="bold green")
        grid = Table(show_header=False)
        grid.add_column(no_wrap=True)
        grid.add_column(overflow="fold")
        grid.add_row(_text("ledger", language), result.ledger)
        grid.add_row(_text("entries", language), f"{result.entries:,}")
        grid.add_row(_text("root", language), f"{result.size}:{result.root.hex()}")
        console.print(grid)
    else:
        console.print(_text("broken", language), style="bold red")
        console.print(escape(str(result)))


def kind(stored: str, language: str) -> str:
    words = KINDS.get(stored)
    return said(words, language) if words is not None else stored


def _text(name: str, language: str) -> str:
    return said(TEXTS[name], language)


def _print_related(console: Console, title: str, related: Sequence[Related], language: str) -> None:
    if not related:
        return
    grid = Table(title=_text(title, language), show_header=False)
    nouns = dict.fromkeys(each.noun for each in related)
    for noun in nouns:
        named = said(NOUNS[noun], language) if noun in NOUNS else noun
        grid.add_row(named, escape("  ".join(grouped(each.identifier) for each in related if each.noun == noun)))
    console.print(grid)


def _print_made(console: Console, about: About, language: str) -> None:
    if not about.made:
        return
    table = Table(title=_text("onwards", language))
    for column in ("treatment", "batch", "container", "last"):
        table.add_column(_text(column, language))
    for made in about.made:
        last = f"{kind(made.last.kind, language)} {made.last.occurred:%Y-%m-%d %H:%M %z}"
        table.add_row(grouped(made.treatment), grouped(made.batch), grouped(made.container), escape(last))
    console.print(table)
