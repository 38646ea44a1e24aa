"""A register with a few people on a database of its own, and accounts for some of them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime

import django
import pytest
from django.test import Client
from tests.conftest import clone_of_template
from tests.projections.following import followed, screen_pool
from tests.signing_in import PASSWORD, account_of, accounts_on, register_person
from tests.windows import opened_window

from yimai.wiring.embedded_database import EmbeddedDatabase

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "yimai.wiring.settings")
django.setup()  # before the tests' modules are read, which name models

PEOPLE = {
    "nurse-01": ("hospital-a", "nurse"),
    "nurse-02": ("hospital-a", "nurse"),
    "admin-01": ("base", "administrator"),
    "inspector-01": ("city", "inspector"),
}


@pytest.fixture(scope="module")
def url(postgres: EmbeddedDatabase) -> Iterator[str]:
    """The owner's URL of a database on which these people are registered."""
    with (
        clone_of_template(postgres) as clone,
        followed(clone),
        screen_pool(clone) as screen,
        accounts_on(clone),
        opened_window(screen, lambda: datetime.now(UTC)),
    ):
        for person, (site, role) in PEOPLE.items():
            register_person(clone, person, site, role)
        yield clone


@pytest.fixture
def nurse(url: str) -> Iterator[str]:
    """Somebody with an account and a password, whom nothing has happened to yet."""
    from yimai.interfaces.accounts.models import Account

    Account.objects.all().delete()
    account_of("nurse-01", PASSWORD)
    yield "nurse-01"
    Account.objects.all().delete()


@pytest.fixture
def browser(url: str) -> Client:
    return Client(SERVER_NAME="localhost")
