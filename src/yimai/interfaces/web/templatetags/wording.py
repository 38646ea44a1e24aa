"""How templates say things: words of the reader's language, times with their zone, identifiers as links."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from itertools import accumulate
from typing import Any, Final

from django import template
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from yimai.domain.identifier import grouped
from yimai.domain.reason import REASONS
from yimai.domain.recipe import Limits, Words
from yimai.interfaces.web import permitted
from yimai.interfaces.web.vein_drawing import Point
from yimai.projections import field_words, measure_words, words
from yimai.projections.register import PersonRow, SiteRow
from yimai.projections.trace import TracedFact

register = template.Library()

SHANGHAI: Final = timezone(timedelta(hours=8))
OWN_PAGES: Final = frozenset({"treatment", "deviation", "sample", "plan"})
"""Nouns whose records have a page of their own, which leads on to the trace."""
ANNOTATION: Final = re.compile(r"\{(\w+)\}")
COUNTED: Final = {
    "cell": Words("细胞", "cell"),
    "copies": Words("拷贝", "copies"),
    "beads": Words("个", "beads"),
    "set": Words("套", "set"),
    "bag": Words("个", "bag"),
}
"""What is counted: UCUM's annotations that recipes use."""
WHOLE_UNITS: Final = {"{beads}/(3.10*6)": Words("个/3×10⁶ 细胞", "beads per 3×10⁶ cells")}
CATALOGUES: dict[str, dict[str, Words]] = {
    "kind": words.KINDS,
    "stage": words.STAGES,
    "state": words.STATES,
    "noun": words.NOUNS,
    "role": words.ROLES,
    "clock": words.CLOCKS,
    "block": words.BLOCKS,
    "stops": words.STOPS,
    "site_kind": words.SITE_KINDS,
    "reason": dict(REASONS),
    "field": field_words.FIELDS,
    "value": field_words.VALUES,
    "rule": measure_words.RULES,
    "exclusion": measure_words.REASONS,
    "evidence": measure_words.EVIDENCE,
    "comparator": measure_words.COMPARATORS,
}


def in_chinese() -> bool:
    return (get_language() or "zh-hans").startswith("zh")


@register.filter
def said(pair: Words | None) -> str:
    """A pair of words in the reader's language."""
    if pair is None:
        return ""
    return pair.zh if in_chinese() else pair.en


@register.simple_tag
def both(zh: str, en: str) -> str:
    """Words that a fact holds in both languages."""
    return said(Words(zh, en))


@register.filter
def word(code: str, catalogue: str) -> str:
    """What a stored code is called; a code without words stands for itself."""
    pair = CATALOGUES[catalogue].get(code)
    return said(pair) if pair is not None else code


@register.filter
def titled(site: str, sites: dict[str, SiteRow]) -> str:
    """A site's title in the reader's language, else its identifier."""
    row = sites.get(site)
    if row is None:
        return site
    return row.title_zh if in_chinese() else row.title_en


@register.filter
def moment(at: datetime | None) -> SafeString | str:
    """A time with its date and zone."""
    if at is None:
        return ""
    return format_html(
        '<time datetime="{}">{} <span class="zone">{}</span></time>',
        at.isoformat(timespec="seconds"),
        at.strftime("%Y-%m-%d %H:%M"),
        zone(at),
    )


@register.filter
def clock_time(at: datetime) -> SafeString:
    """A time of day, its full date and zone in the attribute."""
    return format_html('<time datetime="{}">{}</time>', at.isoformat(timespec="seconds"), at.strftime("%H:%M"))


@register.filter
def here(at: datetime) -> datetime:
    """A time of a board, which keeps none, in the zone of the base's city."""
    return at.astimezone(SHANGHAI)


@register.filter
def stamp(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} {zone(at)}"


@register.filter
def day_time(at: datetime) -> str:
    """A time as short as the drawing needs it."""
    return f"{at.month}-{at.day:02d} {at:%H:%M}"


@register.filter
def unbroken(text: str) -> SafeString:
    """Text that stays on one line."""
    return format_html('<span class="pair">{}</span>', text)


