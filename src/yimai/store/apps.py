"""The store as Django's migration framework knows it."""

from __future__ import annotations

from django.apps import AppConfig


class StoreConfig(AppConfig):
    name = "yimai.store"
    label = "yimai_store"
