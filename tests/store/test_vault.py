"""Personal data: readable while active, closed when restricted, gone when destroyed, and the ledger's proofs outlive them."""

from __future__ import annotations

import os
import stat
from datetime import date
from pathlib import Path

import pytest
from tests.store.opened import Opened, command, draft

from yimai.ledger import merkle
from yimai.ledger.commitment import commitment
from yimai.ledger.entry import Deposit, Entry
from yimai.ledger.verify import Verified
from yimai.store.vault import Vault, VaultProblem, wrapping_key_in
from yimai.store.verify import verify

PERSON, NAME, CONTENTS = "treatment/T1", "patient", "王小明 1961-04-03".encode()
TODAY = date(2026, 3, 1)


def deposit(store: Opened, contents: bytes = CONTENTS, person: str = PERSON, name: str = NAME) -> tuple[Entry, Deposit]:
    """Append a fact that commits to the contents, and give them to the vault."""
    given = Deposit(person, name, contents, store.ledger.random(32))
    committed = commitment(given.salt, contents).hex()
    reading = store.ledger.about(person)
    (entry,) = store.ledger.append(
        [draft(person, patient=committed)], command=command(), after=reading, deposits=[given]
    )
    return entry, given


def test_what_is_deposited_with_a_fact_is_read_back_and_matches_its_commitment(any_store: Opened) -> None:
    entry, given = deposit(any_store)
    assert any_store.vault.read(PERSON, NAME) == CONTENTS
    (kept,) = any_store.vault.deposits(PERSON, NAME)
    assert kept == given
    assert commitment(kept.salt, kept.contents).hex() == entry.data["patient"]


def test_a_later_deposit_is_what_is_read_and_the_earlier_one_stays(any_store: Opened) -> None:
    _, first = deposit(any_store, b"first")
    _, second = deposit(any_store, b"second")
    deposit(any_store, b"other", name="address")
    assert any_store.vault.read(PERSON, NAME) == b"second"
    assert any_store.vault.deposits(PERSON, NAME) == (first, second)


def test_the_database_holds_nothing_readable(any_store: Opened) -> None:
    _, given = deposit(any_store)
    with any_store.as_owner() as owner:
        rows = owner.execute("SELECT r::text, p::text FROM vault.record r, vault.person p").fetchall()
        ledger = owner.execute("SELECT content FROM ledger.entry").fetchall()
    everything = repr(rows) + repr(ledger)
    for secret in (CONTENTS, given.salt):
        assert secret.hex() not in everything
        assert repr(secret)[2:-1] not in everything


def test_restricted_data_are_read_only_by_those_who_may(any_store: Opened) -> None:
    deposit(any_store)
    any_store.vault.restrict(PERSON)
    with pytest.raises(VaultProblem, match="restricted"):
        any_store.vault.read(PERSON, NAME)
    assert any_store.vault.read(PERSON, NAME, restricted=True) == CONTENTS
    with pytest.raises(VaultProblem, match="not active"):
        any_store.vault.restrict(PERSON)


class TestDestruction:
    def test_is_refused_while_a_retention_track_runs(self, any_store: Opened) -> None:
        deposit(any_store)
        any_store.vault.restrict(PERSON)
        for retained_until in (TODAY, date(2041, 3, 1)):
            with pytest.raises(VaultProblem, match=str(retained_until)):
                any_store.vault.destroy(PERSON, today=TODAY, retained_until=retained_until)
        assert any_store.vault.read(PERSON, NAME, restricted=True) == CONTENTS
        any_store.vault.destroy(PERSON, today=TODAY, retained_until=date(2026, 2, 28))

    def test_is_refused_while_the_data_are_active(self, any_store: Opened) -> None:
        deposit(any_store)
        with pytest.raises(VaultProblem, match="only restricted"):
            any_store.vault.destroy(PERSON, today=TODAY, retained_until=None)

    def test_leaves_nobody_else_without_data(self, any_store: Opened) -> None:
        deposit(any_store)
        deposit(any_store, b"other", person="treatment/T2")
        self._destroy(any_store)
        assert any_store.vault.read("treatment/T2", NAME) == b"other"

    def test_takes_key_salts_and_contents_and_leaves_every_proof_valid(self, any_store: Opened) -> None:
        entry, given = deposit(any_store)
        deposit(any_store, b"other", person="treatment/T2")
        checkpoint = any_store.ledger.seal()
        assert checkpoint is not None
        leaves = [kept.hash for _, kept in any_store.ledger.sealed()]
        proof = merkle.inclusion_proof(1, leaves)
        self._destroy(any_store)
        with pytest.raises(VaultProblem, match="destroyed"):
            any_store.vault.read(PERSON, NAME, restricted=True)
        with any_store.as_owner() as owner:
            assert owner.execute("SELECT count(*) FROM vault.record WHERE person = %s", (PERSON,)).fetchone() == (0,)
            row = owner.execute("SELECT wrapped_key FROM vault.person WHERE person = %s", (PERSON,)).fetchone()
            assert row == (None,)
        assert merkle.includes(entry.hash, 1, checkpoint.size, proof, checkpoint.root)
        assert commitment(given.salt, given.contents).hex() == entry.data["patient"]
        with any_store.as_app() as app:
            assert verify(app, noted=checkpoint) == Verified(any_store.ledger.id, 3, 3, checkpoint.root)

    def test_is_final(self, any_store: Opened) -> None:
        deposit(any_store)
        self._destroy(any_store)
        with pytest.raises(VaultProblem, match="destroyed"):
            deposit(any_store)
        with pytest.raises(VaultProblem, match="destroyed"):
            any_store.vault.destroy(PERSON, today=TODAY, retained_until=None)

    @staticmethod
    def _destroy(store: Opened) -> None:
        store.vault.restrict(PERSON)
        store.vault.destroy(PERSON, today=TODAY, retained_until=None)


