"""``yimai check --deploy``: whether this installation may be reached over a network; ``serve`` refuses where it may not."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from cryptography import x509

from yimai.wiring import house
from yimai.wiring.demo_accounts import DEMO_PASSWORD
from yimai.wiring.network import Certificate

SHORTEST_SECRET: Final = 50
"""Characters: what a generator of secrets gives; shorter ones are made up by people."""
ROLES: Final = ("APP", "SEALER", "ACCOUNTS", "SCREEN", "LIVE")


@dataclass(frozen=True, slots=True)
class Shortcoming:
    """what: is not as it must be. mend: what to do."""

    what: str
    mend: str


@dataclass(frozen=True, slots=True)
class Installation:
    """What is judged. environment: the process's. simulated: whether the ledger says so. certificate: for TLS of our own."""

    environment: Mapping[str, str]
    folder: Path
    simulated: bool
    certificate: Certificate | None = None


Check = Callable[[Installation], Iterator[Shortcoming]]


def shortcomings(installation: Installation) -> tuple[Shortcoming, ...]:
    """Everything that speaks against serving on a network; nothing where it may be done."""
    return tuple(found for check in CHECKS for found in check(installation))


def installation_at(folder: Path, certificate: Certificate | None = None) -> Installation:
    """This process's, with the ledger in the folder or behind DATABASE_URL and the certificate that ``serve`` is given."""
    database = house.open_database(folder)
    try:
        return Installation(os.environ, folder, house.is_simulated(database), certificate)
    finally:
        database.stop()


def _transport(here: Installation) -> Iterator[Shortcoming]:
    address = urlsplit(here.environment.get("YIMAI_ADDRESS", ""))
    if address.scheme != "https" or not address.hostname:
        yield Shortcoming(
            "browsers would reach the server without TLS, or it does not know its own name",
            "set YIMAI_ADDRESS to the address that browsers use, such as https://yimai.example.org",
        )
    proxied = here.environment.get("YIMAI_TLS_PROXY") == "yes"
    if here.certificate is None and not proxied:
        yield Shortcoming(
            "nothing says who ends TLS",
            "give serve, and this check, --certificate and --key, or set YIMAI_TLS_PROXY=yes where a proxy on this machine or"
            " network ends it and sets X-Forwarded-Proto",
        )
    if here.certificate is not None:
        yield from _own_tls(here.certificate, address.hostname or "")
    if proxied:
        yield from _proxy(here)


def _own_tls(certificate: Certificate, host: str) -> Iterator[Shortcoming]:
    try:
        certificate.context()
    except OSError as error:
        yield Shortcoming(
            f"{certificate.file} and {certificate.key} cannot be used ({error.strerror or error})",
            "name a certificate with its chain and its own key, both PEM files that this user may read",
        )
        return
    read = x509.load_pem_x509_certificate(certificate.file.read_bytes())
    if host and not _is_for(read, host):
        yield Shortcoming(f"the certificate is not for {host}", "get one for the host name in YIMAI_ADDRESS")
    if (ends := read.not_valid_after_utc) <= datetime.now(UTC):
        yield Shortcoming(f"the certificate ended on {ends:%Y-%m-%d}", "get a new one")
    if stat.S_IMODE(certificate.key.stat().st_mode) & 0o077:
        yield Shortcoming(f"others on this machine may read {certificate.key}", f"chmod 600 {certificate.key}")


def _is_for(certificate: x509.Certificate, host: str) -> bool:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return False
    written = {each.lower() for each in names.get_values_for_type(x509.DNSName)}
    written.update(str(each) for each in names.get_values_for_type(x509.IPAddress))
    return host.lower() in written or f"*.{host.lower().partition('.')[2]}" in written


def _proxy(here: Installation) -> Iterator[Shortcoming]:
    if not here.environment.get("YIMAI_PROXIES", "").isdecimal() or int(here.environment["YIMAI_PROXIES"]) < 1:
        yield Shortcoming(
            "everybody who has not signed in would count as the proxy when requests are limited",
            "set YIMAI_PROXIES to the number of your own proxies, the outermost of which sets X-Forwarded-For anew",
        )
    live = urlsplit(here.environment.get("YIMAI_LIVE_ADDRESS", ""))
    if live.scheme != "https" or not live.hostname:
        yield Shortcoming(
            "pages would not follow the record: browsers do not reach live updates through the proxy",
            "let the proxy lead an address such as https://yimai.example.org/live to /live at port YIMAI_LIVE_PORT, without"
            " gathering what comes, and name it in YIMAI_LIVE_ADDRESS",
        )


def _secrets(here: Installation) -> Iterator[Shortcoming]:
    secret = here.environment.get("YIMAI_SECRET_KEY", "")
    if len(secret) < SHORTEST_SECRET or len(set(secret)) < SHORTEST_SECRET // 5:
        yield Shortcoming(
            "YIMAI_SECRET_KEY is missing, short or plain",
            f"set it to at least {SHORTEST_SECRET} random characters that only this server knows",
        )
    if here.environment.get("YIMAI_SECOND_FACTOR") not in ("required", "optional"):
        yield Shortcoming(
            "it is not said whether a password alone opens an account",
            "set YIMAI_SECOND_FACTOR=required, or =optional where people may go on without a passkey or one-time code",
        )
    named = here.environment.get("YIMAI_WRAPPING_KEY_FILE")
    key = house.key_file(here.folder)
    if not named or key.resolve().is_relative_to(here.folder.resolve()):
        yield Shortcoming(
            "the vault's wrapping key lies with the data that it protects",
            "move it elsewhere and name the file in YIMAI_WRAPPING_KEY_FILE",
        )
    elif not key.is_file():
        yield Shortcoming(
            f"there is no wrapping key at {key}",
            "put there the one that this ledger has, or name its file in YIMAI_WRAPPING_KEY_FILE; "
            f"for a new ledger make one: (umask 077; head -c 32 /dev/urandom > {key})",
        )
    elif stat.S_IMODE(key.stat().st_mode) & 0o077:
        yield Shortcoming(f"others on this machine may read {key}", f"chmod 600 {key}")
    if here.environment.get("YIMAI_DEMO_PASSWORD") or DEMO_PASSWORD in here.environment.values():
        yield Shortcoming("the demonstration's password is in the environment", "take it out")


def _database(here: Installation) -> Iterator[Shortcoming]:
    if not here.environment.get("DATABASE_URL"):
        yield Shortcoming(
            "the embedded database is for demonstrations and development",
            "set DATABASE_URL to a PostgreSQL server that is backed up",
        )
    missing = [name for name in ROLES if not here.environment.get(f"YIMAI_{name}_DATABASE_URL")]
    if missing:
        yield Shortcoming(
            "the server would log in to the database as its owner",
            f"give each role its own login: {', '.join(f'YIMAI_{name}_DATABASE_URL' for name in missing)}",
        )
    if here.simulated:
        yield Shortcoming(
            "the ledger is simulated, and everybody knows its password",
            "serve a ledger of your own: an empty database",
        )


CHECKS: Final[tuple[Check, ...]] = (_transport, _secrets, _database)
