"""Messages in catalogues and in templates: read .po, write .mo, find what is to be translated. Run it to compile:

python -m tests.pages.messages
"""

from __future__ import annotations

import ast
import re
import struct
from collections.abc import Iterator, Mapping
from pathlib import Path

DOORS = tuple(Path(__file__).parents[2] / "src" / "yimai" / "interfaces" / door for door in ("web", "accounts"))
WEB, ACCOUNTS = DOORS
TRANSLATE = re.compile(r"""{%\s*translate\s+(?:"([^"]+)"|'([^']+)')""")
BLOCK = re.compile(r"{%\s*blocktranslate[^%]*%}(.*?){%\s*endblocktranslate\s*%}", re.DOTALL)
CALL = re.compile(r"""\b_\("([^"]+)"\)""")


def po(door: Path) -> Path:
    """The door's written catalogue; the compiled one lies beside it as .mo."""
    return door / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"


def catalogue(po: str) -> dict[str, str]:
    """Each message with its translation; raises ValueError for a fuzzy entry or one that stands twice."""
    if "#, fuzzy" in po:
        raise ValueError("a translation is marked as fuzzy")
    messages: dict[str, str] = {}
    for block in re.split(r"\n\s*\n", po.strip()):
        parts: dict[str, str] = {}
        current = ""
        for line in block.splitlines():
            if found := re.match(r'(msgid|msgstr) (".*")$', line):
                current = found[1]
                parts[current] = ast.literal_eval(found[2])
            elif line.startswith('"'):
                parts[current] += ast.literal_eval(line)
        if parts["msgid"] in messages:
            raise ValueError(f"{parts['msgid']!r} stands twice")
        messages[parts["msgid"]] = parts["msgstr"]
    return messages


def compiled(messages: Mapping[str, str]) -> bytes:
    """The catalogue in GNU's .mo format, sorted, without a hash table."""
    pairs = sorted((key.encode(), value.encode()) for key, value in messages.items())
    keys = values = b""
    table: list[tuple[int, int, int, int]] = []
    for key, value in pairs:
        table.append((len(key), len(keys), len(value), len(values)))
        keys += key + b"\0"
        values += value + b"\0"
    first = 28 + 16 * len(pairs)
    head = struct.pack("<7I", 0x950412DE, 0, len(pairs), 28, 28 + 8 * len(pairs), 0, first)
    originals = b"".join(struct.pack("<2I", length, first + at) for length, at, _, _ in table)
    translations = b"".join(struct.pack("<2I", length, first + len(keys) + at) for _, _, length, at in table)
    return head + originals + translations + keys + values


def to_translate(*doors: Path) -> Iterator[str]:
    """Every message in templates and code of these doors, or of all."""
    for door in doors or DOORS:
        yield from _of_door(door)


def _of_door(door: Path) -> Iterator[str]:
    for template in sorted((door / "templates").rglob("*.html")):
        text = template.read_text(encoding="utf-8")
        yield from ((double or single).replace("%", "%%") for double, single in TRANSLATE.findall(text))
        yield from (re.sub(r"{{\s*(\w+)\s*}}", r"%(\1)s", block.replace("%", "%%")) for block in BLOCK.findall(text))
    for module in sorted(door.rglob("*.py")):
        yield from CALL.findall(module.read_text(encoding="utf-8"))


if __name__ == "__main__":
    for door in DOORS:
        po(door).with_suffix(".mo").write_bytes(compiled(catalogue(po(door).read_text(encoding="utf-8"))))
