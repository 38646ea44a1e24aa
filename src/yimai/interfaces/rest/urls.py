"""Addresses of the interface. It asks for a session itself, in its own language, so the gate of pages lets it pass."""

from __future__ import annotations

from typing import Any

from yimai.interfaces.rest.api import api

app_name = "rest"
urlpatterns: list[Any] = list(api.urls[0])
for _address in urlpatterns:
    _address.callback.login_required = False
