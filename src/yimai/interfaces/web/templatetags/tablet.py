"""How pages bring their scripts, and the words that scripts say."""

from __future__ import annotations

from typing import Any, Final

from django import template

from yimai.projections import words

register = template.Library()

SCRIPTS: Final = (
    "vendor/htmx.min.js",
    "web/words.js",
    "web/clocks.js",
    "web/identifier.js",
    "web/tones.js",
    "web/scanner.js",
    "web/scan.js",
    "web/camera.js",
    "web/numpad.js",
    "web/offered.js",
    "web/hand.js",
    "web/store.js",
    "web/link.js",
    "web/kept.js",
    "web/act.js",
    "web/adds.js",
    "web/queue.js",
    "web/waiting.js",
    "web/passkey.js",
    "web/live.js",
    "web/chain.js",
    "web/drag.js",
    "web/photograph.js",
    "web/hash.js",
)
"""In the order in which they run: each may use those before it."""


@register.inclusion_tag("web/scripts.html")
def scripts() -> dict[str, Any]:
    return {"scripts": SCRIPTS}


@register.inclusion_tag("web/tablet_words.html")
def tablet_words() -> dict[str, Any]:
    return {"nouns": words.NOUNS}
