"""Accounts, their sessions, what happened to them, and the counts that limit attempts."""

from __future__ import annotations

from typing import ClassVar

import django.utils.timezone
from django.conf import settings
from django.db import migrations, models
from django.db.models.functions import Lower

_LIMITS = """
CREATE TABLE accounts_limit (
    cache_key varchar(255) PRIMARY KEY,
    value text NOT NULL,
    expires timestamptz NOT NULL
);
CREATE INDEX accounts_limit_expires ON accounts_limit (expires);
"""


class Migration(migrations.Migration):
    initial = True
    dependencies: ClassVar = []
    operations: ClassVar = [
        migrations.CreateModel(
            name="Event",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField(db_index=True, default=django.utils.timezone.now)),
                ("person", models.CharField(db_index=True, max_length=64)),
                ("what", models.CharField(max_length=40)),
                ("by", models.CharField(default="", max_length=64)),
            ],
        ),
        migrations.CreateModel(
            name="Account",
            fields=[
                ("password", models.CharField(max_length=128, verbose_name="password")),
                ("person", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("made", models.DateTimeField(default=django.utils.timezone.now)),
                ("revoked", models.DateTimeField(null=True)),
                ("change_by", models.DateTimeField(null=True)),
                ("failures", models.PositiveSmallIntegerField(default=0)),
                ("locked_until", models.DateTimeField(null=True)),
            ],
            options={"constraints": [models.UniqueConstraint(Lower("person"), name="one_account_a_person")]},
        ),
        migrations.CreateModel(
            name="Session",
            fields=[
                (
                    "session_key",
                    models.CharField(max_length=40, primary_key=True, serialize=False, verbose_name="session key"),
                ),
                ("session_data", models.TextField(verbose_name="session data")),
                ("expire_date", models.DateTimeField(db_index=True, verbose_name="expire date")),
                ("began", models.DateTimeField()),
                ("seen", models.DateTimeField()),
                (
                    "account",
                    models.ForeignKey(null=True, on_delete=models.CASCADE, to=settings.AUTH_USER_MODEL),
                ),
            ],
            options={"verbose_name": "session", "verbose_name_plural": "sessions", "abstract": False},
        ),
        migrations.RunSQL(_LIMITS),
    ]
