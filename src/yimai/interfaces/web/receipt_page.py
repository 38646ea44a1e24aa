"""A published receipt, by the hash of its document: it never changes, and whoever plans has it computed again."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse

from yimai.interfaces.web import goal_rows, page, window
from yimai.interfaces.web.permitted import permitted
from yimai.projections import plan_board, receipt_board
from yimai.projections.receipt_board import AsOf


def receipt(request: HttpRequest, digest: str) -> HttpResponse:
    who = page.reader(request)
    with window.reading(who) as cursor:
        board = plan_board.board(cursor)
        rows = (
            (plan, goal, target, row)
            for plan in board.plans
            for goal in plan.goals
            for target in goal.targets
            for row in target.published
            if row.said.receipt == digest
        )
        found = next(rows, None)
        if found is None:
            raise Http404(digest)
        plan, goal, target, row = found
        said = row.said
        computes = who is not None and permitted(who, "read.measured")
        others = [each for each in target.published if each.said.receipt != digest]
        context: dict[str, Any] = {
            "plan": plan, "goal": goal, "target": target.said, "row": row, "said": said, "computes": computes,
            "reading": goal_rows.of_receipt(target, row),
            "others": [(each, _moved(said.target, each.said, said)) for each in others],
        }  # fmt: skip
        sealed = receipt_board.sealed(cursor, said.size)
        if computes and sealed is not None and sealed.size == said.size:
            again = receipt_board.figure(cursor, board, said.target, AsOf(said.day, sealed))
            context["again"] = again.receipt.hash if again is not None and again.receipt is not None else ""
            here = urlencode({"at": said.size, "day": said.day.isoformat()})
            context["opened"] = f"{reverse('target_number', args=[said.target])}?{here}"
        return page.show(request, cursor, "receipt", context)


def _moved(target: str, one: Any, other: Any) -> str:
    """The page of what moved from the earlier of the two to the later."""
    before, after = sorted((one, other), key=lambda each: (each.size, each.day))
    given = {"from": before.size, "from_day": before.day, "at": after.size, "day": after.day}
    return f"{reverse('moved', args=[target])}?{urlencode(given)}"
