"""Every address and the row of the table of access under which it stands; what is not listed here is closed.

Row security decides which things a page shows to its reader. This gate comes before it: it turns away whoever the table
lets see or do none of what the address is for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, cast

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.deprecation import MiddlewareMixin

from yimai.actions.verbs import VERBS
from yimai.domain import access
from yimai.domain.person import Person, Role
from yimai.domain.refusal import Refusal, RefusalKind
from yimai.interfaces.web import answers
from yimai.interfaces.web.permitted import NOUNS
from yimai.projections.register import PersonRow

PUBLIC: Final = "public"
"""Anybody: what is needed before one has signed in, and what machines ask."""
SIGNED_IN: Final = "signed_in"
"""Everybody for himself: one's own account and work, and what only leads to pages that have a row of their own."""
OF_VERB: Final = "verb"
"""The row of the verb that the address names."""
OF_NOUN: Final = "noun"
"""The row of what the address is about."""

PAGES: Final[Mapping[str, str]] = {
    "health": PUBLIC,
    "worker": PUBLIC,
    "session": PUBLIC,
    "offline": PUBLIC,
    "home": SIGNED_IN,
    "home_of": SIGNED_IN,
    "scan": SIGNED_IN,
    "search": SIGNED_IN,
    "fact": SIGNED_IN,
    "act": OF_VERB,
    "about": OF_NOUN,
    "today": "read.treatment",
    "treatments": "read.treatment",
    "treatment": "read.shipment",
    "batch": "read.facts",
    "disposition": "read.facts",
    "certificate": "read.facts",
    "deviation": "read.treatment",
    "sample": "read.treatment",
    "lot": "read.material_lots",
    "suites": "read.suites",
    "timetable": "read.timetable",
    "repair": "timetable.repair",
    "what_if": "read.what_if",
    "roadmap": "read.roadmap",
    "calibration": "read.calibration",
    "calibration_draft": "read.calibration",
    "allocation": "read.allocation",
    "expectation": "read.treatment",
    "treatment_vein": "read.treatment",
    "treatment_facts": "read.facts",
    "treatment_export": "treatment.export",
    "people": "read.people",
    "sites": "read.sites",
    "equipment": "read.equipment",
    "ledger": "read.ledger",
    "ledger_verify": "read.verification",
    "programme": "read.programme",
    "programme_file": "read.programme",
    "programme_export": "read.programme",
    "programme_print": "read.programme",
    "programme_brief": "read.programme",
    "plan": "read.programme",
    "register": "read.programme",
    "register_thing": "read.programme",
    "receipt": "read.programme",
    **dict.fromkeys(
        ("target_number", "target_document", "moved", "measure_number", "measure_document", "counted_fact"),
        "read.measured",
    ),
    # labels
    "label_picture": "read.label",
    "label_paper": "read.label",
    "label_printer": "read.label",
    # the REST interface asks for a session itself
    "rest:openapi-json": PUBLIC,
    "rest:api-root": PUBLIC,
    "rest:treatments": "read.treatment",
    "rest:facts": "read.facts",
    **{f"rest:{verb.replace('.', '_')}": verb for verb in VERBS},
    # accounts
    "account_login": PUBLIC,
    "mfa_authenticate": PUBLIC,
    "passkey_challenge": PUBLIC,
    "passkey_sign_in": PUBLIC,
    "openid_connect_login": PUBLIC,
    "openid_connect_callback": PUBLIC,
    "sign_out": SIGNED_IN,
    "mfa_index": SIGNED_IN,
    "account_reauthenticate": SIGNED_IN,
    "add_passkey": SIGNED_IN,
    "remove_passkey": SIGNED_IN,
    "set_up_code": SIGNED_IN,
    "remove_code": SIGNED_IN,
    "recovery_codes": SIGNED_IN,
    "end_other_sessions": SIGNED_IN,
    "change_password": SIGNED_IN,
    "account_administration": "read.accounts",
    "account_administered": "read.accounts",
    "issue_password": "account.issue_password",
    "account_unlock": "account.unlock",
    "account_revoke": "account.revoke",
    "account_end-sessions": "account.end_sessions",
    "bind_provider": "account.bind_provider",
    "account_unbind-provider": "account.unbind_provider",
    "account_events": "read.account_events",
}

UNLISTED = RefusalKind(
    "access.unlisted",
    "Nobody may do this: {name} does not stand in the table of access. Tell whoever runs this installation.",
    "任何人都不能进行此操作：{name} 未列入权限表。请告知系统运维人员。",
)


def row_of(name: str, arguments: Mapping[str, Any]) -> str | None:
    """The row of the address, ``public``, ``signed_in``, or None where it is not listed."""
    row = PAGES.get(name)
    if row == OF_NOUN:
        return NOUNS.get(arguments["noun"], SIGNED_IN)
    if row == OF_VERB:
        return arguments["verb"] if arguments["verb"] in VERBS else SIGNED_IN
    return row


def refusal_of(name: str, arguments: Mapping[str, Any], who: PersonRow | None) -> Refusal | None:
    """Why this address is closed to the person, or None. Who has not signed in is asked to by the accounts' gate."""
    row = row_of(name, arguments)
    if row is None:
        return UNLISTED(name=name)
    if row in (PUBLIC, SIGNED_IN) or who is None:
        return None
    return access.ever(row, Person(who.person, who.site, cast(tuple[Role, ...], who.roles)))


class PageAccess(MiddlewareMixin):
    """Asks the table of access before every page, endpoint and file."""

    get_response: Callable[[HttpRequest], HttpResponse]

    def process_view(self, request: HttpRequest, view: Any, arguments: Any, options: Any) -> HttpResponse | None:
        match = request.resolver_match
        assert match is not None
        refusal = refusal_of(match.view_name, match.kwargs, getattr(request, "who", None))
        if refusal is None:
            return None
        if request.method == "POST" and row_of(match.view_name, match.kwargs) in VERBS:
            return None  # the action refuses it itself, in place and as described
        if match.namespace:
            body = {"detail": refusal.en, "code": refusal.code, "zh": refusal.zh, "en": refusal.en}
            return JsonResponse(body, status=403)
        return answers.refused(request, refusal)
