"""Every address, for every role that the table of access opens it to, with identifiers of the loaded plant."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Final
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import override
from tests.walks.loaded import LoadedPlant

from yimai.actions.verbs import VERBS
from yimai.domain.measure import Question
from yimai.domain.person import Role
from yimai.interfaces.web import window
from yimai.interfaces.web.permitted import NOUNS
from yimai.projections import plan_board, receipt_board, vein, worklist
from yimai.projections.register import PersonRow
from yimai.projections.worklist_state import Task
from yimai.wiring.page_access import PAGES, refusal_of

LANGUAGES: Final = ("zh-hans", "en")
TRIED: Final = 12
"""Of so many things one must have the page that is asked for."""
TOLD: Final = 40
"""Things come first of which about so many facts tell: they have something on their pages, and not pages without end."""
OF: Final[Mapping[str, str]] = {
    "treatment": "treatment",
    "treatment_facts": "treatment",
    "treatment_vein": "treatment",
    "allocation": "treatment",
    "expectation": "treatment",
    "batch": "batch",
    "disposition": "batch",
    "certificate": "batch",
    "deviation": "deviation",
    "sample": "sample",
    "plan": "plan",
    "lot": "material_lot",
    "rest:facts": "treatment",
}
"""Of which noun's identifiers a page's address is made."""

FILES: Final = frozenset({
    *("health", "worker", "session", "passkey_challenge", "label_picture", "label_paper", "label_printer"),
    *("programme_export", "programme_brief"),
    *("target_document", "measure_document"),
    *("treatment_export", "programme_file", "rest:treatments", "rest:facts", "rest:openapi-json", "rest:api-root", "expectation"),
})  # fmt: skip
"""What is no page, but for machines, printers, pictures, or a part of a page."""
BY_POST: Final = frozenset({
    *("sign_out", "passkey_sign_in", "remove_passkey", "remove_code", "end_other_sessions", "bind_provider"),
    *("issue_password", "account_unlock", "account_revoke", "account_end-sessions", "account_unbind-provider"),
    "ledger_verify",
})  # fmt: skip
"""What is asked by POST alone."""
REST_VERBS: Final = frozenset(f"rest:{verb.replace('.', '_')}" for verb in VERBS)


@dataclass(frozen=True)
class Place:
    """One address for one role. paths: to try one after another, until one of the things has this page.

    about: the verb of a form, the noun of a trace.
    """

    role: str
    name: str
    language: str
    paths: tuple[str, ...]
    about: str = ""


@dataclass(frozen=True)
class Sight:
    """What one person sees. things: identifiers by noun. tasks: what is to be done.

    told: everything that a form may be told of some treatments. published: receipts, each with how many facts it rests on.
    counted: hashes of facts behind numbers, by measure.
    """

    who: PersonRow
    things: Mapping[str, list[str]]
    labels: list[tuple[str, int]]
    facts: list[str]
    exports: list[tuple[str, str]]
    stages: list[str]
    tasks: list[tuple[str, Mapping[str, str]]]
    told: list[dict[str, str]]
    published: list[tuple[str, int]]
    counted: dict[str, list[str]]


def languages(number: int) -> tuple[str, ...]:
    """Both with YIMAI_EVERY_LANGUAGE=1, else one after the other."""
    return LANGUAGES if os.environ.get("YIMAI_EVERY_LANGUAGE") == "1" else (LANGUAGES[number % 2],)


def places(plant: LoadedPlant, role: str) -> Iterator[Place]:
    """Every address that is open to the role's person."""
    who, sight = plant.people[role], sight_of(plant.people[role])
    number = sum(map(ord, role))
    for name in PAGES:
        if name in REST_VERBS:
            continue
        for tried in grouped(name, sight):
            if not tried or refusal_of(name, tried[0][0], who) is not None:
                continue
            number += 1
            for language in languages(number):
                with override(language):
                    paths = tuple(
                        reverse(name, kwargs=arguments) + (f"?{urlencode(given)}" if given else "")
                        for arguments, given in tried
                    )
                yield Place(role, name, language, paths, tried[0][0].get("verb") or tried[0][0].get("noun", ""))


