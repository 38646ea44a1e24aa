"""The addresses: each verb one POST, and what a person may read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI, Status
from ninja.errors import ValidationError
from ninja.openapi.schema import OpenAPISchema
from ninja.security import APIKeyCookie

from yimai.actions import request as requests
from yimai.actions.decision import COMMAND_REUSED, TRY_AGAIN, Done
from yimai.actions.signing import perform, rehearse
from yimai.actions.verbs import VERBS
from yimai.domain.identifier import noun_of, typed
from yimai.domain.refusal import Refusal
from yimai.domain.signing import RECORD_CHANGED, Evidence
from yimai.interfaces.rest import desk
from yimai.interfaces.rest.bodies import (
    Asked,
    Given,
    Identifier,
    Problem,
    Recorded,
    Refused,
    ToSign,
    Treatment,
    WrittenFact,
    body_of,
)
from yimai.ledger.entry import Entry
from yimai.projections import treatment_board, vein
from yimai.projections.register import PersonRow

CONFLICTS: Final = (COMMAND_REUSED, TRY_AGAIN, RECORD_CHANGED)
ALWAYS: Final[dict[Any, Any]] = dict.fromkeys((400, 401, 403, 411, 413, 429), Problem)
"""Unreadable, not signed in, forged, without a length, too large, too often."""
FIRST_EXPORT: Final = (
    "an inspector's copies are on record: ask for treatment.export first, then for the facts that it covers"
)
Reply = Status[Any]


class SignedIn(APIKeyCookie):
    """The session of a person who has signed in; what is sent also needs the token against forged requests."""

    param_name = settings.SESSION_COOKIE_NAME

    def authenticate(self, request: HttpRequest, key: str | None) -> PersonRow | None:
        who: PersonRow | None = getattr(request, "who", None)
        with_a_one_time_password = getattr(request.user, "change_by", None) is not None
        return None if with_a_one_time_password else who


class DescribedOnce(NinjaAPI):
    """Its description is made when it is first asked for, and kept: it takes a second, and anybody may ask."""

    def get_openapi_schema(
        self, *, path_prefix: str | None = None, path_params: dict[str, Any] | None = None
    ) -> OpenAPISchema:
        if self._described is None:
            self._described = super().get_openapi_schema(path_prefix=path_prefix, path_params=path_params)
        return self._described

    _described: OpenAPISchema | None = None


api = DescribedOnce(
    title="Yimai",
    version="1",
    description="Every verb of a treatment's life as one address, and what the signed-in person may read. A POST without "
    "signatures writes nothing: it answers with the record, its hash and who must sign.",
    auth=SignedIn(),
    docs_url=None,
    urls_namespace="rest",
)


@api.exception_handler(ValidationError)
def unreadable(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """Name the first place that cannot be read, and why."""
    first: dict[str, Any] = next(iter(error.errors), {"loc": (), "msg": "unreadable"})
    place = ".".join(str(part) for part in first["loc"])
    return api.create_response(request, {"detail": f"{place}: {first['msg']}"}, status=400)


def asked(request: HttpRequest, verb: str, body: Asked) -> Reply:
    """Do what the verb's address was asked for."""
    who, tools = _who(request), desk.opened()
    given: dict[str, Any] = body.arguments  # type: ignore[attr-defined]  # each verb's body has its own
    command = requests.command(verb, given, id=body.command, actor=who.person, site=who.site, secret=tools.secret)
    act = partial(VERBS[verb].act, **given)
    rehearsed = rehearse(tools.ledger, command, act, tools.secret)
    if isinstance(rehearsed, Refusal):
        return _refused(rehearsed)
    if isinstance(rehearsed, Done):
        return Status(200, Recorded(facts=_facts(rehearsed.entries)))
    if rehearsed.signers and not body.signatures:
        signers: dict[str, list[str]] = {person: [*meanings] for person, meanings in rehearsed.signers.items()}
        return Status(200, ToSign(record=rehearsed.record.hex(), signers=signers, facts=_facts(rehearsed.entries)))
    if body.signatures and body.record != rehearsed.record.hex():
        return _refused(RECORD_CHANGED())
    evidence = [_proved(request, each, rehearsed.record) for each in body.signatures]
    if refused := next((each for each in evidence if isinstance(each, Refusal)), None):
        return _refused(refused)
    proved = [each for each in evidence if isinstance(each, Evidence)]
    answer = perform(tools.ledger, command, act, tools.secret, key=tools.key, evidence=proved)
    return _refused(answer) if isinstance(answer, Refusal) else Status(200, Recorded(facts=_facts(answer.entries)))


@api.get(
    "/treatments",
    response={200: list[Treatment], **ALWAYS},
    summary="The treatments that one may see",
    operation_id="treatments",
)
def treatments(request: HttpRequest) -> list[Treatment]:
    with desk.opened().reading(_who(request)) as cursor:
        return [Treatment.model_validate(each, from_attributes=True) for each in treatment_board.visible(cursor)]


@api.get(
    "/treatments/{identifier}/facts",
    response={200: list[WrittenFact], 404: Problem, **ALWAYS},
    summary="A treatment's facts, as far as one may see them; for an inspector those that his last export covers",
    operation_id="facts",
)
def facts(request: HttpRequest, identifier: Identifier) -> Reply:
    coi = typed(identifier)
    if noun_of(coi) == "treatment":
        with desk.opened().reading(_who(request)) as cursor:
            if entries := vein.entries(cursor, f"treatment/{coi}"):
                if "inspector" not in _who(request).roles:
                    return Status(200, _facts(entries))
                taken = vein.exported(entries, _who(request).person)
                return Status(200, _facts(entries[:taken])) if taken else Status(403, Problem(detail=FIRST_EXPORT))
    return Status(404, Problem(detail=f"no treatment {identifier} that you may see"))


def _who(request: HttpRequest) -> PersonRow:
    who: PersonRow = request.who  # type: ignore[attr-defined]  # set by the accounts' gate
    return who


def _proved(request: HttpRequest, given: Given, record: bytes) -> Evidence | Refusal:
    """All components are asked for each signature: there is no session at a tablet in which one has signed before."""
    posted = {"person": given.person, "password": given.password, "code": given.code, "passkey": given.passkey}
    return desk.opened().confirm(request, given.person, record, posted, True)


def _refused(refusal: Refusal) -> Reply:
    status = 409 if refusal.kind in CONFLICTS else 422
    return Status(status, Refused(code=refusal.code, zh=refusal.zh, en=refusal.en, details=dict(refusal.details)))


def _facts(entries: Sequence[Entry]) -> list[WrittenFact]:
    return [
        WrittenFact(
            kind=each.kind,
            hash=each.hash.hex(),
            subjects=list(each.subjects),
            actor=each.actor,
            site=each.site,
            occurred=each.occurred,
            recorded=each.recorded,
            data=dict(each.data),
        )
        for each in entries
    ]


def _operation(verb: str) -> Callable[..., Reply]:
    body_type = body_of(verb)

    def operation(request: HttpRequest, body: Asked) -> Reply:
        return asked(request, verb, body)

    operation.__annotations__["body"] = body_type
    operation.__name__ = verb.replace(".", "_")
    return operation


ANSWERS: Final[dict[Any, Any]] = {200: Recorded | ToSign, 409: Refused, 422: Refused, **ALWAYS}
for _verb, _details in VERBS.items():
    api.post(
        f"/{_verb}",
        response=ANSWERS,
        summary=_details.summary,
        tags=[_verb.partition(".")[0]],
        operation_id=_verb.replace(".", "_"),
    )(_operation(_verb))
