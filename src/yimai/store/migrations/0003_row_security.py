"""Runs ``store/sql/0003_row_security.sql``."""

from __future__ import annotations

from importlib.resources import files
from typing import ClassVar

from django.db import migrations


class Migration(migrations.Migration):
    dependencies: ClassVar = [("yimai_store", "0002_vault")]
    operations: ClassVar = [
        migrations.RunSQL(files("yimai.store").joinpath("sql/0003_row_security.sql").read_text(encoding="utf-8"))
    ]
