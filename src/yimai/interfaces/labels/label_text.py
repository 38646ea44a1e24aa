"""What stands on a copy of a label: computed from the treatment's facts and its recipe, drawn elsewhere.

A copy says what the ledger said when it was issued, so it can be written again, letter for letter, at any time. What
is not known then stays an empty line for the hand; nothing is guessed. Every text is in Chinese and English. Only the
wristband, which never leaves the hospital, may carry a person's name and birth date.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final, Literal

from yimai.domain import label
from yimai.domain.batch import Batch
from yimai.domain.facts import decode
from yimai.domain.identifier import grouped
from yimai.domain.label import Carrier, LabelIssued
from yimai.domain.label_code import gs1_elements, label_code
from yimai.domain.reason import REASONS
from yimai.domain.recipe import Limits, Recipe, Words
from yimai.domain.refusal import Refusal
from yimai.domain.vein import Vein, vein_of
from yimai.interfaces.labels.captions import (
    AUTOLOGOUS,
    BIOHAZARD,
    CAPTIONS,
    CARE,
    DO_NOT_USE,
    NOT_EVALUATED,
    NOT_RELEASED,
    OUT_OF_SPECIFICATION,
    REACTIVE,
)
from yimai.ledger.entry import Entry

Tone = Literal["alarm", "strong", "box", "note", "plain"]
"""How a statement is drawn: large or plainly white on black, in a frame, small in a frame, or as plain text."""


@dataclass(frozen=True, slots=True)
class Patient:
    """Whose wristband it is, from the vault."""

    name: str
    birth_date: date


@dataclass(frozen=True, slots=True)
class Line:
    """One line. value: Words with the same text twice where it needs no language; both empty: left for the hand."""

    key: str
    caption: Words
    value: Words


@dataclass(frozen=True, slots=True)
class Statement:
    """A sentence that must be seen. key: ``autologous``, ``biohazard``, ``not_evaluated``, ``oos``, ``do_not_use`` …"""

    key: str
    tone: Tone
    text: Words


@dataclass(frozen=True, slots=True)
class LabelText:
    """All that stands on one copy. code: what the matrix holds. reason: of a further copy, else empty words."""

    carrier: Carrier
    item: str
    copy: int
    code: str
    treatment: str
    title: Words
    product: Words
    lines: tuple[Line, ...]
    statements: tuple[Statement, ...]
    reason: Words
    issued: datetime

    def line(self, key: str) -> Line:
        """Return the line of that key. Raises KeyError if this label has none."""
        for each in self.lines:
            if each.key == key:
                return each
        raise KeyError(key)

    def differences(self, other: LabelText) -> tuple[str, ...]:
        """What two texts of the same copy say differently: keys of lines and of statements."""
        mine: set[Line | Statement] = {*self.lines, *self.statements}
        theirs: set[Line | Statement] = {*other.lines, *other.statements}
        return tuple(sorted({each.key for each in mine ^ theirs}))


@dataclass(frozen=True, slots=True)
class Issue:
    """A copy as it was issued: the fact, from which site and when, and the treatment as it stood then."""

    fact: LabelIssued
    site: str
    occurred: datetime
    recorded: datetime
    vein: Vein


def issue_of(entries: Sequence[Entry], item: str, copy: int) -> Issue | None:
    """Find the copy's issue in the treatment's whole chain; None if it was never issued."""
    for end, entry in enumerate(entries, 1):
        if entry.kind == LabelIssued.kind and (entry.data["item"], entry.data["copy"]) == (item, copy):
            fact = decode(entry)
            assert isinstance(fact, LabelIssued)
            return Issue(fact, entry.site, entry.occurred, entry.recorded, vein_of(entries[:end]))
    return None


def label_text(
    issue: Issue,
    recipe: Recipe,
    places: Mapping[str, Words],
    patient: Patient | None = None,
    *,
    now: Vein | None = None,
) -> LabelText | Refusal:
    """Write the copy's text. places: titles of the treatment's sites. patient: for a wristband only, None: left for the hand.

    now: the treatment as it stands at another time, to see whether the copy still tells the truth.
    """
    layout = next((each for each in recipe.labels if each.id == issue.fact.layout), None)
    if layout is None or layout.carrier != issue.fact.carrier:
        return label.UNKNOWN_LAYOUT(layout=issue.fact.layout, carrier=issue.fact.carrier)
    writer = _Writer(issue, recipe, places, now or issue.vein)
    values = writer.values() if issue.fact.carrier != "wristband" else {**_person(patient), **writer.values()}
    return LabelText(
        carrier=issue.fact.carrier,
        item=issue.fact.item,
        copy=issue.fact.copy,
        code=_code(issue.fact, layout.gs1),
        treatment=issue.fact.treatment,
        title=layout.title,
        product=recipe.title,
        lines=tuple(Line(key, CAPTIONS[key], value) for key, value in values.items()),
        statements=tuple(writer.statements()),
        reason=REASONS.get(issue.fact.reason, EMPTY) if issue.fact.copy > 1 else EMPTY,
        issued=issue.occurred,
    )


def _code(issued: LabelIssued, gs1: str) -> str:
    """The plain label code, or a GS1 element string, which begins with a bracket."""
    if not gs1:
        return label_code(issued.item, issued.copy)
    return gs1_elements(issued.item, issued.copy, "" if gs1 == "own" else gs1)


EMPTY: Final = Words("", "")


def _same(text: str) -> Words:
    return Words(text, text)


def _person(patient: Patient | None) -> dict[str, Words]:
    if patient is None:
        return {"name": EMPTY, "born": EMPTY}
    return {"name": _same(patient.name), "born": _same(patient.birth_date.isoformat())}


def moment(when: datetime | None) -> Words:
    """Date, time and zone as the clock showed them where it happened: ``2026-08-03 08:00 +08:00``."""
    if when is None:
        return EMPTY
    offset = when.isoformat(timespec="minutes")[16:]
    return _same(f"{when:%Y-%m-%d %H:%M} {offset}")


def temperature(limits: Limits) -> Words:
    """A range of degrees Celsius: ``2–8 °C``, ``≤ −150 °C``; empty if there is none."""
    low, high = (None if each is None else f"{each:f}".replace("-", "−") for each in (limits.low, limits.high))
    if low is None or high is None:
        sign, only = ("≤", high) if low is None else ("≥", low)
        return EMPTY if only is None else _same(f"{sign} {only} °C")
    to = " … " if "−" in low + high else "–"
    return _same(f"{low}{to}{high} °C")


def span(length: timedelta) -> Words:
    """A length of time in minutes or whole hours: 30 min, 3 h."""
    minutes = length // timedelta(minutes=1)
    unit, size = ("min", 1) if minutes % 60 or minutes < 120 else ("h", 60)
    return _same(f"{minutes // size} {unit}")


def _quantity(value: Decimal, unit: str) -> Words:
    shown = {"10*6": "×10⁶", "10*9": "×10⁹"}.get(unit, unit)
    return _same(f"{value:f} {shown}")


@dataclass(frozen=True, slots=True)
class _Writer:
    issue: Issue
    recipe: Recipe
    places: Mapping[str, Words]
    vein: Vein

    def values(self) -> dict[str, Words]:
        match self.issue.fact.carrier:
            case "wristband":
                return {"hospital": self._hospital, "ward": EMPTY}
            case "collection_bag":
                return self._collected()
            case "container":
                return self._made()
            case "sample":
                return self._sampled()
            case "final_bag":
                return self._finished()
            case "shipper":
                return self._shipped()

    def statements(self) -> list[Statement]:
        """What must be seen on it, the gravest first."""
        carrier = self.issue.fact.carrier
        found = [] if carrier in ("wristband", "sample") else list(self._fate())
        if carrier != "wristband":
            found += self._infectious()
        if carrier not in ("wristband", "sample", "shipper"):
            found.append(Statement("autologous", "strong", AUTOLOGOUS))
        if carrier == "final_bag" and not any(each.key in ("oos", "do_not_use") for each in found):
            found.append(Statement("not_released", "plain", NOT_RELEASED))
        tone: Tone = "box" if carrier == "shipper" else "plain"
        return found + [Statement("care", tone, text) for text in CARE.get(carrier, ())]

    @property
    def _hospital(self) -> Words:
        return self._place(self.vein.treatment.hospital)

    @property
    def _base(self) -> Words:
        return self._place(self.vein.treatment.base)

    def _place(self, site: str) -> Words:
        return self.places.get(site, _same(site)) if site else EMPTY

    @property
    def _batch(self) -> Batch | None:
        """The batch that filled the item, or in which its sample was taken, else the one that is open."""
        taken = self.vein.samples.by_id.get(self.issue.fact.item)
        if taken is not None:
            return self.vein.batches.by_id.get(taken.batch)
        return self.vein.batches.of_container(self.issue.fact.item) or self.vein.batches.open

    def _collected(self) -> dict[str, Words]:
        collected = self.vein.collections.of_container(self.issue.fact.item)
        ended = collected.ended if collected is not None else None
        volume = collected.volume if collected is not None else None
        keeps = self.recipe.starting_material
        return {
            "collected_at": self._hospital,
            "to": self._base,
            "collected": moment(ended),
            "use_by": moment(ended + keeps.fresh_maximum if ended is not None else None),
            "volume": _quantity(volume.value, volume.unit) if volume is not None else EMPTY,
            "keep": temperature(keeps.temperature),
        }

    def _made(self) -> dict[str, Words]:
        batch = self._batch
        filled = batch.filled.get(self.issue.fact.item) if batch is not None else None
        return {
            "batch": _same(grouped(batch.id)) if batch is not None else EMPTY,
            "filled": moment(filled.filled if filled is not None else None),
            "volume": _quantity(filled.volume.value, filled.volume.unit) if filled is not None else EMPTY,
            "cells": _quantity(filled.cells.value, filled.cells.unit) if filled is not None else EMPTY,
        }

    def _sampled(self) -> dict[str, Words]:
        taken = self.vein.samples.by_id.get(self.issue.fact.item)
        plan = self.recipe.sample(taken.plan) if taken is not None else None
        batch = self._batch
        return {
            "batch": _same(grouped(batch.id)) if batch is not None else EMPTY,
            "sample": plan.title if plan is not None else EMPTY,
            "taken": moment(taken.taken if taken is not None else None),
        }

    def _finished(self) -> dict[str, Words]:
        batch = self._batch
        filled = batch.filled.get(self.issue.fact.item) if batch is not None else None
        product = self.recipe.product
        expires = moment(filled.filled + product.shelf_life if filled is not None else None)
        return {
            "expires": expires,
            "keep": temperature(product.storage_temperature),
            **self._made(),
            "for": self._hospital,
            "made_at": self._base,
            "after_thaw": span(product.thaw_to_infusion),
        }

    def _shipped(self) -> dict[str, Words]:
        """Before it is packed: from the site that issued the label to the order's other site, its contents left open."""
        packed = self.vein.shipments.by_id.get(self.issue.fact.item)
        order = self.vein.treatment
        if packed is not None:
            origin, destination, limits = packed.origin, packed.destination, packed.limits
        else:
            others = {order.hospital: order.base, order.base: order.hospital}
            origin, destination = self.issue.site, others.get(self.issue.site, "")
            fresh = origin == order.hospital
            limits = self.recipe.starting_material.temperature if fresh else self.recipe.product.transport_temperature
        return {
            "from": self._place(origin),
            "to": self._place(destination),
            "contents": _same(" ".join(map(grouped, packed.containers))) if packed is not None else EMPTY,
            "packed": moment(packed.packed if packed is not None else None),
            "keep": temperature(limits),
            "keep_cold_until": moment(packed.qualified_until if packed is not None else None),
            "contact": EMPTY,
        }

    def _fate(self) -> list[Statement]:
        item, batch = self.issue.fact.item, self._batch
        state = self.vein.disposition.of(batch.id).state if batch is not None else ""
        inside = self.vein.shipments.containers_of(item) or (item,)
        gone = any(each in self.vein.treatment.fates or self.vein.unusable(each) for each in inside)
        if gone or (self.issue.fact.carrier == "final_bag" and state in ("rejected", "revoked")):
            return [Statement("do_not_use", "alarm", DO_NOT_USE)]
        if self.issue.fact.carrier == "final_bag" and batch is not None and state == "oos_supplied":
            tests = {each.id: each.title for each in self.recipe.tests}
            failing = _listed([tests.get(each, _same(each)) for each in self.vein.disposition.of(batch.id).accepted])
            return [
                Statement("oos", "alarm", OUT_OF_SPECIFICATION[0]),
                Statement("oos_tests", "note", _with(OUT_OF_SPECIFICATION[1], failing)),
            ]
        return []

    def _infectious(self) -> list[Statement]:
        """Courier and analyst learn that it is hazardous; which agent stands only where clinicians and makers look."""
        markers = self.vein.treatment.markers
        titles = dict(self.recipe.marker_titles)
        positive = [titles.get(each, _same(each)) for each in markers if markers[each] == "positive"]
        missing = [each for each in self.recipe.markers if each not in markers]
        found = []
        if positive:
            found.append(Statement("biohazard", "strong", BIOHAZARD))
        if positive and self.issue.fact.carrier not in ("shipper", "sample"):
            found.append(Statement("reactive", "note", _with(REACTIVE, _listed(positive))))
        if missing:
            found.append(Statement("not_evaluated", "box", NOT_EVALUATED))
        return found


MOST_LISTED: Final = 4


def _listed(titles: Sequence[Words]) -> Words:
    """All titles, or the first few and how many more there are."""
    shown = titles[:MOST_LISTED]
    zh, en = "、".join(each.zh for each in shown), ", ".join(each.en for each in shown)
    if len(titles) == len(shown):
        return Words(zh, en)
    return Words(f"{zh} 等 {len(titles)} 项", f"{en} and {len(titles) - len(shown)} more")


def _with(sentence: Words, detail: Words) -> Words:
    return Words(sentence.zh.format(detail.zh), sentence.en.format(detail.en))
