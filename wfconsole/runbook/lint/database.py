"""SQL, and how it is sent."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from wfconsole.runbook.lint.book import Book, Spot, Statement
from wfconsole.runbook.lint.findings import Hit, Topic, at, in_sql

RULES: Final = Topic("database")
_TERMINATE: Final = r"pg_(?:terminate|cancel)_backend"
_FAILURES: Final = r"\bfrom\s+\w*(?:auth|login|audit|access)\w*"


@RULES.sql(
    "sql-counts-all-backends",
    "error",
    "connections counted with the server's own processes",
    "count(*) FILTER (WHERE backend_type = 'client backend') by state",
)
def _all_backends(statement: Statement) -> Hit | None:
    if (
        statement.says(r"\bfrom\s+pg_stat_activity")
        and statement.says(r"\bcount\s*\(")
        and not statement.has("backend_type")
    ):
        return in_sql(
            statement,
            r"count\s*\(",
            "counts background processes and idle sessions as connections; as a plain role it sees its own alone",
        )
    return None


@RULES.sql(
    "sql-ignores-reserved-slots",
    "warning",
    "max_connections taken for what is usable",
    "subtract superuser_reserved_connections, and reserved_connections from version 16 on",
)
def _reserved(statement: Statement) -> Hit | None:
    if statement.has("max_connections") and not statement.has("reserved_connections"):
        return in_sql(statement, "max_connections", "some slots are kept back: it is full before this says so")
    return None


@RULES.sql(
    "sql-columns-that-were-renamed",
    "error",
    "columns that pg_stat_statements no longer has",
    "total_exec_time, mean_exec_time; look at the columns first, for the extension may be older than the server",
)
def _renamed(statement: Statement) -> Hit | None:
    if statement.says(r"\bpg_stat_statements\b") and statement.says(r"\b(?:total|mean|min|max|stddev)_time\b"):
        return in_sql(
            statement,
            r"\b(?:total|mean|min|max|stddev)_time\b",
            "since pg_stat_statements 1.8 (PostgreSQL 13) this column does not exist",
        )
    return None


@RULES.sql(
    "sql-statistics-since-ever",
    "note",
    "statistics since the last reset",
    "take two looks and show the difference; say since when: pg_stat_statements_info.stats_reset",
    told=r"last reset|stats_reset|twice",
)
def _cumulative(statement: Statement) -> Hit | None:
    if statement.says(r"\bfrom\s+pg_stat_statements\b") and not statement.says(r"stats_reset|pg_stat_statements_info"):
        return in_sql(
            statement, "pg_stat_statements", "shows what was slow last month too; the extension may be missing here"
        )
    return None


@RULES.sql(
    "sql-lock-join",
    "error",
    "blockers guessed by joining pg_locks with itself",
    "pg_blocking_pids(pid), for sessions with wait_event_type = 'Lock'; the root is who waits for nobody",
)
def _lock_join(statement: Statement) -> Hit | None:
    joined = len(re.findall(r"\bpg_locks\b", statement.bare)) > 1
    if joined and not statement.says("pg_blocking_pids"):
        return in_sql(
            statement,
            r"join\s+\S*pg_locks",
            "names sessions that block nobody, names victims as blockers, and does not see prepared transactions",
        )
    return None


@RULES.sql(
    "sql-lock-not-granted",
    "error",
    "a blocker that does not hold the lock",
    "ask for granted on the side of the blocker, and for another pid; better, use pg_blocking_pids",
)
def _not_granted(statement: Statement) -> Hit | None:
    if len(re.findall(r"\bpg_locks\b", statement.bare)) < 2 or statement.says("pg_blocking_pids"):
        return None
    if not re.search(r"(?<!not )\b\w+\.granted\b(?!\s*=\s*false)", statement.bare):
        return in_sql(
            statement,
            r"not\s+\w*\.?granted",
            "who waits for the same lock counts as its blocker, even a session for itself",
        )
    return None


@RULES.sql(
    "sql-terminates-many",
    "error",
    "sessions ended by the dozen",
    "list them first; end one pid at a time, with its backend_start in the same statement, and look what it freed",
)
def _terminates_many(statement: Statement) -> Hit | None:
    if statement.says(_TERMINATE) and statement.says(r"\bfrom\s+\S*pg_stat_activity") and not _one_pid(statement):
        return in_sql(
            statement, _TERMINATE, "ends every session that matches, and stops half-way at one it may not end"
        )
    return None


def _one_pid(statement: Statement) -> bool:
    return bool(statement.has(r"\bpid\s*=\s*(?:<|\d|:|\$|%)"))


@RULES.sql(
    "sql-terminates-victims",
    "error",
    "the culprit is not among them",
    "look for the root blocker, mostly idle in transaction: state LIKE 'idle in transaction%', oldest xact_start first",
)
def _victims(statement: Statement) -> Hit | None:
    if statement.says(_TERMINATE) and statement.has(r"state\s*=\s*'active'"):
        return in_sql(
            statement,
            r"state\s*=\s*'active'",
            "who holds the lock is usually idle in transaction: this ends those that wait for it, and the lock stays",
        )
    return None


@RULES.sql(
    "sql-terminates-any-backend",
    "error",
    "replication and maintenance are ended too",
    "add backend_type = 'client backend' AND pid <> pg_backend_pid()",
)
def _any_backend(statement: Statement) -> Hit | None:
    many = statement.says(r"\bfrom\s+\S*pg_stat_activity") and not _one_pid(statement)
    if statement.says(_TERMINATE) and many and not statement.has("backend_type"):
        return in_sql(
            statement,
            r"pg_stat_activity",
            "a replica's walsender, autovacuum, a backup and CREATE INDEX CONCURRENTLY match as well",
        )
    return None


@RULES.sql(
    "sql-pid-may-be-reused",
    "warning",
    "a session ended by its number alone",
    "compare backend_start in the same statement: SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
    "WHERE pid = <pid> AND backend_start = <start>",
)
def _reused(statement: Statement) -> Hit | None:
    by_number = statement.says(_TERMINATE) and (_one_pid(statement) or statement.has(rf"{_TERMINATE}\s*\(\s*(?:<|\d)"))
    if by_number and not statement.says("backend_start"):
        return in_sql(statement, _TERMINATE, "the number may belong to another session by now")
    return None


@RULES.program(
    "psql-no-connection",
    "warning",
    "psql without saying who connects where",
    "name a service: psql 'service=<service> connect_timeout=5'; the password belongs into a pass file",
)
def _no_connection(spot: Spot) -> str | None:
    if spot.name != "psql" or spot.program.word("-U", "-h", "-d", "--username", "--host", "--dbname", "--service"):
        return None
    if any("://" in word or "service=" in word or "dbname=" in word for word in spot.program.arguments):
        return None
    return "connects as the system's user to a database of that name: 'role does not exist', or a password is asked for"


@RULES.program(
    "psql-no-deadline",
    "note",
    "SQL without a deadline",
    "set connect_timeout, statement_timeout and lock_timeout: PGOPTIONS='-c statement_timeout=5s'",
    told=r"statement_timeout|lock_timeout|deadline",
)
def _no_deadline(spot: Spot) -> str | None:
    if spot.name != "psql" or "timeout" in spot.program.via:
        return None
    written = spot.block.text
    return (
        None if "statement_timeout" in written else "in a sick database a look may hang, and hold locks while it does"
    )


@RULES.whole(
    "psql-needs-a-slot",
    "note",
    "a new connection in want of connections",
    "keep one open from before, or document the reserved way in (pg_use_reserved_connections, superuser)",
)
def _needs_slot(book: Book) -> Iterable[Hit]:
    seen: set[tuple[str, str]] = set()
    for spot in book.spots:
        key = (spot.block.place.file, spot.block.subject)
        if spot.name == "psql" and key not in seen and re.search(r"connect|exhaust|pool", spot.block.subject.lower()):
            seen.add(key)
            if re.search(r"reserved|slots? (?:are|is) (?:used|taken)|kept open|superuser", book.near(spot.block)):
                continue
            yield at(spot, "when the slots are used up this is refused: the look fails just when it is needed")


@RULES.whole(
    "sql-failures-by-user",
    "warning",
    "failed logins counted by user alone",
    "count by source too, and compare with what is usual",
)
def _by_user(book: Book) -> Iterable[Hit]:
    source = r"\b(?:ip|source|addr\w*|remote\w*|client\w*|host)\w*\b"
    counted = [each for each in book.statements if each.says(_FAILURES) and each.says(r"\bgroup\s+by\b")]
    by_source = {each.block.subject for each in counted if each.has(source)}
    for statement in counted:
        if statement.says(r"\bselect\b[^;]*\b(?:user\w*|login|email)\b") and statement.block.subject not in by_source:
            yield in_sql(
                statement,
                r"group\s+by",
                "one source that tries each of 500 users once sinks below one user who mistyped six times",
            )


@RULES.sql(
    "sql-no-limit",
    "warning",
    "a list without an end",
    "add LIMIT 20, and say when there were more",
)
def _no_limit(statement: Statement) -> Hit | None:
    if (
        statement.says(r"^\s*(?:with|select)\b")
        and statement.says(r"\border\s+by\b")
        and not statement.says(r"\blimit\b|\bfetch\s+first\b")
    ):
        return in_sql(statement, r"order\s+by", "sorts and prints everything there is")
    return None


@RULES.whole(
    "security-log-in-the-database",
    "warning",
    "the login log lives in the database that may be the incident",
    "name a second source: the gateway's log, or a counter in Prometheus",
)
def _log_in_database(book: Book) -> Iterable[Hit]:
    if not any(re.search(r"database|postgres", heading.text.lower()) for heading in book.headings):
        return
    for statement in book.statements:
        if statement.says(_FAILURES) and not re.search(r"gateway|second source|blind", book.near(statement.block)):
            yield in_sql(statement, _FAILURES, "when the database is down or full, security is blind as well")


@RULES.sql(
    "sql-no-where", "error", "a change of every row", "say which rows, in a transaction, and look at the count first"
)
def _no_where(statement: Statement) -> Hit | None:
    if statement.says(r"^\s*(?:delete\s+from|update\s+\S+\s+set)\b") and not statement.says(r"\bwhere\b"):
        return in_sql(statement, r"delete|update", "without WHERE it changes the whole table")
    return None


@RULES.sql("sql-drops", "error", "something is dropped", "rename it, and drop it when the incident is over")
def _drops(statement: Statement) -> Hit | None:
    if statement.says(
        r"^\s*drop\s+(?:table|database|schema|index|column|role|user|extension|view)\b|\bdrop\s+column\b"
    ):
        return in_sql(statement, "drop", "does not come back without a restore")
    return None


@RULES.sql("sql-truncates", "error", "a table is emptied", "copy the table first, or delete what must go")
def _truncates(statement: Statement) -> Hit | None:
    if statement.says(r"^\s*truncate\b"):
        return in_sql(statement, "truncate", "takes the strongest lock, and does not come back without a restore")
    return None


@RULES.sql("sql-locks-the-table", "error", "a table is locked for long", "VACUUM without FULL; REINDEX CONCURRENTLY")
def _locks_table(statement: Statement) -> Hit | None:
    if statement.says(r"\bvacuum\s*(?:\(\s*)?full\b|^\s*cluster\b") or (
        statement.says(r"^\s*reindex\b") and not statement.says("concurrently")
    ):
        return in_sql(statement, "vacuum|cluster|reindex", "nobody reads or writes the table until it is rewritten")
    return None


@RULES.sql(
    "sql-index-blocks-writes",
    "warning",
    "an index is built while writes wait",
    "CREATE INDEX CONCURRENTLY, and check it after",
)
def _index(statement: Statement) -> Hit | None:
    if statement.says(r"^\s*create\s+(?:unique\s+)?index\b") and not statement.says("concurrently"):
        return in_sql(statement, "index", "every write to the table waits until the index is built")
    return None


@RULES.sql(
    "sql-alters-table", "warning", "a table is altered in an incident", "SET lock_timeout = '2s' first, and try again"
)
def _alters(statement: Statement) -> Hit | None:
    if statement.says(r"^\s*alter\s+table\b"):
        return in_sql(
            statement, "alter", "waits for every transaction on the table, and everybody else waits behind it"
        )
    return None


@RULES.sql("sql-all-columns", "note", "SELECT *", "name the columns")
def _all_columns(statement: Statement) -> Hit | None:
    if statement.says(r"^\s*select\s+\*"):
        return in_sql(statement, r"\*", "too wide to read at night, and another thing in each version")
    return None


@RULES.sql("sql-resets-statistics", "error", "statistics are thrown away", "take two looks and compare them")
def _resets(statement: Statement) -> Hit | None:
    if statement.says(r"\bpg_stat\w*_reset\w*"):
        return in_sql(
            statement, r"pg_stat\w*_reset\w*", "what the database did before is evidence, and is gone after this"
        )
    return None


@RULES.sql(
    "sql-server-setting", "warning", "a setting of the whole server is changed", "write the old value down first"
)
def _server_setting(statement: Statement) -> Hit | None:
    if statement.says(r"^\s*alter\s+(?:system|database|role\s+\S+\s+set)\b"):
        return in_sql(statement, "alter", "stays after the incident; some settings need a restart to be taken back")
    return None
