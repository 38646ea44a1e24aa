"""How a door turns what a person asks for into a command."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from hmac import digest
from typing import Any

from yimai.domain.fact import json_of
from yimai.ledger.entry import Command


def command(
    verb: str,
    arguments: Mapping[str, Any],
    *,
    id: str,
    actor: str,
    site: str,
    secret: bytes,
    occurred: datetime | None = None,
    zone: int = 480,
) -> Command:
    """Return the command to do ``verb`` with these arguments; its request hash covers both, so a repeat is recognised.

    id: the idempotency id, chosen once where the person presses the button. zone: the site's UTC offset in minutes.
    secret: the installation's, kept outside the database; without it nobody can guess from the hash whose data were sent.
    """
    asked = {"verb": verb, "arguments": json_of(dict(arguments)), "site": site}
    body = json.dumps(asked, sort_keys=True, separators=(",", ":")).encode("ascii")
    return Command(id, actor, site, digest(secret, body, sha256), occurred, zone)
