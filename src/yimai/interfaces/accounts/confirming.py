"""How somebody proves to be the signer of a record: by a password, with a one-time code if he has one, or by a passkey.

What is asked is 21 CFR 11.200's: all components at a person's first signature of a session and whenever somebody signs who is
not the session's person, one component afterwards. A passkey whose user was verified is two components in itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.http import HttpRequest

from yimai.domain.refusal import Refusal, RefusalKind
from yimai.domain.signing import Evidence
from yimai.interfaces.accounts import codes, lockout, passkeys
from yimai.interfaces.accounts.gate import who_is
from yimai.interfaces.accounts.models import Account
from yimai.interfaces.accounts.problems import clock_time

NO_ACCOUNT: Final = RefusalKind(
    "accounts.cannot_sign",
    "{person} has no open account and cannot sign. Let somebody else do this who has one, "
    "or ask the administrator of accounts.",
    "{person} 没有可用的账号，无法签名。请由有账号的人员执行，或联系账号管理员。",
)
CHANGE_FIRST: Final = RefusalKind(
    "accounts.one_time_password",
    "{person} still has a one-time password. Let {person} sign in once and choose a password, then sign here.",
    "{person} 仍在使用一次性密码。请先由 {person} 登录并设置自己的密码，再在此签名。",
)
NOTHING_GIVEN: Final = RefusalKind(
    "accounts.nothing_given",
    "The signature of {person} is missing, so nothing was recorded. {person} fills in what is asked here.",
    "缺少 {person} 的签名，因此未作记录。请由 {person} 在此填写。",
)
ANOTHER: Final = RefusalKind(
    "accounts.another_person",
    "This is the signature of {person}, but another identifier was typed. Let {person} type it.",
    "此处应由 {person} 签名，但输入了其他人员标识。请由 {person} 输入。",
)
WRONG: Final = RefusalKind(
    "accounts.wrong_password",
    "The password of {person} is wrong, so nothing was signed. {person} types it again; what others typed stays.",
    "{person} 的密码不正确，未签名。请由 {person} 重新输入；其他人已输入的内容保留。",
)
WRONG_CODE: Final = RefusalKind(
    "accounts.wrong_code",
    "The one-time code is wrong or was used before, so nothing was signed. Wait for the next code and type it.",
    "动态码不正确或已使用，未签名。请等待下一个动态码后输入。",
)
WRONG_PASSKEY: Final = RefusalKind(
    "accounts.wrong_passkey",
    "The passkey's answer does not fit this record and person, so nothing was signed. Sign again, or use the password.",
    "通行密钥的应答与此记录或人员不符，未签名。请重新签名，或使用密码。",
)
LOCKED: Final = RefusalKind(
    "accounts.locked",
    "After repeated failures the account of {person} is locked until {until}. "
    "Sign then, or ask the administrator of accounts to unlock it.",
    "多次失败，{person} 的账号已锁定至 {until}。请届时再签名，或请账号管理员解除锁定。",
)


def confirm(
    request: HttpRequest, person: str, record: bytes, posted: Mapping[str, str], first: bool
) -> Evidence | Refusal:
    """Judge what was posted for this signer of the record, its 32-byte hash.

    first: whether this is the person's first signature of the session. Wrong attempts count towards the account's lock.
    """
    account = Account.objects.filter(person=person, revoked=None).first()
    if account is None or who_is(person) is None:
        return NO_ACCOUNT(person=person)
    if account.change_by is not None:
        return CHANGE_FIRST(person=person)
    whole = first or request.user != account
    if missing := _missing(account, posted, whole):
        return missing
    if until := lockout.attempt(account):
        return LOCKED(person=person, until=clock_time(until))
    if posted.get("passkey"):
        judged = _by_passkey(account, record, posted["passkey"])
    else:
        judged = _by_password(account, record, posted, whole)
    if isinstance(judged, Refusal):
        lockout.failed(account, "signature_failed")
    else:
        lockout.passed(account)
    return judged


def means(person: str) -> tuple[tuple[str, ...], bool]:
    """By what a person can sign: the base64url ids of his passkeys that stand on the ledger, and whether a one-time code
    is asked beside the password."""
    account = Account.objects.filter(person=person, revoked=None).first()
    if account is None:
        return (), False
    usable = tuple(each.credential_id for each in passkeys.of(account) if each.on_ledger)
    return usable, codes.asked_of(account)


def _missing(account: Account, posted: Mapping[str, str], whole: bool) -> Refusal | None:
    """What must be filled in before anything is judged."""
    if posted.get("passkey"):
        return None
    typed = posted.get("person", "").strip().lower()
    asked = (posted.get("password"), typed or not whole, posted.get("code") or not (whole and codes.asked_of(account)))
    if not all(asked):
        return NOTHING_GIVEN(person=account.person)
    return ANOTHER(person=account.person) if whole and typed != account.person.lower() else None


def _by_password(account: Account, record: bytes, posted: Mapping[str, str], whole: bool) -> Evidence | Refusal:
    if not account.check_password(posted["password"]):
        return WRONG(person=account.person)
    if not (whole and codes.asked_of(account)):
        return Evidence(account.person, record, "password")
    if codes.fitting(account, posted["code"].strip()) is None:
        return WRONG_CODE()
    return Evidence(account.person, record, "password_and_code")


def _by_passkey(account: Account, record: bytes, answer: str) -> Evidence | Refusal:
    given = passkeys.answered(account, record, answer)
    if given is None:
        return WRONG_PASSKEY()
    return Evidence(
        account.person,
        record,
        "passkey",
        public_key=given.public_key,
        authenticator_data=given.authenticator_data,
        client_data=given.client_data,
        signature=given.signature,
    )
