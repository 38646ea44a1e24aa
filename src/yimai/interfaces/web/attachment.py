"""What was posted, with files: a file that was read once is carried along while the person goes on to sign."""

from __future__ import annotations

from base64 import b64decode, b64encode
from binascii import Error
from collections.abc import Mapping
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile, UploadedFile
from django.http import HttpRequest

from yimai.interfaces.web.field import LARGEST_FILE, Typed

CARRIED = "file:"
"""Begins the name of a hidden field that carries a file, in base 64 behind its name."""


def carried(request: HttpRequest) -> Typed:
    """Everything posted; files that were chosen now, and those carried from the turn before."""
    texts = {name: list(values) for name, values in request.POST.lists() if not name.startswith(CARRIED)}
    files: dict[str, UploadedFile[Any]] = {}
    for name in request.POST:
        if name.startswith(CARRIED):
            file = _unpacked(request.POST[name])
            if file is not None:
                files[name.removeprefix(CARRIED)] = file
    files.update((name, file) for name, file in request.FILES.items() if isinstance(file, UploadedFile))
    return Typed(texts, files)


def packed(files: Mapping[str, UploadedFile[Any]]) -> list[tuple[str, str]]:
    """The hidden fields that carry these files."""
    fields = []
    for name, file in files.items():
        if (file.size or 0) <= LARGEST_FILE:
            file.seek(0)
            fields.append((f"{CARRIED}{name}", f"{file.name or 'file'}\n{b64encode(file.read()).decode()}"))
    return fields


def _unpacked(text: str) -> UploadedFile[Any] | None:
    name, _, contents = text.replace("\r\n", "\n").partition("\n")
    try:
        return SimpleUploadedFile(name, b64decode(contents, validate=True))
    except (Error, ValueError):
        return None
