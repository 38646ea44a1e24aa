"""Passwords that are made of nothing but words which everybody here knows."""

from __future__ import annotations

import re
from collections.abc import Set
from typing import Final

from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

WORDS: Final = (
    *("yimai", "onevein", "vein", "lingang", "shanghai", "pudong", "zhangjiang", "china", "hospital", "base", "batch"),
    *("patient", "treatment", "therapy", "cell", "cells", "gene", "cart", "demo", "demonstration", "welcome", "password"),
    *("admin", "administrator", "coordinator", "nurse", "physician", "doctor", "courier", "operator", "analyst"),
    *("quality", "assurance", "control", "qualified", "person", "scheduler", "planner", "inspector", "qwerty", "letmein"),
    *("mima", "yisheng", "hushi", "yiyuan", "zhiliao", "xibao", "jidi", "guanliyuan", "abc", "and", "the", "my", "our"),
)  # fmt: skip
_NO_LETTER: Final = re.compile(r"[\W\d_]+")


class PlainWordsValidator:
    """Refuses what consists of these words and the parts of one's own identifier, whatever digits and signs stand around."""

    def validate(self, password: str, user: AbstractBaseUser | None = None) -> None:
        own = _NO_LETTER.split(str(getattr(user, "person", "")).lower())
        if _consists_of(_NO_LETTER.sub("", password.lower()), {*WORDS, *own} - {""}):
            raise ValidationError(self.get_help_text(), code="plain_words")

    def get_help_text(self) -> str:
        return _("The password consists of words that everybody here knows. Add words that only you would think of.")


def _consists_of(letters: str, words: Set[str]) -> bool:
    ends = {0}
    for at in range(len(letters)):
        if at in ends:
            ends |= {at + len(word) for word in words if letters.startswith(word, at)}
    return bool(letters) and len(letters) in ends