class TestTheWrappingKey:
    def test_that_is_wrong_says_so_plainly(self, any_store: Opened) -> None:
        deposit(any_store)
        wrong = Vault(any_store.pool, bytes(32), chance=os.urandom)
        with pytest.raises(VaultProblem, match="wrapping key is not the one"):
            wrong.read(PERSON, NAME)
        with (
            any_store.pool.connection() as connection,
            pytest.raises(VaultProblem, match="wrapping key is not the one"),
        ):
            wrong.keep(connection.cursor(), [Deposit(PERSON, NAME, b"", bytes(32))])

    def test_has_32_bytes(self, any_store: Opened) -> None:
        with pytest.raises(VaultProblem, match="32 bytes, not 16"):
            Vault(any_store.pool, bytes(16))

    def test_is_made_once_and_only_its_owner_may_read_it(self, tmp_path: Path) -> None:
        file = tmp_path / "wrapping.key"
        key = wrapping_key_in(file)
        assert (len(key), wrapping_key_in(file)) == (32, key)
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert wrapping_key_in(tmp_path / "other.key") != key

    def test_that_others_may_read_is_refused(self, tmp_path: Path) -> None:
        file = tmp_path / "wrapping.key"
        wrapping_key_in(file)
        file.chmod(0o644)
        with pytest.raises(VaultProblem, match="chmod 600"):
            wrapping_key_in(file)

    def test_file_that_holds_something_else_is_refused(self, tmp_path: Path) -> None:
        file = tmp_path / "wrapping.key"
        file.write_bytes(b"short")
        file.chmod(0o600)
        with pytest.raises(VaultProblem, match="5 bytes"):
            wrapping_key_in(file)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE vault.record SET ciphertext = set_byte(ciphertext, 20, get_byte(ciphertext, 20) # 1)",
        "UPDATE vault.record SET ciphertext = set_byte(ciphertext, 3, get_byte(ciphertext, 3) # 1)",
        "UPDATE vault.record SET ciphertext = (SELECT ciphertext FROM vault.record WHERE name = 'address')",
        "UPDATE vault.person SET wrapped_key = set_byte(wrapped_key, 20, get_byte(wrapped_key, 20) # 1)",
        "UPDATE vault.person SET wrapped_key = (SELECT wrapped_key FROM vault.person WHERE person = 'treatment/T2')",
    ],
)
def test_data_that_were_altered_or_moved_are_not_given_out(store: Opened, change: str) -> None:
    deposit(store)
    deposit(store, name="address")
    deposit(store, person="treatment/T2")
    with store.as_owner() as owner:
        owner.execute(change)
    with pytest.raises(VaultProblem, match="altered"):
        store.vault.read(PERSON, NAME)


def test_what_was_never_kept_is_named(store: Opened) -> None:
    with pytest.raises(VaultProblem, match="nothing about treatment/T9"):
        store.vault.read("treatment/T9", NAME)
    deposit(store)
    with pytest.raises(VaultProblem, match="no address of treatment/T1"):
        store.vault.read(PERSON, "address")
