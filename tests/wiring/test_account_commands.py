"""The command line makes, lists and closes accounts; demonstration accounts are for a simulated ledger only."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from psycopg.conninfo import make_conninfo
from tests.projections.following import begin, followed
from tests.signing_in import register_person

from yimai.store.postgres_ledger import PostgresLedger
from yimai.wiring import command_line, demo_accounts, house
from yimai.wiring.problems import CommandProblem


@pytest.fixture
def folder(fresh_database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder whose external database has one registered person."""
    monkeypatch.setenv("DATABASE_URL", fresh_database)
    with followed(fresh_database) as pool:
        begin(pool)
        register_person(fresh_database, "nurse-01", "hospital-a", "nurse")
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    code = command_line.main(arguments)
    printed = capsys.readouterr()
    return code, printed.out + printed.err


def test_an_account_is_made_listed_and_revoked(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    where = ("--folder", str(folder))
    code, said = run(capsys, "account", "create", "nurse-01", *where)
    assert code == 0
    assert re.search(r"nurse-01  (\w{4}-){3}\w{4}\n", said)
    assert "one-time password" in run(capsys, "account", "list", *where)[1]
    assert run(capsys, "account", "unlock", "nurse-01", *where)[0] == 0
    assert run(capsys, "account", "revoke", "nurse-01", *where)[0] == 0
    assert "revoked" in run(capsys, "account", "list", *where)[1]


def test_nobody_but_a_registered_person_gets_an_account(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    where = ("--folder", str(folder))
    code, said = run(capsys, "account", "create", "stranger", *where)
    assert (code, "not registered in the ledger" in said) == (1, True)
    assert run(capsys, "account", "revoke", "stranger", *where)[0] == 1


@pytest.mark.parametrize("simulated", [True, False])
def test_demonstration_accounts_need_a_simulated_ledger(fresh_database: str, simulated: bool) -> None:
    urls = [make_conninfo(fresh_database, user=role) for role in (house.APP, house.SEALER, house.ACCOUNTS)]
    database = house.Database(fresh_database, urls[0], urls[1], Path(), None, urls[2])
    with followed(fresh_database) as pool:
        if simulated:
            begin(pool)
        else:
            PostgresLedger.open(pool, ledger_id="11111111-1111-4111-8111-111111111112", simulated=False)
        register_person(fresh_database, "nurse-01", "hospital-a", "nurse")
        if not simulated:
            with pytest.raises(CommandProblem, match="not simulated"):
                demo_accounts.open_demonstration(database)
            return
        assert demo_accounts.open_demonstration(database) == demo_accounts.DEMO_PASSWORD
        assert demo_accounts.open_demonstration(database) == demo_accounts.DEMO_PASSWORD
