"""The live process may ask which of the sessions that it serves are still open, by marks from which none can be taken over."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations

_OPEN_SESSIONS = """
CREATE FUNCTION accounts_open_sessions(marks text[]) RETURNS SETOF text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = django, pg_catalog, pg_temp AS $$
    SELECT mark FROM (
        SELECT encode(sha256(convert_to(session_key, 'UTF8')), 'hex') AS mark
        FROM accounts_session WHERE expire_date > now() AND account_id IS NOT NULL
    ) AS open_one
    WHERE mark = ANY (marks)
$$;
REVOKE ALL ON FUNCTION accounts_open_sessions(text[]) FROM PUBLIC;
GRANT USAGE ON SCHEMA django TO yimai_live;
GRANT EXECUTE ON FUNCTION accounts_open_sessions(text[]) TO yimai_live;
"""


class Migration(migrations.Migration):
    dependencies: ClassVar = [("accounts", "0003_unbinding")]
    operations: ClassVar = [migrations.RunSQL(_OPEN_SESSIONS)]
