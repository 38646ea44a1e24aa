"""Printed names and patients that are plainly invented: every one says so itself, in both languages."""

from __future__ import annotations

import json
from random import Random
from typing import Final

KINDS: Final = (
    ("松", "Pine"), ("柏", "Cypress"), ("竹", "Bamboo"), ("梅", "Plum"), ("兰", "Orchid"), ("荷", "Lotus"),
    ("桂", "Osmanthus"), ("枫", "Maple"), ("柳", "Willow"), ("桐", "Paulownia"), ("杏", "Apricot"), ("橙", "Orange"),
)  # fmt: skip
MARKS: Final = (
    ("鹤", "Crane"), ("鹭", "Egret"), ("燕", "Swallow"), ("雁", "Goose"), ("鸥", "Gull"), ("鹂", "Oriole"),
    ("鹊", "Magpie"), ("鹰", "Hawk"), ("隼", "Falcon"), ("鸽", "Dove"), ("鹿", "Deer"), ("鲤", "Carp"),
)  # fmt: skip


def printed_names(seed: int, count: int) -> list[str]:
    """Names of staff, none twice, for example ``示例·松鹤 (Sample Pine-Crane)``. Raises ValueError for too many."""
    return [f"示例·{zh} (Sample {en})" for zh, en in pairs(f"printed names {seed}", count)]


def pairs(seed: str, count: int) -> list[tuple[str, str]]:
    """Plants with animals, none twice, in both languages: ``松鹤``, ``Pine-Crane``. Raises ValueError for too many."""
    if count > len(KINDS) * len(MARKS):
        raise ValueError(f"there are only {len(KINDS) * len(MARKS)} invented names, not {count}")
    every = [(kind, mark) for kind in KINDS for mark in MARKS]
    return [(kind[0] + mark[0], f"{kind[1]}-{mark[1]}") for kind, mark in Random(seed).sample(every, count)]


def patient(number: int) -> bytes:
    """An invented patient as the vault keeps it: JSON with a name, a hospital number and a date of birth."""
    kind, mark = KINDS[number % len(KINDS)], MARKS[number // len(KINDS) % len(MARKS)]
    person = {
        "name": f"虚构患者·{kind[0]}{mark[0]}{number} (Invented patient {kind[1]}-{mark[1]} {number})",
        "hospital_number": f"DEMO-{number:06d}",
        "born": f"{1950 + number * 7 % 50}-{number % 12 + 1:02d}-{number * 5 % 28 + 1:02d}",
    }
    return json.dumps(person, ensure_ascii=False, sort_keys=True).encode()
