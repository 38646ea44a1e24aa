"""What the role ``yimai_accounts`` may do: use the tables of accounts; what happened to them it may only add to and read."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations

_RIGHTS = """
GRANT SELECT, INSERT, UPDATE, DELETE ON
    accounts_account, accounts_session, accounts_limit,
    mfa_authenticator, socialaccount_socialaccount
    TO yimai_accounts;
GRANT SELECT, INSERT ON accounts_event TO yimai_accounts;
GRANT SELECT ON account_emailaddress, socialaccount_socialapp, socialaccount_socialtoken TO yimai_accounts;
"""


class Migration(migrations.Migration):
    dependencies: ClassVar = [
        ("accounts", "0001_accounts"),
        ("account", "0009_emailaddress_unique_primary_email"),
        ("mfa", "0003_authenticator_type_uniq"),
        ("socialaccount", "0006_alter_socialaccount_extra_data"),
    ]
    operations: ClassVar = [migrations.RunSQL(_RIGHTS)]
