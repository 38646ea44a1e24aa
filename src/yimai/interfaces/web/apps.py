"""The web interface as Django knows it."""

from __future__ import annotations

from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "yimai.interfaces.web"
    label = "yimai_web"
