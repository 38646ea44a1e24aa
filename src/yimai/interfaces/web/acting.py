"""One address a verb: fill in, see what would be recorded, sign, and it is done; or be told why not and what to do.

What browser and server say to one another here is written down in ``docs/offline.md``.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from yimai.actions import request as requests
from yimai.actions.decision import COMMAND_REUSED, TAKEN, Answer, Done
from yimai.actions.signing import Rehearsed, perform, rehearse
from yimai.actions.verbs import VERBS
from yimai.domain.fact import Meaning
from yimai.domain.recipe import Words
from yimai.domain.refusal import Refusal, RefusalKind
from yimai.domain.signing import RECORD_CHANGED, Evidence
from yimai.interfaces.web import bench, page, recorded, window
from yimai.interfaces.web.acts import FORMS
from yimai.interfaces.web.attachment import carried, packed
from yimai.interfaces.web.bench import Means
from yimai.interfaces.web.fact_card import Detail, details, naming
from yimai.interfaces.web.field import Typed
from yimai.interfaces.web.form import COMMAND, OWN, Arguments, Filled, Form, empty, filled
from yimai.interfaces.web.hand import at_hand
from yimai.interfaces.web.mismatch import take_out
from yimai.interfaces.web.preview import Preview
from yimai.interfaces.web.readable import Readable, readable, ticked
from yimai.interfaces.web.recorded import Following
from yimai.interfaces.web.situation import Situation
from yimai.interfaces.web.to_do import following
from yimai.interfaces.web.way_back import way_back
from yimai.interfaces.web.which import which
from yimai.ledger.entry import Command, Entry
from yimai.projections import worklist

CREDENTIAL: Final = "sign-"
"""Begins the names of posted fields that prove who signs: ``sign-operator-01-password``."""
BAD_WAIT = RefusalKind(
    "acting.bad_wait",
    "When this was entered cannot be told: its time is missing, or more than 72 hours ago. Enter it again now.",
    "无法确定录入时间：时间缺失或超过 72 小时。请现在重新录入。",
)
LONGEST_WAIT: Final = timedelta(hours=72)
SIGNED: Final = "signed_at"
"""The session's mark that its person has signed in it before."""


@dataclass(frozen=True)
class Signer:
    """Somebody who must sign. own: the session's person. first: all components are asked."""

    person: str
    meanings: tuple[Meaning, ...]
    own: bool
    first: bool
    means: Means
    problem: Refusal | None = None


@dataclass(frozen=True)
class RecordedLine:
    """One fact of the record that is about to be signed."""

    kind: str
    details: tuple[Detail, ...]


@dataclass
class Turn:
    """One turn of filling in a form. answer: the word of ``docs/offline.md``; ``""`` when it is first shown."""

    filled: Filled
    command: str
    seen: int
    next: str
    answer: str = ""
    status: int = 200
    refusal: Refusal | None = None
    record: str = ""
    lines: tuple[RecordedLine, ...] = ()
    signers: tuple[Signer, ...] = ()
    meanwhile: tuple[Entry, ...] = ()
    preview: Preview | None = None
    kept: tuple[Readable, ...] = ()
    ticked: tuple[Words, ...] = ()


def act(request: HttpRequest, verb: str) -> HttpResponse:
    """The form for a verb, and what becomes of it."""
    form = FORMS.get(verb)
    who = page.reader(request)
    if form is None or who is None:
        raise Http404(verb)
    with window.reading(who) as cursor:
        situation = Situation(who, cursor, {name: request.GET[name] for name in request.GET}, page.now())
        if request.method != "POST":
            if VERBS[verb].treatment and not situation.treatment:
                return which(request, situation, form)
            turn = Turn(empty(form, situation), str(uuid.uuid4()), len(situation.entries), _next(request))
            return _shown(request, situation, turn)
        typed = carried(request)
        seen = typed.one("seen")
        turn = Turn(
            filled(form, typed, situation),
            typed.one(COMMAND) or str(uuid.uuid4()),
            int(seen) if seen.isdecimal() else len(situation.entries),
            _next(request),
        )
        done = _answered(request, situation, turn)
        if done is not None:
            return _done(request, form, situation, turn, done)
        if turn.refusal is None or turn.refusal.kind is not TAKEN:
            return _shown(request, situation, turn)
    with window.reading(who) as cursor:  # what is offered now, since somebody has just taken something
        turn.filled.situation = replace(situation, cursor=cursor)
        return _shown(request, turn.filled.situation, turn)


