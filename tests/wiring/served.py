"""`yimai serve` as it is run, in a process of its own on a database of its own, with TLS or without."""

from __future__ import annotations

import os
import re
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

YIMAI = (sys.executable, "-c", "import sys; from yimai.wiring.command_line import main; sys.exit(main())")
SECRET = "q7Zk2Vb9Xw4Lr8Tn3Pc6Yd1Fh5Gj0MsQeUaIoRtBvNxCyWzKl8d4m"


@dataclass(frozen=True)
class Served:
    """address: as it was printed. said: everything printed up to it. process: the number of the one that was started."""

    address: str
    said: str
    process: int = 0

    @property
    def host(self) -> str:
        return urlsplit(self.address).hostname or ""

    @property
    def port(self) -> int:
        return urlsplit(self.address).port or 0


@contextmanager
def served(url: str, folder: Path, *arguments: str, **environment: str) -> Iterator[Served]:
    """Serve the ledger behind this owner's URL."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("YIMAI_")}
    process = subprocess.Popen(
        [*YIMAI, "serve", "--folder", str(folder), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**kept, "DATABASE_URL": url, "YIMAI_SECRET_KEY": SECRET, **environment},
    )
    try:
        assert process.stdout is not None
        said = ""
        for line in process.stdout:
            said += line
            if found := re.search(r"https?://\S+:\d+/", line):
                _wait_for(found[0])
                yield Served(found[0], said, process.pid)
                return
        pytest.fail(said)
    finally:
        process.terminate()
        process.communicate(timeout=60)


def _wait_for(address: str) -> None:
    trusting = ssl._create_unverified_context()
    for _ in range(200):
        try:
            urllib.request.urlopen(f"{address}health", timeout=5, context=trusting).read()
            return
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.1)
    pytest.fail(f"{address} does not answer")


def certificate_for(folder: Path, *names: str, days: int = 1) -> tuple[Path, Path]:
    """A certificate for these names and addresses that nobody has signed, and its key: PEM files."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
    alternatives = [
        x509.IPAddress(ip_address(each)) if each[0].isdigit() or ":" in each else x509.DNSName(each) for each in names
    ]
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=9))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        .sign(key, hashes.SHA256())
    )
    certificate, key_file = folder / "certificate.pem", folder / "key.pem"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    key_file.chmod(0o600)
    return certificate, key_file
