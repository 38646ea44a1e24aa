"""Unbinding a person from a hospital's provider looks for tokens to delete with it; none are ever kept."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations


class Migration(migrations.Migration):
    dependencies: ClassVar = [("accounts", "0002_rights")]
    operations: ClassVar = [migrations.RunSQL("GRANT DELETE ON socialaccount_socialtoken TO yimai_accounts")]
