"""Addresses of the accounts' pages; those that django-allauth leads to have the names that it knows."""

from __future__ import annotations

from django.urls import path

from yimai.interfaces.accounts import administration_pages, own_account, proving, sign_in

urlpatterns = [
    path("sign-in", sign_in.sign_in, name="account_login"),
    path("sign-out", sign_in.sign_out, name="sign_out"),
    path("", own_account.overview, name="mfa_index"),
    path("prove", proving.prove, name="account_reauthenticate"),
    path("second-step", proving.second_step, name="mfa_authenticate"),
    path("passkey/challenge", proving.passkey_challenge, name="passkey_challenge"),
    path("passkey/sign-in", proving.passkey_sign_in, name="passkey_sign_in"),
    path("passkey/add", own_account.add_passkey, name="add_passkey"),
    path("passkey/<int:number>/remove", own_account.remove_passkey, name="remove_passkey"),
    path("code", own_account.set_up_code, name="set_up_code"),
    path("code/remove", own_account.remove_code, name="remove_code"),
    path("recovery-codes", own_account.recovery_codes, name="recovery_codes"),
    path("sessions/end-others", own_account.end_other_sessions, name="end_other_sessions"),
    path("administration", administration_pages.overview, name="account_administration"),
    path("administration/person/<str:person>/provider", administration_pages.bind_provider, name="bind_provider"),
    path("administration/events", administration_pages.events, name="account_events"),
    path("administration/person/<str:person>", administration_pages.one, name="account_administered"),
    path("administration/person/<str:person>/password", administration_pages.issue_password, name="issue_password"),
    *(
        path(f"administration/person/<str:person>/{deed}", administration_pages.do, {"deed": deed}, f"account_{deed}")
        for deed in administration_pages.DEEDS
    ),
    path("password", sign_in.change_password, name="change_password"),
]