Tried = list[tuple[dict[str, Any], dict[str, str]]]


def grouped(name: str, sight: Sight) -> Iterator[Tried]:
    """For each page of this name, the addresses to try: arguments of the path, and what stands behind the question mark."""
    if name in OF:
        yield [({"identifier": each}, {}) for each in sight.things.get(OF[name], [])[:TRIED]]
    elif name == "about":
        for noun in NOUNS:
            yield [({"noun": noun, "identifier": each}, {}) for each in sight.things.get(noun, [])[:TRIED]]
    elif name == "act":
        for verb in VERBS:
            yield [({"verb": verb}, given) for given in _givens(verb, sight)]
    elif name == "fact":
        yield [({"digest": each}, {}) for each in sight.facts]
    elif name == "programme_file":
        yield [({"identifier": each}, {}) for each in sight.things.get("programme", [])]
    elif name == "register_thing":
        for noun in ("site", "cluster", "authorisation"):
            yield [({"noun": noun, "identifier": each}, {}) for each in sight.things.get(noun, [])[:TRIED]]
    elif name == "programme_brief":
        yield [({"language": "zh"}, {})]
    elif name == "programme_export":
        yield [({"form": "iati"}, {})]
    elif name in ("target_number", "target_document", "moved"):
        given = {"from": str(sight.published[0][1])} if name == "moved" else {}
        yield [({"target": "cell_industry_scale-1"}, given)]
        if name == "target_number":
            yield [({"target": "simulated-follow-up-scale-1"}, {})]
    elif name in ("measure_number", "measure_document"):
        yield [({"measure": "clusters@1"}, {})]
        if name == "measure_number":
            yield [({"measure": "patients_treated@1"}, {})]
    elif name == "counted_fact":
        for measure, digests in sight.counted.items():
            yield [({"measure": measure, "digest": each}, {}) for each in digests[:TRIED]]
    elif name == "receipt":
        yield [({"digest": digest}, {}) for digest, _ in sight.published]
    elif name == "treatment_export":
        yield [({"identifier": treatment, "digest": digest}, {}) for treatment, digest in sight.exports]
    elif name.startswith("label_"):
        more = {"dpi": 203} if name == "label_printer" else {}
        yield [({"item": item, "copy": copy, **more}, {}) for item, copy in sight.labels]
    elif name in ("search", "scan"):
        asked = {"search": "q", "scan": "code"}[name]
        yield [({}, {})]
        yield [({}, {asked: "T000000000"})]
        yield [({}, {asked: each}) for each in sight.things.get("treatment", [])[:1]]
    else:
        yield [(_fixed(name, sight), {})]


def _fixed(name: str, sight: Sight) -> dict[str, Any]:
    if name == "treatments":
        return {"stage": sight.stages[0] if sight.stages else "ordered"}
    if name == "home_of":
        return {"role": sight.who.roles[0]}
    if name == "remove_passkey":
        return {"number": 1}
    if name.startswith("openid_connect"):
        return {"provider_id": "hospital-a"}
    if name in ("bind_provider", "issue_password") or name.startswith("account_administered"):
        return {"person": "operator-01"}
    if name in ("account_unlock", "account_revoke", "account_end-sessions", "account_unbind-provider"):
        return {"person": "operator-01"}
    return {}


def _givens(verb: str, sight: Sight) -> list[dict[str, str]]:
    """What a form of this verb may be told in its address: as the role's own task has it, else all that a treatment has."""
    own = [dict(arguments) for named, arguments in sight.tasks if named == verb]
    if VERBS[verb].treatment:
        return [*own[:2], *sight.told]
    thing = {noun: known[0] for noun, known in sight.things.items()}
    return [*own[:2], thing]


def _told(cursor: Any, treatment: str) -> dict[str, str]:
    """Everything that the treatment's facts name, the newest of each; of a batch's entries, all that one fact names."""
    found: dict[str, str] = {}
    entry: dict[str, str] = {}
    for each in vein.entries(cursor, f"treatment/{treatment}"):
        named = {
            name: str(value) for name, value in each.data.items() if isinstance(value, str | int) and name in _TOLD
        }
        found |= named
        entry = named if "entry" in named else entry
    return {**found, **entry, "treatment": treatment}


