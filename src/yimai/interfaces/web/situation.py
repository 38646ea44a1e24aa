"""What a form is filled in about: who fills it in, and what is known of the treatment, read for this one request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

import psycopg
from django.http import Http404

from yimai.domain.base import Base
from yimai.domain.recipe import Recipe
from yimai.domain.treatment import TreatmentOrdered
from yimai.domain.vein import Vein, vein_of
from yimai.interfaces.web.patient import Patient, patients, printed_names
from yimai.ledger.entry import Entry
from yimai.projections import approval_board, register, vein
from yimai.projections.register import PersonRow


@dataclass
class Situation:
    """cursor: reads what the person may see. given: what the address says the form is about (treatment, batch, step …)."""

    who: PersonRow
    cursor: psycopg.Cursor[Any]
    given: Mapping[str, str]
    now: datetime
    _names: dict[str, str] = field(default_factory=dict, init=False)

    @property
    def treatment(self) -> str:
        return self.given.get("treatment", "")

    @cached_property
    def entries(self) -> tuple[Entry, ...]:
        """The treatment's entries as far as the person may see them."""
        return tuple(vein.entries(self.cursor, f"treatment/{self.treatment}")) if self.treatment else ()

    @cached_property
    def vein(self) -> Vein:
        """The treatment. Raises Http404 if there is none that the person may see whole."""
        if not self.entries or self.entries[0].kind != TreatmentOrdered.kind:
            raise Http404(self.treatment)
        return vein_of(self.entries)

    @cached_property
    def recipe(self) -> Recipe:
        """The recipe as the latest batch pins it, else as approved last. Raises Http404 without one."""
        latest = self.vein.batches.latest
        version = latest.recipe_version if latest is not None else ""
        found = approval_board.recipe(self.cursor, self.vein.treatment.recipe, version)
        if found is None:
            raise Http404(self.vein.treatment.recipe)
        return found

    @property
    def titles(self) -> Recipe | None:
        """The recipe, for its titles, where the person may know which it is (a courier may not); else the only approved one."""
        try:
            return self.recipe if self.treatment else approval_board.only_recipe(self.cursor)
        except Http404:
            return None

    @cached_property
    def base(self) -> Base:
        """The treatment's base, else one's own. Raises Http404 if it is not approved."""
        wanted = self.vein.treatment.base if self.treatment else self.who.site
        found = approval_board.base(self.cursor, wanted)
        if found is None:
            raise Http404(wanted)
        return found

    def printed_name(self, person: str) -> str:
        """A person's printed name, "" where the reader may not know it."""
        if person not in self._names:
            wanted = {person, *(each.person for each in self.colleagues)} - self._names.keys()
            self._names |= dict.fromkeys(wanted, "") | printed_names(self.cursor, wanted)
        return self._names[person]

    @cached_property
    def patient(self) -> Patient | None:
        """Who the patient is, where the reader may know."""
        return patients(self.cursor, [self.treatment]).get(self.treatment) if self.treatment else None

    @cached_property
    def resting(self) -> frozenset[str]:
        """Whose shift, as the base's file says, does not run now."""
        try:
            base = self.base
        except Http404:
            return frozenset()
        running = {each.id for each in base.shifts if each.runs(self.now.time())}
        return frozenset(each.id for each in base.people if each.shift and each.shift not in running)

    @cached_property
    def colleagues(self) -> tuple[PersonRow, ...]:
        """Everybody registered at one's own site."""
        return register.at_site(self.cursor, self.who.site)
