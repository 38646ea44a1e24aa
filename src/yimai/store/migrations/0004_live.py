"""Runs ``store/sql/0004_live.sql``."""

from __future__ import annotations

from importlib.resources import files
from typing import ClassVar

from django.db import migrations


class Migration(migrations.Migration):
    dependencies: ClassVar = [("yimai_store", "0003_row_security")]
    operations: ClassVar = [
        migrations.RunSQL(files("yimai.store").joinpath("sql/0004_live.sql").read_text(encoding="utf-8"))
    ]