@register.filter
def label_lines(point: Point) -> list[tuple[int, str, str]]:
    """A point's label: for each line its y, its class and its text; title, time, and who holds the container then."""
    written = [("", text) for text in point.lines] + [("at", day_time(point.at))]
    if point.holder:
        written.append(("at holder", point.holder))
    top = {
        "above": point.y - 20 - 16 * (len(written) - 1),
        "below": point.y + 30,
        "right_above": point.y - 8 - 16 * (len(written) - 1),
        "right_below": point.y + 22,
    }[point.side]
    return [(top + 16 * number, style, text) for number, (style, text) in enumerate(written)]


@register.filter
def treatments(fact: TracedFact) -> tuple[str, ...]:
    return fact.of("treatment")


@register.filter
def zone(at: datetime) -> str:
    """A time's zone: ``UTC+8``, ``UTC+5:30``."""
    minutes = int((at.utcoffset() or timedelta()).total_seconds()) // 60
    sign = "-" if minutes < 0 else "+"
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{sign}{hours}" + (f":{rest:02d}" if rest else "")


@register.filter
def lasting(span: timedelta) -> str:
    """A duration in its two largest units: ``3 d 4 h``, ``2 h 5 min``."""
    minutes = int(abs(span).total_seconds()) // 60
    days, rest = divmod(minutes, 24 * 60)
    hours, left = divmod(rest, 60)
    day, hour, minute = _("d"), _("h"), _("min")
    if days:
        return f"{days} {day} {hours} {hour}"
    return f"{hours} {hour} {left} {minute}" if hours else f"{left} {minute}"


@register.filter
def limits(range_: Limits) -> str:
    """A range as people write it: ``≥ 80``, ``< 5``, ``70–100``, ``−1.5 … −0.5``."""
    low, high = (None if end is None else signed(end) for end in (range_.low, range_.high))
    if low is not None and high is not None and not (range_.low_exclusive or range_.high_exclusive):
        return f"{low} … {high}" if "\u2212" in low + high else f"{low}–{high}"
    from_low = "" if low is None else f"{'>' if range_.low_exclusive else '≥'} {low}"
    to_high = "" if high is None else f"{'<' if range_.high_exclusive else '≤'} {high}"
    return ", ".join(part for part in (from_low, to_high) if part)


@register.filter
def signed(value: Decimal) -> str:
    """A decimal with a proper minus sign."""
    return f"{value:f}".replace("-", "\u2212")


@register.filter
def unit(code: str) -> str:
    """A UCUM unit as people read it."""
    if code == "1":
        return ""
    if code in WHOLE_UNITS:
        return said(WHOLE_UNITS[code])
    if code.startswith("10*"):
        power, slash, rest = code[3:].partition("/")
        return "×10" + power.translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")) + slash + rest
    words_ = ANNOTATION.sub(lambda each: said(COUNTED.get(each[1], Words(each[1], each[1]))), code)
    words_ = words_.replace("[iU]", "IU").replace("Cel", "°C")
    return words_.translate(str.maketrans("", "", "{}[]"))


@register.filter
def beside(at: datetime, other: datetime) -> datetime:
    """A time in the zone of the one that it stands beside."""
    return at.astimezone(other.tzinfo)


@register.filter
def trimmed(text: SafeString) -> SafeString:
    """What a template made, without the end of its file's last line."""
    return SafeString(text.strip())


@register.filter
def until(end: datetime, start: datetime) -> SafeString | str:
    """The end of a span: the time alone where it is the day on which it started."""
    return clock_time(end) if end.date() == start.date() else moment(end)


@register.filter
def number(value: int | Decimal | str) -> str:
    """A number with thin spaces between its thousands."""
    return f"{value:,}".replace(",", "\u202f") if isinstance(value, int | Decimal) else str(value)


