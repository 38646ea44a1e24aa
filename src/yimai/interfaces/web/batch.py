"""A batch's record, step by step: what is done, what runs, what comes, and the next thing to do as one large target."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.http import Http404, HttpRequest, HttpResponse

from yimai.domain.batch import Batch, EntryCorrected, EntryRecorded, Filled, LotUse, Noted, Recorded
from yimai.domain.batch_entry import Departure, departure
from yimai.domain.deviation import Deviation
from yimai.domain.fact import Quantity
from yimai.domain.facts import decode
from yimai.domain.recipe import EntryField, Words
from yimai.interfaces.web import page, treatment_record, window
from yimai.interfaces.web.offers import situation_of
from yimai.interfaces.web.tablet import kept
from yimai.interfaces.web.to_do import ToDo, to_do
from yimai.interfaces.web.treatment_record import StepRow
from yimai.ledger.entry import Entry
from yimai.projections import approval_board, register, treatment_board, worklist

Place = tuple[str, int, str]
"""Step, round and entry."""


@dataclass(frozen=True, slots=True)
class Replaced:
    """A value that no longer counts, still to be read. by: who put another in its place, or signed for it."""

    value: Recorded
    reason: str
    by: tuple[str, ...]
    at: datetime

    @property
    def quantity(self) -> Quantity | None:
        return self.value if isinstance(self.value, Quantity) else None


@dataclass(frozen=True, slots=True)
class EntryLine:
    """One entry of a round. value: as it stands now, or None. signed: its step was completed.

    noted: who put it down while the step ran, and when.
    """

    field: EntryField
    value: Recorded | None
    departs: Departure | None
    signed: bool
    replaced: tuple[Replaced, ...]
    noted: Noted | None = None

    @property
    def quantity(self) -> Quantity | None:
        return self.value if isinstance(self.value, Quantity) else None


@dataclass(frozen=True, slots=True)
class StepCard:
    """A step with one of its rounds. state: ``done``, ``running``, ``next`` (it can begin) or ``ahead``.

    lots: what the materials are called, and which lot of each was used.
    """

    row: StepRow
    state: str
    lines: tuple[EntryLine, ...]
    to_do: tuple[ToDo, ...]
    deviations: tuple[Deviation, ...]
    lots: tuple[tuple[Words, LotUse], ...]
    filled: tuple[Filled, ...]

    @property
    def signers(self) -> tuple[str, ...]:
        return tuple(sorted(self.row.run.signers)) if self.row.run is not None else ()


@kept
def batch(request: HttpRequest, identifier: str) -> HttpResponse:
    with window.reading(page.reader(request)) as cursor:
        situation = situation_of(request, cursor, "batch", identifier)
        treatment, state = situation.treatment, situation.vein
        board, known = treatment_board.row(cursor, treatment), state.batches.by_id.get(identifier)
        if board is None or known is None:
            raise Http404(identifier)
        recipe = approval_board.recipe(cursor, known.recipe, known.recipe_version)
        sheet = next(each for each in treatment_record.sheets(state, recipe) if each.batch.id == identifier)
        tasks = to_do(
            worklist.for_treatment(cursor, treatment, situation.now), situation.who, situation.now, request.path
        )
        deviations = state.deviations.of(identifier)
        own = _of_batch(tasks, identifier)
        drawn = Drawn(
            known,
            dict(recipe.materials) if recipe is not None else {},
            replaced(situation.entries, identifier),
            deviations,
            own,
        )
        cards = tuple(step_cards(drawn, sheet.steps))
        waiting = [each for each in own if not each.task.optional]
        context = {
            "board": board,
            "watch": [f"treatment/{treatment}"],
            "batch": known,
            "recipe": recipe,
            "disposition": sheet.disposition,
            "cards": cards,
            "completed": sum(card.state == "done" for card in cards),
            "next": waiting,
            "thumb": next((each for each in waiting if each.ready), None),
            "besides": [each for each in own if each.task.optional],
            "deviations": deviations,
            "people": register.people(cursor, known.people),
        }
        return page.show(request, cursor, "batch", context)


def _of_batch(tasks: Iterable[ToDo], identifier: str) -> list[ToDo]:
    return [each for each in tasks if each.task.arguments.get("batch") == identifier]


@dataclass(frozen=True, slots=True)
class Drawn:
    """What the cards of a batch are drawn from. materials: what each is called. old: values that no longer count."""

    batch: Batch
    materials: Mapping[str, Words]
    old: Mapping[Place, tuple[Replaced, ...]]
    deviations: tuple[Deviation, ...]
    tasks: list[ToDo]


def step_cards(drawn: Drawn, rows: Iterable[StepRow]) -> Iterator[StepCard]:
    """The record's steps in the recipe's order, each round by itself."""
    for row in rows:
        run, step = row.run, row.step.id
        latest = run is None or run == drawn.batch.runs_of(step)[-1]
        own = tuple(each for each in drawn.tasks if each.task.arguments.get("step") == step) if latest else ()
        begins = any(each.task.verb == "batch.start_step" and not each.task.blocked for each in own)
        state = ("next" if begins else "ahead") if run is None else "running" if run.ended is None else "done"
        yield StepCard(
            row,
            state,
            tuple(_lines(row, drawn.old)),
            own,
            tuple(each for each in drawn.deviations if each.step == step and run is not None and latest),
            tuple((drawn.materials[use.material], use) for use in run.materials) if run is not None else (),
            tuple(each for each in drawn.batch.filled.values() if each.step == step) if latest else (),
        )


def _lines(row: StepRow, old: Mapping[Place, tuple[Replaced, ...]]) -> Iterator[EntryLine]:
    for field in row.step.entries:
        run = row.run
        if run is None:
            yield EntryLine(field, None, None, False, ())
            continue
        noted = run.noted.get(field.id)
        value = run.entries.get(field.id, noted.value if noted is not None else None)
        departs = departure(field, value) if value is not None else None
        gone = old.get((row.step.id, run.round, field.id), ())
        yield EntryLine(field, value, departs, run.ended is not None, gone, noted)


def replaced(entries: Iterable[Entry], batch: str) -> Mapping[Place, tuple[Replaced, ...]]:
    """Every value of the batch's record that another took the place of, by its place, the oldest first."""
    found: dict[Place, tuple[Replaced, ...]] = {}
    for entry in entries:
        if entry.kind not in (EntryCorrected.kind, EntryRecorded.kind) or entry.data["batch"] != batch:
            continue
        fact = decode(entry)
        if isinstance(fact, EntryCorrected):
            gone = Replaced(fact.old, fact.reason, (fact.performed.signer, fact.verified.signer), entry.occurred)
        elif isinstance(fact, EntryRecorded) and fact.replaces is not None:
            gone = Replaced(fact.replaces, fact.reason, (fact.recorded_by,), entry.occurred)
        else:
            continue
        place = (fact.step, fact.round, fact.entry)
        found[place] = (*found.get(place, ()), gone)
    return found
