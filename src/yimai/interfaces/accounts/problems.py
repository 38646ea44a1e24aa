"""What the accounts' pages answer when something does not fit: why, and what to do next, in Chinese and English."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Final

from yimai.domain.recipe import Words

WRONG: Final = Words(
    "人员标识或密码不正确。请核对后重试；若忘记密码，请联系账号管理员签发一次性密码。",
    "The person's identifier or the password is wrong. Check both and try again; if the password is forgotten, "
    "ask the administrator of accounts for a one-time password.",
)
NOT_REGISTERED: Final = Words(
    "该账号的人员未在账本中登记，不能登录。请联系管理员登记人员。",
    "The person of this account is not registered in the ledger. Ask the administrator to register the person.",
)
NOT_FITTING: Final = Words(
    "当前密码不正确。请重新输入。",
    "The present password is wrong. Type it again.",
)
NOT_THE_SAME: Final = Words(
    "两次输入的新密码不一致。请重新输入。",
    "The two new passwords differ. Type them again.",
)
THE_OLD_ONE: Final = Words(
    "新密码与当前密码相同。请另设一个。",
    "The new password is the present one. Choose another.",
)

WRONG_CODE: Final = Words(
    "动态码不正确或已使用。请等待下一个动态码后输入。",
    "The code is wrong or was used before. Wait for the next one and type it.",
)
WRONG_PASSKEY: Final = Words(
    "此通行密钥未被接受。请再试一次，或使用密码。",
    "This passkey was not accepted. Try again, or use the password.",
)
UNKNOWN_SUBJECT: Final = Words(
    "此机构身份未与本系统人员绑定，或该人员不能由此登录。请联系账号管理员。",
    "This identity of the hospital is not bound to a person here, or the person may not sign in through it. "
    "Ask the administrator of accounts.",
)
NOT_LET_IN: Final = Words(
    "机构登录未完成。请重试，或使用密码。",
    "Signing in at the hospital was not completed. Try again, or use the password.",
)
PROVIDER_SILENT: Final = Words(
    "机构的登录服务没有应答。请稍后再试，或使用密码。",
    "The hospital's sign-in does not answer. Try again later, or use the password.",
)
CANNOT_BIND: Final = Words(
    "无法绑定：人员须已登记且属于该登录服务的机构，主体标识须为可打印字符。请核对后重试。",
    "Cannot be bound: the person must be registered at a site of this provider, and the subject of printable characters. "
    "Check both and try again.",
)
SUBJECT_TAKEN: Final = Words(
    "该主体标识已与另一人员绑定。请核对标识。",
    "This subject is bound to another person already. Check it.",
)
OWN_ACCOUNT: Final = Words(
    "不能管理自己的账号。请由另一位账号管理员操作。",
    "Nobody administers their own account. Ask another administrator of accounts.",
)

CITY: Final = timezone(timedelta(hours=8))


def clock_time(moment: datetime) -> str:
    return f"{moment.astimezone(CITY):%H:%M} UTC+8"


def locked(until: datetime) -> Words:
    at = clock_time(until)
    return Words(
        f"多次失败，账号已锁定至 {at}。请届时再试，或请账号管理员解除锁定。",
        f"After repeated failures the account is locked until {at}. "
        "Try again then, or ask the administrator of accounts to unlock it.",
    )
