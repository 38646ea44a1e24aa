"""Who people are, from the vault: a patient for the ordering hospital's own people (and the district's inspector) alone."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import psycopg

from yimai.interfaces.web import window
from yimai.store.vault import VaultProblem


@dataclass(frozen=True, slots=True)
class Patient:
    name: str
    born: str
    hospital_number: str


def kept(name: str, born: str, hospital_number: str) -> bytes:
    """The patient as the vault keeps him: JSON."""
    person = {"name": name, "born": born, "hospital_number": hospital_number}
    return json.dumps(person, ensure_ascii=False, sort_keys=True).encode()


def patients(cursor: psycopg.Cursor[Any], treatments: Iterable[str]) -> dict[str, Patient]:
    """The patients of these treatments, as far as the reader may know them."""
    try:
        found = window.vault_of(cursor).newest(treatments, "patient")
    except VaultProblem:
        return {}
    return {treatment: _read(contents) for treatment, contents in found.items()}


def printed_names(cursor: psycopg.Cursor[Any], people: Iterable[str]) -> dict[str, str]:
    """The printed names of these people of the programme."""
    try:
        found = window.vault_of(cursor).newest(people, "printed_name")
    except VaultProblem:
        return {}
    return {person: contents.decode(errors="replace") for person, contents in found.items()}


def _read(contents: bytes) -> Patient:
    try:
        person = json.loads(contents)
        return Patient(str(person["name"]), str(person["born"]), str(person["hospital_number"]))
    except (ValueError, KeyError, TypeError):
        return Patient("?", "?", "?")
