"""Accounts as Django knows them."""

from __future__ import annotations

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "yimai.interfaces.accounts"
    label = "accounts"
