"""A password of nothing but words that everybody here knows is refused; one more word of one's own lets it pass."""

from __future__ import annotations

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from tests.signing_in import PASSWORD

from yimai.interfaces.accounts.models import Account
from yimai.interfaces.accounts.plain_words import PlainWordsValidator

NURSE = Account(person="hospital-a-nurse-01")


@pytest.mark.parametrize(
    "password",
    ["Yimai-Shanghai-2026", "nurse hospital 01!!", "lingangbase123456", "one-vein-demonstration", "hushiYiyuan!2026", "cells cell cells"],
)  # fmt: skip
def test_words_of_the_house_alone_are_refused(password: str) -> None:
    with pytest.raises(ValidationError):
        validate_password(password, NURSE)
    with pytest.raises(ValidationError) as refused:
        PlainWordsValidator().validate(password, NURSE)
    assert refused.value.code == "plain_words"


@pytest.mark.parametrize(
    "password", [PASSWORD, "Yimai-Shanghai-kingfisher", "十二个汉字的密码也可以用的", "~!@#$%^&*()_+{}", "k" * 500]
)
def test_anything_else_passes_whatever_it_is_made_of(password: str) -> None:
    validate_password(password, NURSE)
