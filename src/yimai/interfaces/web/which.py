"""A form of a treatment that was opened without saying of which: the treatments with which the reader can go on."""

from __future__ import annotations

from typing import Final

from django.http import HttpRequest, HttpResponse

from yimai.actions.verbs import VERBS
from yimai.interfaces.web import page
from yimai.interfaces.web.form import Form, address
from yimai.interfaces.web.situation import Situation
from yimai.interfaces.web.templatetags.wording import said
from yimai.projections import approval_board, treatment_board
from yimai.projections.treatment_board import STAGES, BoardRow

MOST: Final = 100


def which(request: HttpRequest, situation: Situation, form: Form) -> HttpResponse:
    """Ask which treatment is meant, or which batch where the form is about one; what goes on in a suite stands first."""
    of_batch = "batch" in VERBS[form.verb].arguments
    rows = treatment_board.visible(situation.cursor)
    own = [each for each in rows if situation.who.site in (each.hospital, each.base) and _goes_on(each, of_batch)]
    own.sort(key=lambda each: (each.ended, each.stage != "in_manufacture", each.suite, -STAGES.index(each.stage)))
    bases = {each: approval_board.base(situation.cursor, each) for each in {each.base for each in own}}
    titles = {
        (base.id, each.id): said(each.title) for base in bases.values() if base is not None for each in base.suites
    }
    choices = [
        (
            each,
            address(form.verb, {**situation.given, "treatment": each.treatment}),
            titles.get((each.base, each.suite), each.suite),
        )
        for each in own[:MOST]
    ]
    context = {"form": form, "choices": choices, "of_batch": of_batch, "watch": [f"site/{situation.who.site}"]}
    return page.show(request, situation.cursor, "which", context)


def _goes_on(row: BoardRow, of_batch: bool) -> bool:
    return bool(row.batch) and row.stage != "closed" if of_batch else not row.ended
