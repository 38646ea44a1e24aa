"""What was scanned and did not match leaves its field, so that the next scan goes there."""

from __future__ import annotations

from yimai.domain.identifier import grouped
from yimai.domain.recipe import Words
from yimai.domain.refusal import Refusal
from yimai.interfaces.web.field import Scan, Scans, Typed
from yimai.interfaces.web.form import Filled


def take_out(filled: Filled, refusal: Refusal) -> None:
    """Empty and mark each scan that the refusal names; what the address says already is no scan of a wrong thing."""
    presented = set(refusal.details.values()) - set(filled.situation.given.values())
    texts = dict(filled.typed.texts)
    for each in filled.fields:
        if not isinstance(each, Scan | Scans) or not filled.typed.one(each.name):
            continue
        read = each.read(filled.typed, filled.situation)
        items = read if isinstance(read, tuple) else (str(getattr(read, "identifier", read)),)
        wrong = [item for item in items if item in presented]
        if wrong:
            texts[each.name] = [item for item in items if item not in presented]
            filled.problems[each.name] = Words(
                f"{grouped(wrong[0])} 不符，已从此处清除。请扫描正确的一个。",
                f"{grouped(wrong[0])} does not match and was taken out. Scan the right one here.",
            )
    filled.typed = Typed(texts, filled.typed.files)
