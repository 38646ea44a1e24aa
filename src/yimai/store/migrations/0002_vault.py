"""Runs ``store/sql/0002_vault.sql``."""

from __future__ import annotations

from importlib.resources import files
from typing import ClassVar

from django.db import migrations


class Migration(migrations.Migration):
    dependencies: ClassVar = [("yimai_store", "0001_ledger")]
    operations: ClassVar = [
        migrations.RunSQL(files("yimai.store").joinpath("sql/0002_vault.sql").read_text(encoding="utf-8"))
    ]
