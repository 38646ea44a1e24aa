"""The page on which a batch is decided: exceptions first, what still waits and with whom, what passed by rule, one decision."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import get_args

from django.http import Http404, HttpRequest, HttpResponse

from yimai.domain.disposition import ClinicianAlerted
from yimai.domain.oos_supply import Notified
from yimai.domain.person import Role
from yimai.domain.recipe import Words
from yimai.domain.specification import nonconforming
from yimai.interfaces.web import page, treatment_record, window
from yimai.interfaces.web.offers import Asked, Offer, offers, situation_of
from yimai.interfaces.web.review import Review, review_of
from yimai.interfaces.web.situation import Situation
from yimai.projections import label_board


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece of the dialogue on supply out of specification. roles: whose turn it is."""

    title: Words
    done: bool
    roles: tuple[Role, ...]
    offer: Offer | None = None


def disposition(request: HttpRequest, identifier: str) -> HttpResponse:
    who = page.reader(request)
    with window.reading(who) as cursor:
        situation = situation_of(request, cursor, "batch", identifier)
        made = situation.vein.batches.by_id.get(identifier)
        if made is None:
            raise Http404(identifier)
        review = review_of(situation, identifier)
        sheets = treatment_record.sheets(situation.vein, situation.recipe)
        context = {
            "batch": made,
            "review": review,
            "situation": situation,
            "watch": [f"treatment/{situation.treatment}"],
            "ordered": situation.vein.treatment,
            "sheet": next(each for each in sheets if each.batch.id == identifier),
            "reckoning": label_board.reckoning(cursor, situation.treatment),
            "layouts": {each.id: each.title for each in situation.recipe.labels},
            "offers": offers(situation, _decisions(situation, review), request.path),
            "pieces": tuple(_dialogue(situation, identifier, request.path)),
            "alerts": [
                each
                for each in situation.entries
                if each.kind == ClinicianAlerted.kind and each.data["batch"] == identifier
            ],
        }
        return page.show(request, cursor, "disposition", context)


def _decisions(situation: Situation, review: Review) -> Iterator[Asked]:
    """What can be decided in the batch's state; whether it may be, the rule says."""
    known = {"treatment": situation.treatment, "batch": review.batch}
    state, failing = review.disposition.state, nonconforming(situation.vein.samples, review.batch)
    if state in ("", "conditionally_released") and (review.disposition.reviewed is None or _new(review)):
        yield "disposition.review", known, {}
    if state == "" and not failing:
        if any(each.test.stage == "final" for each in review.follows):
            yield "disposition.release_conditionally", known, {}
        else:
            yield "disposition.release", known, {}
    if state == "" and failing and review.batch in situation.vein.disposition.oos.by_batch:
        yield "disposition.supply_out_of_specification", known, {}
    if state == "":
        yield "disposition.reject", known, {"reason": "quality_concern"}
    if state == "conditionally_released":
        yield "disposition.release", known, {}
    if state == "released" and not review.disposition.certificate:
        yield "disposition.issue_certificate", known, {}
    if review.disposition.supplied:
        yield "disposition.revoke", known, {"reason": "quality_concern"}
    if state == "revoked":
        yield "disposition.reject", known, {"reason": "quality_concern"}


def _new(review: Review) -> bool:
    return any(each.new for each in review.exceptions)


def _dialogue(situation: Situation, batch: str, back: str) -> Iterator[Piece]:
    """Base tells, physician asks, base evaluates, physician accepts, both notices, decision: where it stands now."""
    failing = nonconforming(situation.vein.samples, batch)
    case = situation.vein.disposition.oos.by_batch.get(batch)
    if case is None and (not failing or situation.vein.disposition.of(batch).state):
        return
    known = {"treatment": situation.treatment, "batch": batch}
    titles = [test.title for test in situation.recipe.tests if test.id in (failing or (case.tests if case else ()))]
    told = Words("、".join(each.zh for each in titles), ", ".join(each.en for each in titles))
    yield Piece(Words(f"基地告知不符合项：{told.zh}", f"The base tells which tests fail: {told.en}"), True, ("qa",))
    yield Piece(Words("医师申请供应", "The physician asks for the batch"), case is not None, ("physician",))
    evaluating = offers(situation, [("oos_supply.evaluate_risk", known, {"evaluation": b"-"})], back)[0]
    evaluated = case is not None and case.evaluated
    yield Piece(
        Words("质量受权人评估风险", "The qualified person evaluates the risk"),
        evaluated,
        ("qualified_person",),
        None if evaluated or case is None else evaluating,
    )
    accepted = case is not None and case.accepted
    yield Piece(Words("医师接受风险", "The physician accepts the risk"), accepted, ("physician",))
    names = {
        "authority": Words("告知主管部门", "The authority is told"),
        "sponsor": Words("告知持有人", "The sponsor is told"),
    }
    for to in get_args(Notified):
        given = case is not None and to in case.notices
        offer = None
        if case is not None and not given:
            offer = offers(situation, [("oos_supply.give_notice", {**known, "to": to}, {"reference": "-"})], back)[0]
        yield Piece(names[to], given, ("qa", "qualified_person"), offer)
    yield Piece(
        Words("质量受权人决定供应", "The qualified person decides to supply"),
        situation.vein.disposition.of(batch).state == "oos_supplied",
        ("qualified_person",),
    )
