"""What ``yimai account`` does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from django.db import connections
from rich.console import Console
from rich.table import Table

from yimai.wiring import account_database, house
from yimai.wiring.demo_accounts import registered_people
from yimai.wiring.ledger_commands import opened_database
from yimai.wiring.problems import CommandProblem

if TYPE_CHECKING:
    from yimai.interfaces.accounts.models import Account

BY_COMMAND_LINE: Final = "command line"


@contextmanager
def accounts_in(folder: Path) -> Iterator[house.Database]:
    """The accounts of the database in the folder, or behind DATABASE_URL."""
    with opened_database(folder) as database:
        account_database.use(database.accounts_url)
        try:
            yield database
        finally:
            connections.close_all()


def create(folder: Path, person: str) -> int:
    """Make an account for a registered person and print its one-time password."""
    with accounts_in(folder) as database:
        from yimai.interfaces.accounts import administration

        if person not in registered_people(database):
            raise CommandProblem(
                f"{person} is not registered in the ledger, and an account stands for a registered person. "
                "Register the person first, or check the identifier."
            )
        password = administration.issue_password(person, BY_COMMAND_LINE)
        print(f"{person}  {password}")
        print("Shown this once; good for three days, and must be changed at the first sign-in.")
    return 0


def revoke(folder: Path, person: str) -> int:
    """Close an account and end its sessions."""
    with accounts_in(folder):
        from yimai.interfaces.accounts import administration

        account = _known(person)
        administration.revoke(account, BY_COMMAND_LINE)
        print(f"{account.person} is revoked; its sessions have ended.")
    return 0


def unlock(folder: Path, person: str) -> int:
    """Let an account that failures locked try again."""
    with accounts_in(folder):
        from yimai.interfaces.accounts import administration

        account = _known(person)
        administration.unlock(account, BY_COMMAND_LINE)
        print(f"{account.person} may try again.")
    return 0


def _known(person: str) -> Account:
    from yimai.interfaces.accounts.models import Account

    account = Account.objects.of(person)
    if account is None:
        raise CommandProblem(f"there is no account of {person}; see: yimai account list")
    return account


def list_all(folder: Path) -> int:
    """Print every account with its state."""
    with accounts_in(folder):
        from yimai.interfaces.accounts.models import Account

        table = Table("person", "made", "state")
        for account in Account.objects.order_by("person"):
            table.add_row(account.person, f"{account.made:%Y-%m-%d %H:%M} UTC", account.state)
        Console().print(table)
    return 0
