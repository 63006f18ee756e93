"""The start-up gate: a server on which the record would not be safe is not used.

Every check looks at what the server says to the very role and connection string that will serve, so that a
setting of the role or in the string counts too.
"""

from collections.abc import Callable
from dataclasses import dataclass

import psycopg
from psycopg.rows import class_row

OLDEST_VERSION = 17
TRIGGER = "entries_are_append_only"

_TRIGGER = (
    f"CREATE TRIGGER {TRIGGER} BEFORE DELETE OR UPDATE OR TRUNCATE ON entries "
    "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
)
"""How the server writes the one trigger that lets nothing through."""
_FUNCTION = """
BEGIN
    RAISE EXCEPTION 'entries are append-only: % refused', TG_OP USING ERRCODE = 'insufficient_privilege';
END """
"""What its function does."""

# Every role counts that a session could become by SET ROLE or RESET ROLE.
_FACTS = """
WITH reachable AS MATERIALIZED (
    SELECT oid, rolsuper FROM pg_roles WHERE pg_has_role(session_user, oid, 'MEMBER')
)
SELECT current_user::text AS role,
       current_setting('server_version_num')::int / 10000 AS version,
       current_setting('server_encoding') AS encoding,
       pg_is_in_recovery() AS replica,
       current_setting('default_transaction_read_only') AS read_only,
       current_setting('fsync') AS fsync,
       current_setting('full_page_writes') AS full_page_writes,
       current_setting('synchronous_commit') AS synchronous_commit,
       (SELECT bool_or(rolsuper) FROM reachable) AS superuser,
       entries.oid IS NOT NULL AS has_entries,
       EXISTS (SELECT FROM pg_trigger AS trigger JOIN pg_proc AS function ON function.oid = trigger.tgfoid
               WHERE trigger.tgrelid = entries.oid AND trigger.tgenabled = 'A'
                 AND pg_get_triggerdef(trigger.oid, true) = %(trigger)s
                 AND function.prosrc = %(function)s) AS append_only,
       ARRAY(SELECT DISTINCT kind
             FROM reachable, unnest(ARRAY['UPDATE', 'DELETE', 'TRUNCATE', 'TRIGGER']) AS kind
             WHERE has_table_privilege(reachable.oid, entries.oid, kind)
                OR (kind = 'UPDATE' AND has_any_column_privilege(reachable.oid, entries.oid, kind))
             ORDER BY kind) AS dangerous_rights
FROM (SELECT to_regclass('entries')::oid AS oid) AS entries
"""


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """What a server says about itself and about the role that asks."""

    role: str
    version: int
    """The major version."""
    encoding: str
    replica: bool
    read_only: str
    fsync: str
    full_page_writes: str
    synchronous_commit: str
    superuser: bool
    has_entries: bool
    append_only: bool
    """The trigger is there, fires always and on everything, and does what it did when it was made."""
    dangerous_rights: list[str]
    """What the role, or one it can become, may do to entries beyond reading and adding."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that must hold; `explanation` says why it matters, `next_step` how to get there."""

    name: str
    holds: Callable[[ServerFacts], bool]
    explanation: str
    next_step: str


CHECKS = (
    Check(
        "server version",
        lambda facts: facts.version >= OLDEST_VERSION,
        f"Makegood is built and tried on PostgreSQL {OLDEST_VERSION} and newer.",
        "Upgrade the server, or unset MAKEGOOD_DSN and use the embedded one.",
    ),
    Check(
        "encoding",
        lambda facts: facts.encoding == "UTF8",
        "Entries are hashed as UTF-8; a database in another encoding cannot keep every text.",
        "Make the database anew with ENCODING 'UTF8'.",
    ),
    Check(
        "not a replica",
        lambda facts: not facts.replica,
        "A replica cannot record anything.",
        "Point MAKEGOOD_DSN at the primary; target_session_attrs=read-write finds it.",
    ),
    Check(
        "not read-only",
        lambda facts: facts.read_only == "off",
        "With default_transaction_read_only on, nothing can be recorded.",
        "Take the setting back where it is made: ALTER SYSTEM, ALTER DATABASE, ALTER ROLE or MAKEGOOD_DSN.",
    ),
    Check(
        "fsync",
        lambda facts: facts.fsync == "on",
        "With fsync off, a power cut can destroy the whole record.",
        "ALTER SYSTEM SET fsync = on; SELECT pg_reload_conf();",
    ),
    Check(
        "full_page_writes",
        lambda facts: facts.full_page_writes == "on",
        "With full_page_writes off, a power cut can leave pages half written.",
        "ALTER SYSTEM SET full_page_writes = on; SELECT pg_reload_conf();",
    ),
    Check(
        "synchronous_commit",
        lambda facts: facts.synchronous_commit != "off",
        "With synchronous_commit off, what was acknowledged can be lost in a crash.",
        "Take the setting back where it is made: ALTER SYSTEM, ALTER DATABASE, ALTER ROLE or MAKEGOOD_DSN.",
    ),
    Check(
        "role without superpowers",
        lambda facts: not facts.superuser,
        "A superuser can switch the protection of the entries off.",
        "Let MAKEGOOD_DSN log in as makegood_app.",
    ),
    Check(
        "append-only trigger",
        lambda facts: not facts.has_entries or facts.append_only,
        "The trigger that stops UPDATE, DELETE and TRUNCATE on entries is missing, disabled or changed.",
        f"Find out who changed it, and whether entries were changed; then, as the owner, make {TRIGGER} and "
        "refuse_change() again as migration 0001 does, and enable it always.",
    ),
    Check(
        "role can only add entries",
        lambda facts: not facts.dangerous_rights,
        "The role that serves may change, delete or truncate entries, or add triggers to them.",
        "REVOKE UPDATE, DELETE, TRUNCATE, TRIGGER ON entries FROM it; make it no member of the owner.",
    ),
)


class GateRefused(Exception):
    """The server is not safe for the record as it stands."""

    def __init__(self, broken: tuple[Check, ...]) -> None:
        super().__init__(
            "\n".join(f"{check.name}: {check.explanation} {check.next_step}" for check in broken)
        )
        self.broken = broken


def server_facts(app_conninfo: str) -> ServerFacts:
    """What the server says to the role that serves. Raises: psycopg.Error."""
    with (
        psycopg.connect(app_conninfo, connect_timeout=10) as connection,
        connection.cursor(row_factory=class_row(ServerFacts)) as cursor,
    ):
        facts = cursor.execute(_FACTS, {"trigger": _TRIGGER, "function": _FUNCTION}).fetchone()
        assert facts is not None, "a SELECT from one row answers with one row"
        return facts


def broken_checks(facts: ServerFacts) -> tuple[Check, ...]:
    """The checks that do not hold."""
    return tuple(check for check in CHECKS if not check.holds(facts))


def pass_gate(app_conninfo: str) -> None:
    """Return if the server is safe for the record. Raises: GateRefused, psycopg.Error."""
    if broken := broken_checks(server_facts(app_conninfo)):
        raise GateRefused(broken)
