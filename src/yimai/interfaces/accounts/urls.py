"""Addresses of the accounts' pages; those that django-allauth leads to have the names that it knows."""

from __future__ import annotations

from django.urls import path

from yimai.interfaces.accounts import sign_in

urlpatterns = [
    path("sign-in", sign_in.sign_in, name="account_login"),
    path("sign-out", sign_in.sign_out, name="sign_out"),
    path("password", sign_in.change_password, name="change_password"),
]
