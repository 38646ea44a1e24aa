"""What the matrix on a label holds, and what a scan of it, or a hand on a keyboard, gives back.

A label code is the item's identifier, the copy's number as two digits and a check character over both (ISO 7064
MOD 37,36): thirteen digits and capital letters, which every keyboard layout of a scanner can type. GS1 keeps them in
the application identifiers 21 and 91. ``docs/identifiers.md`` defines both.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

from stdnum.iso7064 import mod_37_36

from yimai.domain.identifier import LETTERS, MISREAD, grouped, noun_of, typed
from yimai.domain.refusal import Refusal, RefusalKind

COPIES: Final = 99
"""The highest copy number: two digits."""
LENGTH: Final = 13


@dataclass(frozen=True, slots=True)
class Scanned:
    """What was scanned or typed. noun: what the identifier names. copy: of the label, or None if only the item is known."""

    noun: str
    identifier: str
    copy: int | None


NOTHING = RefusalKind(
    "label_code.nothing",
    "Nothing was read. Scan the square code on the label, or type the identifier beside it.",
    "未读到内容。请扫描标签上的方形码，或输入旁边的标识。",
)
FOREIGN = RefusalKind(
    "label_code.foreign",
    "This is not a Yimai label. Look for the label with the square code and scan that one.",
    "这不是本系统的标签。请找到带方形码的标签并扫描。",
)
CUT_SHORT = RefusalKind(
    "label_code.cut_short",
    "{count} characters were read, but a label has 13 and an identifier 10. Scan the whole code again.",
    "读到 {count} 个字符，而标签应为 13 个、标识应为 10 个。请重新完整扫描。",
)
WRONG_CHECK = RefusalKind(
    "label_code.wrong_check",
    "{read} cannot be right: its check character does not fit, so a character is wrong. Scan or type it again.",
    "{read} 有误：校验字符不符，至少有一个字符错误。请重新扫描或输入。",
)
OTHER_KEYBOARD = RefusalKind(
    "label_code.other_keyboard",
    "The scanner types for another keyboard layout than this device has. Set both to US English, then scan again.",
    "扫描器的键盘布局与本设备不一致。请将两者都设为美式英文后重新扫描。",
)


def label_code(identifier: str, copy: int) -> str:
    """Return what the matrix on this copy of the item's label holds, for example ``T4KY9X2YX4015``."""
    if noun_of(identifier) is None or not 1 <= copy <= COPIES:
        raise ValueError(f"no label code for {identifier!r}, copy {copy}")
    body = f"{identifier}{copy:02}"
    return body + str(mod_37_36.calc_check_digit(body))


def gs1_elements(identifier: str, copy: int, gtin: str = "") -> str:
    """Return the same as a GS1 element string, in brackets as people read it.

    With the holder's GTIN the identifier is its serial number and the copy goes beside it; without one the whole code
    is information of the company's own, since a serial number may not stand alone.
    """
    code = label_code(identifier, copy)
    return f"(01){gtin}(21){code[:10]}(91){code[10:]}" if gtin else f"(91){code}"


_SYMBOLOGY: Final = re.compile(r"^\][A-Za-z][0-9]")
_SEPARATORS: Final = re.compile(r"<GS>|\{GS\}|\^\]|<FNC1>", re.IGNORECASE)
_FORM: Final = re.compile(
    r"(?:01\d{14}21(?P<serial>[0-9A-Z]{10})(?:91(?P<beside>[0-9A-Z]{3}))?|91(?P<own>[0-9A-Z]{13})"
    r"|(?P<code>[0-9A-Z]{13})|(?P<item>[0-9A-Z]{10}))"
)
_LAYOUTS: Final = (
    str.maketrans("YZyz", "ZYzy"),
    str.maketrans("à&é\"'(-è_çAQZWaqzw?,", "0123456789QAWZqawzMm"),
)
"""How a scanner's US keys come out on QWERTZ and AZERTY, undone: only to tell people what is wrong."""


def scanned(text: str) -> Scanned | Refusal:
    """Read what a scanner sent or a person typed: a label code, its GS1 form, or an identifier alone.

    Understood in any case, full width or not, with a scanner's symbology prefix, separators, blanks and hyphens. What
    does not fit its check characters is refused, never mended: a well-formed code is not a right one either, so
    whether it belongs here is for the facts to say.
    """
    plain = _plain(text)
    if not plain:
        return NOTHING()
    read = _read(plain)
    if read is not None:
        return read
    if any(_read(_plain(text.translate(layout))) for layout in _LAYOUTS):
        return OTHER_KEYBOARD()
    if re.fullmatch(r"[0-9A-Z]+", plain) and plain[0] in LETTERS.values():
        if len(plain) in (10, LENGTH):
            return WRONG_CHECK(read=grouped(plain[:10]) + plain[10:])
        if 6 < len(plain) < 2 * LENGTH:
            return CUT_SHORT(count=len(plain))
    return FOREIGN()


def _plain(text: str) -> str:
    """Capital letters and digits as they would have been scanned, without what scanners put around them."""
    wide = unicodedata.normalize("NFKC", text)
    bare = _SEPARATORS.sub("", _SYMBOLOGY.sub("", "".join(wide.split())))
    return "".join(each for each in bare if each not in "-()" and each.isprintable()).upper()


def _read(plain: str) -> Scanned | None:
    form = _FORM.fullmatch(plain)
    if form is None:
        return None
    serial, beside, own, code, item = form.groups()
    whole = own or code or (serial or item) + (beside or "")
    identifier, rest = typed(whole[:10]), whole[10:]
    noun = noun_of(identifier)
    if noun is None:
        return None
    if not rest:
        return Scanned(noun, identifier, None)
    copy = rest[:2].translate(MISREAD)
    if not re.fullmatch(r"0[1-9]|[1-9][0-9]", copy) or not mod_37_36.is_valid(identifier + copy + rest[2]):
        return None
    return Scanned(noun, identifier, int(copy))
