"""Django's own connection: the accounts' tables, under the role that may use them and hardly anything else."""

from __future__ import annotations

from django.db import connections

from yimai.wiring.migrations import django_form


def use(url: str, *, kept_seconds: int = 600) -> None:
    """Let Django's ``default`` connection be this libpq URL, of the role ``yimai_accounts``, from now on.

    kept_seconds: how long a thread keeps its connection for the requests that follow.
    """
    wanted = {**django_form(url), "CONN_MAX_AGE": kept_seconds, "CONN_HEALTH_CHECKS": True}
    complete = connections.configure_settings({"default": wanted})
    connections.settings["default"] = complete["default"]
    connections["default"].close()
    del connections["default"]  # this thread's; the next use makes one with what was set
