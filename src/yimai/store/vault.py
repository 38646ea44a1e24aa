"""Personal data, each person's under a key of their own, so that a person can be forgotten while every proof stays valid.

A person's key (AES-256-GCM) is wrapped by a key that lies outside the database and its backups. Contents are stored
together with the salt of the commitment that the fact holds; once the key is destroyed neither can be had back.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from psycopg import Connection, Cursor
from psycopg_pool import ConnectionPool

from yimai.ledger.commitment import SALT_LENGTH
from yimai.ledger.entry import Deposit

KEY_LENGTH = 32
_NONCE_LENGTH = 12


class VaultProblem(Exception):
    """The vault does not give, take or destroy this; the text says why."""


def wrapping_key_in(path: Path, *, chance: Callable[[int], bytes] = os.urandom) -> bytes:
    """Return the 32-byte wrapping key kept in this file, which is created with mode 0600 if it is not there.

    Raises VaultProblem if the file holds something else or others may read it.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        pass
    else:
        with os.fdopen(descriptor, "wb") as file:
            file.write(chance(KEY_LENGTH))
            file.flush()
            os.fsync(file.fileno())
    if path.stat().st_mode & 0o077:
        raise VaultProblem(f"others may read the key in {path}; close it with: chmod 600 {path}")
    key = path.read_bytes()
    if len(key) != KEY_LENGTH:
        raise VaultProblem(f"{path} holds {len(key)} bytes; a key has {KEY_LENGTH}")
    return key


class Vault:
    """The personal data of one database.

    pool: connections of ``yimai_app``. wrapping_key: 32 bytes. chance: the source of keys and nonces; never seeded where
    the data are real. Raises VaultProblem if the wrapping key has another length.
    """

    def __init__(
        self, pool: ConnectionPool[Any], wrapping_key: bytes, *, chance: Callable[[int], bytes] = os.urandom
    ) -> None:
        if len(wrapping_key) != KEY_LENGTH:
            raise VaultProblem(f"a key has {KEY_LENGTH} bytes, not {len(wrapping_key)}")
        self._pool, self._wrapping_key, self._chance = pool, wrapping_key, chance
        self._wrapped_by = _mark(wrapping_key)

    def keep(self, cursor: Cursor[Any], deposits: Sequence[Deposit]) -> None:
        """Encrypt and store deposits in the cursor's transaction. Raises VaultProblem (destroyed person, wrong key)."""
        for deposit in deposits:
            key = self._key_for_writing(cursor, deposit.person)
            sealed = self._encrypt(key, deposit.salt + deposit.contents, _place(deposit.person, deposit.name))
            cursor.execute(
                "INSERT INTO vault.record (person, name, ciphertext) VALUES (%s, %s, %s)",
                (deposit.person, deposit.name, sealed),
            )

    def read(self, person: str, name: str, *, restricted: bool = False) -> bytes:
        """Return the newest contents kept for a person under this name.

        restricted: whether the reader may see a restricted person's data. Raises VaultProblem.
        """
        return self.deposits(person, name, restricted=restricted)[-1].contents

    def deposits(self, person: str, name: str, *, restricted: bool = False) -> tuple[Deposit, ...]:
        """Return all that was kept for a person under this name, oldest first, with the salts. Raises VaultProblem."""
        with self._pool.connection() as connection, connection.cursor() as cursor:
            return OpenVault(cursor, self._wrapping_key).deposits(person, name, restricted=restricted)

    def state(self, person: str) -> str:
        """Return ``active``, ``restricted`` or ``destroyed``. Raises VaultProblem for a person without data."""
        with self._pool.connection() as connection:
            return _person(connection, person)[0]

    def restrict(self, person: str) -> None:
        """Close a person's data to readers without the right to see restricted ones. Raises VaultProblem."""
        with self._pool.connection() as connection:
            changed = connection.execute(
                "UPDATE vault.person SET state = 'restricted' WHERE person = %s AND state = 'active'", (person,)
            ).rowcount
            if not changed:
                raise VaultProblem(f"the data of {person} are {_person(connection, person)[0]}, not active")

    def destroy(self, person: str, *, today: date, retained_until: date | None) -> None:
        """Destroy a restricted person's key, salts and contents for good.

        retained_until: the last day of the longest retention track that runs for this person, or None if none does.
        Raises VaultProblem while a track runs, or if the data are not restricted.
        """
        if retained_until is not None and today <= retained_until:
            raise VaultProblem(f"the data of {person} must be kept until {retained_until}")
        with self._pool.connection() as connection, connection.transaction():
            changed = connection.execute(
                "UPDATE vault.person SET state = 'destroyed', wrapped_key = NULL "
                "WHERE person = %s AND state = 'restricted'",
                (person,),
            ).rowcount
            if not changed:
                state = _person(connection, person)[0]
                raise VaultProblem(f"the data of {person} are {state}; only restricted data are destroyed")
            connection.execute("DELETE FROM vault.record WHERE person = %s", (person,))

    def _key_for_writing(self, cursor: Cursor[Any], person: str) -> bytes:
        # Cursors of their own: in a pipeline a used one may still be handed an earlier statement's result.
        connection = cursor.connection
        select = "SELECT wrapped_key, wrapped_by FROM vault.person WHERE person = %s FOR SHARE"
        row = connection.execute(select, (person,)).fetchone()
        if row is None:
            wrapped = self._encrypt(self._wrapping_key, self._chance(KEY_LENGTH), person.encode())
            connection.execute(
                "INSERT INTO vault.person VALUES (%s, 'active', %s, %s) ON CONFLICT DO NOTHING",
                (person, wrapped, self._wrapped_by),
            )
            row = connection.execute(select, (person,)).fetchone()
        if row is None or row[0] is None:
            raise VaultProblem(f"the data of {person} have been destroyed; nothing more is kept about them")
        return _unwrap(self._wrapping_key, person, *row)

    def _encrypt(self, key: bytes, plain: bytes, place: bytes) -> bytes:
        nonce = self._chance(_NONCE_LENGTH)
        return nonce + AESGCM(key).encrypt(nonce, plain, place)


