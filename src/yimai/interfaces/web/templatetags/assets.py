"""Addresses of our own static files, with a mark of their content so that a changed file is fetched anew."""

from __future__ import annotations

import hashlib
from functools import cache

from django import template
from django.contrib.staticfiles import finders
from django.templatetags.static import static

register = template.Library()


@register.simple_tag
def asset(path: str) -> str:
    return f"{static(path)}?v={_mark(path)}"


@cache
def _mark(path: str) -> str:
    found = finders.find(path)
    if not isinstance(found, str):
        raise FileNotFoundError(path)
    with open(found, "rb") as file:  # noqa: PTH123 - finders give a text path
        return hashlib.sha256(file.read()).hexdigest()[:12]
