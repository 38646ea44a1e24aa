"""How pages of the programme say things: titles in the reader's language, districts in English, what refers to the register."""

from __future__ import annotations

from typing import Any, Final

from django import template
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from yimai.domain.source import SourceNamed
from yimai.domain.target import TargetSet
from yimai.interfaces.web.city_map import ENGLISH
from yimai.interfaces.web.templatetags.wording import counted, in_chinese
from yimai.projections.register_board import Thing

register = template.Library()
AREAS: Final = {"临港新片区": "Lingang new area", "国际医学园区": "International Medical Zone"}
"""What sources give as a district and is none."""


@register.filter
def either(thing: Any) -> str:
    """The title of anything that has one in both languages."""
    return str(thing.title_zh if in_chinese() else thing.title_en)


@register.filter
def other(thing: Any) -> str:
    """The title in the other language."""
    return str(thing.title_en if in_chinese() else thing.title_zh)


@register.filter
def district(name: str) -> str:
    """What a district is called in the reader's language."""
    return name if in_chinese() else ENGLISH.get(name) or AREAS.get(name, name)


@register.simple_tag
def register_title(known: dict[tuple[str, str], Thing], noun: str, identifier: str) -> SafeString | str:
    """What something on the register is called, leading to it; its identifier where it is not there."""
    thing = known.get((noun, identifier))
    if thing is None:
        return identifier
    return format_html('<a href="{}">{}</a>', reverse("register_thing", args=[noun, identifier]), either(thing))


@register.simple_tag
def register_key(known: dict[tuple[str, str], Thing], key: str) -> SafeString | str:
    """The same of ``site/lingang``; anything else as it is written."""
    noun, _, identifier = key.partition("/")
    return (
        register_title(known, noun, identifier) if (noun, identifier) in known else format_html("<code>{}</code>", key)
    )


@register.filter
def owner(drafted: Any) -> str:
    return str(drafted.owner_zh if in_chinese() else drafted.owner_en)


@register.filter
def reading(target: TargetSet) -> str:
    """How a clause is read."""
    return target.reading_zh if in_chinese() else target.reading_en


@register.filter
def scope(target: TargetSet) -> str:
    """What a target counts, in words."""
    return target.scope_zh if in_chinese() else target.scope_en


@register.simple_tag
def amount(value: int, unit: str) -> str:
    """A measured value with its unit; money in yuan."""
    return counted(value, unit)


@register.simple_tag
def amounts(target: TargetSet) -> str:
    """What a target compares with."""
    return " – ".join(amount(each, target.unit) for each in target.values) or ("有" if in_chinese() else "exists")


@register.simple_tag
def source_title(sources: dict[str, SourceNamed], name: str) -> str:
    """What a source is called."""
    source = sources.get(name)
    return either(source) if source is not None else name


@register.filter
def px(place: float) -> str:
    """A place in a drawing, as every language's numbers are written there."""
    return f"{place:g}"


@register.filter
def add_px(place: float, more: int) -> str:
    return px(place + more)


@register.simple_tag
def own_page(noun: str, identifier: str) -> str:
    """The address of a plan's own page, or of that of something on the register."""
    return reverse("plan", args=[identifier]) if noun == "plan" else reverse("register_thing", args=[noun, identifier])