class OpenVault:
    """The vault as the cursor's role sees it in its transaction: what it may not see is not there."""

    def __init__(self, cursor: Cursor[Any], wrapping_key: bytes) -> None:
        self._cursor, self._wrapping_key = cursor, wrapping_key

    def read(self, person: str, name: str, *, restricted: bool = False) -> bytes:
        """Return the newest contents kept for a person under this name. Raises VaultProblem."""
        return self.deposits(person, name, restricted=restricted)[-1].contents

    def deposits(self, person: str, name: str, *, restricted: bool = False) -> tuple[Deposit, ...]:
        """Return all that was kept for a person under this name, oldest first, with the salts. Raises VaultProblem."""
        state, wrapped, wrapped_by = _person(self._cursor.connection, person)
        if state == "destroyed":
            raise VaultProblem(f"the data of {person} have been destroyed")
        if state == "restricted" and not restricted:
            raise VaultProblem(f"the data of {person} are restricted")
        rows = self._cursor.execute(
            "SELECT ciphertext FROM vault.record WHERE person = %s AND name = %s ORDER BY number", (person, name)
        ).fetchall()
        if not rows:
            raise VaultProblem(f"the vault keeps no {name} of {person}")
        key = _unwrap(self._wrapping_key, person, wrapped, wrapped_by)
        plain = [_decrypt(key, sealed, _place(person, name)) for (sealed,) in rows]
        return tuple(Deposit(person, name, both[SALT_LENGTH:], both[:SALT_LENGTH]) for both in plain)

    def newest(self, people: Iterable[str], name: str) -> dict[str, bytes]:
        """Return by person the newest contents under this name, of those who are active and have any, in one query."""
        rows = self._cursor.execute(
            "SELECT DISTINCT ON (person) person, p.wrapped_key, p.wrapped_by, r.ciphertext"
            " FROM vault.person AS p JOIN vault.record AS r USING (person)"
            " WHERE person = ANY(%s) AND r.name = %s AND p.state = 'active' ORDER BY person, r.number DESC",
            (sorted(set(people)), name),
        ).fetchall()
        return {
            person: _decrypt(_unwrap(self._wrapping_key, person, *key), sealed, _place(person, name))[SALT_LENGTH:]
            for person, *key, sealed in rows
        }


def _mark(wrapping_key: bytes) -> bytes:
    """What tells a wrapping key from others, stored beside what it wraps."""
    return hashlib.sha256(b"yimai wrapping key" + wrapping_key).digest()[:8]


def _unwrap(wrapping_key: bytes, person: str, wrapped: bytes, wrapped_by: bytes) -> bytes:
    if wrapped_by != _mark(wrapping_key):
        raise VaultProblem(f"the wrapping key is not the one that the key of {person} was wrapped with")
    return _decrypt(wrapping_key, wrapped, person.encode())


def _person(connection: Connection[Any], person: str) -> tuple[str, bytes, bytes]:
    row = connection.execute(
        "SELECT state, wrapped_key, wrapped_by FROM vault.person WHERE person = %s", (person,)
    ).fetchone()
    if row is None:
        raise VaultProblem(f"the vault keeps nothing about {person}")
    return row[0], row[1], row[2]


def _decrypt(key: bytes, sealed: bytes, place: bytes) -> bytes:
    try:
        return AESGCM(key).decrypt(sealed[:_NONCE_LENGTH], sealed[_NONCE_LENGTH:], place)
    except InvalidTag:
        raise VaultProblem(f"what the vault keeps at {place.decode()!r} has been altered") from None


def _place(person: str, name: str) -> bytes:
    return f"{person}\0{name}".encode()