def _telling(cursor: Any, treatments: list[str]) -> list[str]:
    """Of these treatments those that are at a stage, or have a kind of fact, that none before has."""
    stages = cursor.execute("SELECT treatment, stage, state, held FROM projection.treatment_board").fetchall()
    kinds = cursor.execute(
        "SELECT substr(mention, 11), array_agg(DISTINCT kind) FROM projection.mention JOIN projection.fact USING (hash)"
        " WHERE mention LIKE 'treatment/%' GROUP BY mention"
    ).fetchall()
    has: dict[str, set[str]] = {treatment: set(known) for treatment, known in kinds}
    for treatment, stage, state, held in stages:
        has[treatment] |= {stage, f"state {state}", f"held {held}"}
    seen, chosen = set[str](), []
    for each in treatments:
        if has[each] - seen:
            seen |= has[each]
            chosen.append(each)
    return chosen


_TOLD: Final = frozenset(
    ("batch", "step", "round", "entry", "container", "shipment", "sample", "test", "deviation", "excursion", "permit")
)


@cache
def sight_of(who: PersonRow) -> Sight:
    """What the person sees of the loaded plant, which is the same in all its copies."""
    with window.reading(who) as cursor:
        rows = cursor.execute(
            "SELECT mention FROM projection.mention GROUP BY mention ORDER BY abs(count(*) - %s), mention", (TOLD,)
        ).fetchall()
        things: dict[str, list[str]] = {}
        for (mention,) in rows:
            noun, _, identifier = mention.partition("/")
            things.setdefault(noun, []).append(identifier)
        labels = cursor.execute("SELECT item, copy FROM projection.label ORDER BY issued DESC LIMIT 5").fetchall()
        facts = cursor.execute("SELECT hash FROM projection.fact ORDER BY occurred DESC LIMIT 3").fetchall()
        exports = cursor.execute(
            "SELECT subject, hash FROM projection.fact WHERE kind = 'treatment.exported.v1' AND actor = %s",
            (who.person,),
        ).fetchall()
        stages = cursor.execute("SELECT DISTINCT stage FROM projection.treatment_board ORDER BY stage").fetchall()
        tasks = _tasks(cursor, who, window.now())
        told = [_told(cursor, each) for each in _telling(cursor, things.get("treatment", []))]
        rows_of = [target.published for _, target in plan_board.board(cursor).targets]
        published = sorted(
            {(row.said.receipt, row.said.size) for rows in rows_of for row in rows}, key=lambda each: each[1]
        )
        counted = dict(_counted(cursor)) if "planner" in who.roles else {}
    return Sight(
        who,
        things,
        [(row[0], row[1]) for row in labels],
        [row[0].hex() for row in facts],
        [(row[0].partition("/")[2], row[1].hex()) for row in exports],
        [row[0] for row in stages],
        [(each.verb, each.arguments) for each in tasks],
        told,
        published,
        counted,
    )


def _counted(cursor: Any) -> Iterator[tuple[str, list[str]]]:
    """Facts behind a number of the register, one of returns, and two that tell of patients."""
    day, sealed = window.now().date(), receipt_board.sealed(cursor)
    assert sealed is not None
    as_of = receipt_board.AsOf(day, sealed, receipt_board.ended(cursor, day))
    facts = receipt_board.facts(cursor, sealed)
    for measure in ("clusters@1", "industry_gross_output@1", "doses_released@1", "patients_treated@1"):
        found = receipt_board.answer(Question(measure, day), as_of, facts)
        yield measure, [each.fact.hex() for each in found.measured.contributions] if found is not None else []


def _tasks(cursor: Any, who: PersonRow, now: datetime) -> list[Task]:
    roles: tuple[Role, ...] = who.roles  # type: ignore[assignment]  # the register knows no others
    own = worklist.for_site(cursor, who.site, roles, now, person=who.person)
    return [*(worklist.for_courier(cursor, who.person, now) if "courier" in roles else ()), *own]
