"""How templates draw the fields of forms."""

from __future__ import annotations

from typing import Any

from django import template
from django.template import Context
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from yimai.domain.refusal import Refusal
from yimai.interfaces.web import refusal as wording
from yimai.interfaces.web.field import Field, Given, Tick
from yimai.interfaces.web.form import Filled
from yimai.interfaces.web.situation import Situation
from yimai.interfaces.web.templatetags.wording import said

register = template.Library()


@register.simple_tag
def field(each: Field, filled: Filled, within: str = "") -> SafeString:
    """One field with its label, what was typed, and what is wrong with it; within: tells one form of a page from another."""
    if not each.is_asked(filled.typed, filled.problems):
        return SafeString("")
    values = [value for value in filled.typed.all(each.name) if value]
    file = filled.typed.files.get(each.name)
    context: dict[str, Any] = {
        "field": each,
        "id": f"f-{within}{each.name}",
        "value": values[0] if values else "",
        "values": values,
        "unit_typed": filled.typed.one(f"{each.name}.unit"),
        "carried": file.name if file is not None else "",
        "problem": filled.problems.get(each.name),
        "template": f"web/fields/{each.widget}.html",
        "situation": filled.situation,
        "rows": each.rows(filled.typed, filled.situation),
        **each.drawn(filled.situation),
    }
    if isinstance(each, Given):
        return render_to_string(f"web/fields/{each.widget}.html", context)
    return render_to_string("web/fields/frame.html", {**context, "bare": isinstance(each, Tick)})


@register.simple_tag(takes_context=True)
def told(context: Context, refusal: Refusal) -> str:
    """Why something may not be done, and what to do, in the reader's language and the time of the reader's site."""
    zone = wording.zone_of(context.get("who"), context.get("sites") or {})
    situation = context.get("situation")
    return said(wording.told(refusal, zone, situation.titles if isinstance(situation, Situation) else None))


@register.filter
def printed(person: str, situation: Situation) -> str:
    """A person's printed name, which lies in the vault; the identifier where the reader may not know it."""
    return situation.printed_name(person) or person


@register.filter
def plain(value: object) -> str:
    """A decimal as scripts read it."""
    return f"{value:f}"