@register.filter
def yuan(value: int) -> str:
    """An amount in yuan, exact, in the reader's largest unit in which it needs no more than five decimals, so that a measured value stands
    in the unit of its target."""
    large = ((10**8, "亿元"), (10**4, "万元")) if in_chinese() else ((10**9, "billion yuan"), (10**6, "million yuan"))
    for size, name in large:
        if value >= size and value % max(size // 10**5, 10) == 0:
            return f"{(Decimal(value) / size).normalize():,f} {name}"
    return f"{number(value)} {'元' if in_chinese() else 'yuan'}"


@register.filter
def counted(value: int, unit: str) -> str:
    """A measure's value with what it counts: money in yuan, a share in per cent."""
    if unit == "fen":
        return (
            yuan(value // 100) if value % 100 == 0 else f"{Decimal(value) / 100:,} {'元' if in_chinese() else 'yuan'}"
        )
    if unit == "millionth":
        return f"{Decimal(value) / 10_000:.1f} %"
    if value == 1 and unit in measure_words.ONE:
        return f"1 {said(measure_words.ONE[unit])}"
    return f"{number(value)} {said(measure_words.UNITS.get(unit)) or word(unit, 'value')}"


@register.filter
def roughly(value: int, unit: str) -> str:
    """A value that is no count but an estimate: three significant digits, money in millions of yuan at the finest."""
    finest = 100_000_000 if unit == "fen" else 1
    step = max(10 ** max(len(str(abs(value))) - 3, 0), finest if abs(value) >= finest else 1)
    return counted(round(value / step) * step, unit)


@register.simple_tag
def ident(noun: str, identifier: str) -> SafeString:
    """An identifier that leads to everything about it."""
    return format_html('<a class="id" href="{}">{}</a>', address(noun, identifier), grouped(identifier))


@register.simple_tag
def about_url(noun: str, identifier: str) -> str:
    return address(noun, identifier)


def address(noun: str, identifier: str) -> str:
    """Where everything about an identifier is shown: its record's own page where it has one."""
    if noun in OWN_PAGES:
        return reverse(noun, args=[identifier])
    return reverse("about", args=[noun, identifier])


@register.simple_tag
def own_pages() -> str:
    """The nouns whose records have a page of their own, for scans to go there at once."""
    return " ".join(sorted(OWN_PAGES))


@register.filter
def opens(who: PersonRow, noun: str) -> bool:
    """Whether the reader may read about some things of this noun."""
    return permitted.opens(who, noun)


@register.filter
def group(identifier: str) -> str:
    return grouped(identifier)


@register.filter
def short(digest: bytes | str) -> str:
    """The first sixteen hexadecimal digits of a hash, in fours."""
    text = digest if isinstance(digest, str) else digest.hex()
    return " ".join(text[at : at + 4] for at in range(0, 16, 4))


@register.filter
def hexadecimal(digest: bytes) -> str:
    return digest.hex()


@register.filter
def add_number(value: float, more: int) -> float:
    """Their sum; Django's own ``add`` cuts fractions off."""
    return round(value + more, 1)


@register.filter
def item(mapping: dict[str, Any], key: str) -> Any:
    return mapping.get(key)


@register.filter
def called(identifier: str, titles: dict[str, Words]) -> str:
    """What a thing of a base is called in the reader's language, else its identifier."""
    title = titles.get(identifier)
    return identifier if title is None else said(title)


@register.filter
def percent(share: float) -> int:
    """A share of one, in whole per cent."""
    return round(100 * share)


@register.filter
def middle(bottom: float, height: float) -> float:
    """Where a line of text stands in the middle of a row that ends at the bottom."""
    return round(bottom - height / 2 + 5, 1)


@register.filter
def cut_to(text: str, letters: int) -> str:
    """The text, if need be without its middle: so many Latin letters (a Chinese character counts two). What tells names apart stands last."""
    wide = [2 if ord(letter) > 0x2E7F else 1 for letter in text]
    if sum(wide) <= letters:
        return text
    room = letters // 4
    first = sum(each <= letters - 1 - room for each in accumulate(wide))
    last = sum(each <= room for each in accumulate(reversed(wide)))
    return f"{text[:first]}…{text[len(text) - last :]}"


@register.filter
def form_moment(at: datetime) -> str:
    """A time as a field for times takes it, to the hour."""
    return f"{at:%Y-%m-%dT%H:00}"
