"""``yimai begin``: a new ledger's first administrator and the site that he or she belongs to; all else is done in the browser."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from yimai.actions import site
from yimai.actions.verbs import Act, name_of
from yimai.domain.identifier import names
from yimai.domain.person import BAD_NAME
from yimai.domain.site import SiteRegistered
from yimai.wiring import account_commands, house
from yimai.wiring.demo_accounts import registered_people
from yimai.wiring.ledger_commands import perform
from yimai.wiring.problems import CommandProblem


def begin(folder: Path, person: str, printed_name: str, registration: SiteRegistered) -> int:
    """Register the first administrator at the site, register the site, and print a one-time password.

    Raises CommandProblem where the ledger has an administrator, or where an identifier or a name is none.
    """
    for identifier in (person, registration.site):
        if not names(identifier):
            raise CommandProblem(BAD_NAME(name=identifier[:64]).en)
    if not printed_name.strip():
        raise CommandProblem("--name is empty: give the name as it is printed under signatures")
    database = house.open_database(folder)
    try:
        if house.last_recorded(database) and registered_people(database):
            raise CommandProblem(
                "this ledger has been begun: its administrator registers people and sites in the browser"
            )
        with house.open_house(database) as opened:
            _register(opened, person, printed_name, registration)
    finally:
        database.stop()
    return account_commands.create(folder, person)


def _register(opened: house.House, person: str, printed_name: str, registration: SiteRegistered) -> None:
    first = {
        "person": person,
        "site": registration.site,
        "roles": ("administrator",),
        "printed_name": printed_name,
    }
    acts: tuple[tuple[Act, dict[str, Any]], ...] = (
        (site.register_person, first),
        (site.register_site, {"registration": registration}),
    )
    for act, arguments in acts:
        once = f"begin/{name_of(act)}"
        perform(opened, act, arguments, once, person, site=registration.site, zone=registration.zone)
    opened.ledger.seal()
