"""Moments of accounts, which are the machine's and not the ledger's, in the city's time."""

from __future__ import annotations

from datetime import datetime

from django import template

from yimai.interfaces.accounts.problems import CITY

register = template.Library()


@register.filter
def city(at: datetime | None) -> datetime | None:
    return None if at is None else at.astimezone(CITY)
