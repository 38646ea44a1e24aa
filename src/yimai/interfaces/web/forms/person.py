"""People: a passkey, put on the ledger so that anybody can tell whose its signatures are, and withdrawn there."""

from __future__ import annotations

from base64 import b64decode
from dataclasses import dataclass
from typing import Final

from yimai.actions import site
from yimai.domain.person import fingerprint
from yimai.domain.recipe import Words
from yimai.interfaces.web.field import Given, Shown, Unreadable, reason
from yimai.interfaces.web.form import Form
from yimai.interfaces.web.situation import Situation

NO_KEY: Final = Words(
    "地址中没有可用的公钥。请从“我的账号”重新打开本页。",
    "The address names no public key. Come here again from My account.",
)


def _decoded(text: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except ValueError:
        return b""


def _mark(situation: Situation) -> Words:
    return _short(fingerprint(_decoded(situation.given.get("public_key", ""))))


def _named(situation: Situation) -> Words:
    return _short(situation.given.get("passkey", ""))


def _short(mark: str) -> Words:
    said = mark[:16]
    said = " ".join(said[at : at + 4] for at in range(0, len(said), 4)) + "…"
    return Words(said, said)


@dataclass(frozen=True, kw_only=True)
class PublicKey(Shown):
    def value(self, text: str, situation: Situation) -> bytes:
        if key := _decoded(text):
            return key
        raise Unreadable(NO_KEY)


KEY: Final = Shown(name="passkey", title=Words("公钥指纹", "Fingerprint of the public key"), shown=_named)
FORMS: Final = (
    Form(
        site.withdraw_passkey,
        Words("撤回我的通行密钥", "Withdraw my passkey"),
        (KEY, reason("key_replaced", "key_lost", "key_compromised")),
        button=Words("永久撤回", "Withdraw it for good"),
        guide=Words(
            "撤回后它不能再登录或签名，也不能恢复；此前的签名仍然有效、可核验。",
            "From then on it neither signs in nor signs, and that cannot be undone. What it signed before stays signed "
            "and can be checked.",
        ),
    ),
    Form(
        site.revoke_passkey,
        Words("撤回他人的通行密钥", "Withdraw a person's passkey"),
        (Given(name="person"), KEY, reason("key_lost", "key_compromised", "left_the_site")),
        button=Words("永久撤回", "Withdraw it for good"),
        guide=Words(
            "用于遗失或可能被他人使用的密钥。撤回后它不能再登录或签名；此前的签名仍然有效、可核验。",
            "For one that was lost or may be in other hands. From then on it neither signs in nor signs. What it signed "
            "before stays signed and can be checked.",
        ),
    ),
    Form(
        site.register_passkey,
        Words("登记我的通行密钥", "Register my passkey"),
        (PublicKey(name="public_key", title=Words("公钥指纹", "Fingerprint of the public key"), shown=_mark),),
        button=Words("登记", "Register it"),
        guide=Words(
            "登记后即可用它签名，任何人都能凭账本核验签名人。请用密码签署本次登记。",
            "From then on you can sign with it, and anybody can tell from the ledger that it was you. "
            "Sign this registration with your password.",
        ),
    ),
)
