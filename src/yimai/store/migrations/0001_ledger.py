"""Runs ``store/sql/0001_ledger.sql``."""

from __future__ import annotations

from importlib.resources import files
from typing import ClassVar

from django.db import migrations


class Migration(migrations.Migration):
    dependencies: ClassVar = []
    operations: ClassVar = [
        migrations.RunSQL(files("yimai.store").joinpath("sql/0001_ledger.sql").read_text(encoding="utf-8"))
    ]