def _answered(request: HttpRequest, situation: Situation, turn: Turn) -> Done | None:
    """Do what was asked for; None if the turn goes back to the person, and then it says why."""
    filled_ = turn.filled
    if filled_.arguments is None or filled_.typed.one("change"):
        return _back(turn, None)
    occurred = _occurred(request, filled_.typed, situation)
    if isinstance(occurred, Refusal):
        return _back(turn, occurred)
    tools = bench.opened()
    command = requests.command(
        filled_.form.verb,
        filled_.arguments,
        id=turn.command,
        actor=situation.who.person,
        site=_site(filled_.form, filled_.arguments, situation),
        secret=tools.secret,
        occurred=occurred,
    )
    asked = partial(filled_.form.act, **filled_.arguments)
    rehearsed = rehearse(tools.ledger, command, asked, tools.secret)
    if isinstance(rehearsed, Refusal):
        return _back(turn, rehearsed)
    if isinstance(rehearsed, Done):
        return rehearsed
    turn.meanwhile = _meanwhile(situation, turn) if filled_.form.conflict is None else ()
    if not rehearsed.signers:
        if turn.meanwhile:
            turn.answer, turn.status, turn.seen = "conflict", 409, len(situation.entries)
            return None
        return _performed(turn, perform(tools.ledger, command, asked, tools.secret, key=tools.key, evidence=()))
    return _signed(request, situation, turn, rehearsed, command, asked)


def _site(form: Form, arguments: Arguments, situation: Situation) -> str:
    return form.site(arguments, situation) if form.site is not None else situation.who.site


def _signed(
    request: HttpRequest, situation: Situation, turn: Turn, rehearsed: Rehearsed, command: Command, asked: Any
) -> Done | None:
    """Perform it if everybody who must sign has proved to be there, else show the record for signing."""
    tools = bench.opened()
    shown = turn.filled.typed.one("record")
    recipe = situation.titles
    form = turn.filled.form
    turn.preview = form.preview(turn.filled.typed, situation) if form.preview is not None else None
    turn.kept, turn.ticked = tuple(readable(turn.filled)), tuple(ticked(turn.filled))
    turn.record = rehearsed.record.hex()
    turn.lines = tuple(RecordedLine(each.kind, details(each, recipe)) for each in rehearsed.entries)
    turn.signers = tuple(
        _signer(request, situation, person, meanings, tools.credentials(person))
        for person, meanings in rehearsed.signers.items()
    )
    turn.answer, turn.seen = "sign", len(situation.entries)
    if shown != turn.record:
        turn.refusal = RECORD_CHANGED() if shown else None
        return None
    evidence: list[Evidence] = []
    for number, each in enumerate(turn.signers):
        proved = tools.confirm(
            request, each.person, rehearsed.record, _credentials(turn.filled.typed, each.person), each.first
        )
        if isinstance(proved, Refusal):
            told = replace(each, problem=proved)
            turn.signers = (*turn.signers[:number], told, *turn.signers[number + 1 :])
            turn.status = 422
            return None
        evidence.append(proved)
    done = _performed(turn, perform(tools.ledger, command, asked, tools.secret, key=tools.key, evidence=evidence))
    if done is not None and any(each.own for each in turn.signers):
        request.session[SIGNED] = situation.now.isoformat()
    return done


def _performed(turn: Turn, answer: Answer) -> Done | None:
    if isinstance(answer, Done):
        return answer
    return _back(turn, answer)


def _back(turn: Turn, refusal: Refusal | None) -> Done | None:
    """Back to the form with what was typed. A match that was refused is on record, so the next try is another command."""
    turn.answer, turn.status, turn.refusal = "refused", 422, refusal
    if refusal is not None and (refusal.identity or refusal.kind in (COMMAND_REUSED, TAKEN)):
        turn.command = str(uuid.uuid4())
    if refusal is not None and refusal.identity:
        take_out(turn.filled, refusal)
    if refusal is not None and refusal.kind in (COMMAND_REUSED, turn.filled.form.conflict):
        turn.answer, turn.status = "conflict", 409
    return None


def _meanwhile(situation: Situation, turn: Turn) -> tuple[Entry, ...]:
    """What others have put on the treatment's record since the form was shown."""
    return tuple(each for each in situation.entries[turn.seen :] if each.actor != situation.who.person)


