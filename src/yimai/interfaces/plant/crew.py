"""Who works where and when: finds the right person for a task among the base's and its partners' people."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Final
from zoneinfo import ZoneInfo

from yimai.domain.base import Base, Member
from yimai.domain.person import Role

HOUR: Final = timedelta(hours=1)
WEEK: Final = 7 * 24


class NobodyOnDuty(Exception):
    """Nobody of that role and qualification is at work at the site at that time."""


class Crew:
    """The people of a base and its partner sites, as its file lists them.

    chance: chooses among those who are fit; without it the first in the file's order comes.
    """

    def __init__(self, base: Base, chance: Random | None = None) -> None:
        self.zone = ZoneInfo(base.timezone)
        self._people = base.people
        self._at: dict[str, list[Member]] = {}
        for person in base.people:
            self._at.setdefault(person.site, []).append(person)
        self._shifts = base.shifts
        self._chance = chance

    def sites(self, role: Role) -> tuple[str, ...]:
        """The sites at which people of the role work, in the file's order."""
        return tuple(dict.fromkeys(person.site for person in self._people if role in person.roles))

    def pick(self, at: datetime, site: str, *roles: Role, qualification: str = "", without: Sequence[str] = ()) -> str:
        """Return somebody at work at the site who may do it. without: who may not. Raises NobodyOnDuty."""
        fit = self._fit(at, site, roles, qualification, without)
        if not fit:
            what = f"{'/'.join(roles)} {qualification}".strip()
            raise NobodyOnDuty(f"no {what} is on duty at {site} at {at.astimezone(self.zone).isoformat()}")
        return self._chance.choice(fit) if self._chance is not None else fit[0]

    def next_on_duty(self, at: datetime, site: str, *roles: Role, qualification: str = "") -> datetime:
        """Return ``at``, or the first full hour after it at which somebody is on duty. Raises NobodyOnDuty."""
        moment = at
        for _ in range(WEEK):
            if self._fit(moment, site, roles, qualification, ()):
                return moment
            local = moment.astimezone(self.zone).replace(minute=0, second=0, microsecond=0)
            moment = local + HOUR
        raise NobodyOnDuty(f"no {'/'.join(roles)} {qualification} comes on duty at {site} in the week after {at}")

    def _fit(
        self, at: datetime, site: str, roles: Sequence[Role], qualification: str, without: Sequence[str]
    ) -> list[str]:
        local, wanted = at.astimezone(self.zone), set(roles)
        resting = {shift.id for shift in self._shifts if not shift.runs(local.time())}
        return [
            person.id
            for person in self._at.get(site, ())  # one without a shift is always at hand
            if not wanted.isdisjoint(person.roles)
            and person.id not in without
            and person.shift not in resting
            and (not qualification or _holds(person, qualification, local))
        ]


def _holds(person: Member, qualification: str, local: datetime) -> bool:
    return any(
        held.qualification == qualification and held.valid_from <= local.date() <= held.valid_until
        for held in person.qualifications
    )
