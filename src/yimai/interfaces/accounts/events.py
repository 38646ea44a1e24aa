"""What is kept of signing in and of changes to accounts, for the administrator and the inspector."""

from __future__ import annotations

from typing import Final

from yimai.domain.recipe import Words
from yimai.interfaces.accounts.models import Event

KINDS: Final[dict[str, Words]] = {
    "signed_in": Words("登录", "Signed in"),
    "signed_out": Words("退出登录", "Signed out"),
    "sign_in_failed": Words("登录失败", "Failed to sign in"),
    "signature_failed": Words("签名验证失败", "Failed to confirm a signature"),
    "locked": Words("账号锁定", "Account locked"),
    "unlocked": Words("解除锁定", "Account unlocked"),
    "made": Words("开通账号", "Account made"),
    "revoked": Words("停用账号", "Account revoked"),
    "password_issued": Words("签发一次性密码", "One-time password issued"),
    "password_changed": Words("修改密码", "Password changed"),
    "passkey_added": Words("添加通行密钥", "Passkey added"),
    "passkey_removed": Words("移除通行密钥", "Passkey removed"),
    "code_set_up": Words("启用动态码", "One-time codes set up"),
    "code_removed": Words("停用动态码", "One-time codes removed"),
    "provider_bound": Words("绑定机构登录", "Bound to the hospital's sign-in"),
    "provider_unbound": Words("解除机构登录", "No longer bound to the hospital's sign-in"),
    "second_factors_removed": Words("清除通行密钥与动态码", "Passkeys and codes removed"),
    "recovery_codes_made": Words("生成恢复码", "Recovery codes made"),
    "sessions_ended": Words("结束会话", "Sessions ended"),
    "oldest_session_ended": Words("会话过多，结束最早的一个", "Too many sessions: the oldest ended"),
}


def note(person: str, what: str, by: str = "") -> None:
    if what not in KINDS:
        raise ValueError(what)
    Event.objects.create(person=person, what=what, by=by)