def _occurred(request: HttpRequest, typed: Typed, situation: Situation) -> datetime | Refusal | None:
    """When a queued form's button was pressed, by the ledger's clock (``docs/offline.md``)."""
    if request.headers.get("Yimai-Act") != "queued":
        return None
    try:
        pressed, sent = (datetime.fromisoformat(typed.one(name)) for name in ("occurred", "sent"))
        waited = sent - pressed
    except (ValueError, TypeError):
        return BAD_WAIT()
    if not timedelta(0) <= waited <= LONGEST_WAIT:
        return BAD_WAIT()
    return situation.now - waited


def _signer(
    request: HttpRequest, situation: Situation, person: str, meanings: tuple[Meaning, ...], means: Means
) -> Signer:
    own = person == situation.who.person
    return Signer(person, meanings, own, not own or SIGNED not in request.session, means)


def _credentials(typed: Typed, person: str) -> Mapping[str, str]:
    begin = f"{CREDENTIAL}{person}-"
    return {name.removeprefix(begin): typed.one(name) for name in typed.texts if name.startswith(begin)}


def _next(request: HttpRequest) -> str:
    """Where the person came from, if it is one of our own pages."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    safe = wanted.startswith("/") and url_has_allowed_host_and_scheme(wanted, allowed_hosts=None)
    return wanted if safe else ""


def _shown(request: HttpRequest, situation: Situation, turn: Turn) -> HttpResponse:
    form = turn.filled.form
    hidden = [
        (name, value)
        for name, values in turn.filled.typed.texts.items()
        if name not in OWN and not name.startswith(CREDENTIAL)
        for value in values
    ]
    context = {
        "turn": turn,
        "form": form,
        "about": form.about(situation),
        "others": form.others(situation) if form.others is not None else (),
        "beside": form.beside(situation) if form.beside is not None else None,
        "situation": situation,
        "hidden": (*hidden, *packed(turn.filled.typed.files)),
        "person": situation.who,
        "at_hand": partial(at_hand, situation, turn.filled.fields),
        "watch": [f"treatment/{situation.treatment}"] if situation.treatment else [],
        "back": way_back(turn.next),
    }
    if "Yimai-Act" in request.headers:
        response = render(
            request, "web/act_panel.html", {**page.everywhere(request, situation.cursor), **context}, status=turn.status
        )
    else:
        response = page.show(request, situation.cursor, "act", context, status=turn.status)
    if turn.answer:
        response["Yimai-Answer"] = turn.answer
    response["Yimai-Command"] = turn.command
    if form.gate == "plain" and request.method == "GET":
        response["Yimai-Keep"] = situation.who.person
    return response


def _rows(entry: Entry) -> int:
    """How many rows of a table were recorded with it."""
    rows = entry.data.get("rows")
    return rows if isinstance(rows, int) else 1


def _done(request: HttpRequest, form: Form, situation: Situation, turn: Turn, done: Done) -> HttpResponse:
    where = turn.next or (form.after(done, situation) if form.after is not None else "") or _home(situation)
    if form.then is not None:
        form.then(done, situation)
    entry = next((each for each in done.entries if _rows(each) > 1), done.entries[0])
    about = naming(entry, situation.titles) or tuple(filter(lambda each: each.zh, (form.about(situation),)))
    if (rows := _rows(entry)) > 1:  # of a whole table its first row would be named alone
        about = (*about, Words(f"{rows} 行", f"{rows} rows"))
    request.session["done"] = recorded.kept(form.title, about, entry, _following(form, situation, done, where))
    if "Yimai-Act" in request.headers:
        response = HttpResponse(status=200)
        response["Yimai-Location"] = where
    else:
        response = HttpResponseRedirect(where)
    response["Yimai-Answer"] = "done"
    response["Yimai-Command"] = turn.command
    return response


def _following(form: Form, situation: Situation, done: Done, back: str) -> Following | None:
    """What is to be done next: as the form says, else of the treatment's tasks as they are now."""
    if form.onward is not None:
        return form.onward(done, situation)
    treatment = str(done.entries[0].data.get("treatment", ""))
    if not treatment:
        return None
    with window.reading(situation.who) as cursor:
        tasks = worklist.for_treatment(cursor, treatment, situation.now)
    return following(tasks, situation.who, situation.now, back)


def _home(situation: Situation) -> str:
    return reverse("treatment", args=[situation.treatment]) if situation.treatment else reverse("home")
