"""The application's log of logins, where the database lets us in with what libpq finds by itself. Nobody is asked."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources
from typing import Any, Final

from wfconsole.config.offers import Offer, Remark
from wfconsole.discovery.report import Report
from wfconsole.text import safe

_WITHIN_S: Final = 2
_OPTIONS: Final = (
    f"-c statement_timeout={_WITHIN_S * 1000} -c lock_timeout=500 -c idle_in_transaction_session_timeout=5000"
    " -c default_transaction_read_only=on"
)
# By setting, the names that such a column usually has, the usual one first; the last of them need not be there.
_COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "user_column": ("username", "user_name", "login", "email", "user_email", "user_id", "account"),
    "result_column": ("status", "result", "outcome"),
    "time_column": ("created_at", "attempted_at", "logged_at", "occurred_at", "timestamp", "ts", "time", "at"),
    "address_column": ("ip_address", "ip", "client_ip", "remote_addr", "source_ip", "address", "remote_address"),
}
_HOW_TO: Final = "To map a log of your own, name its table, and then those columns below that are called otherwise."

_CHECK: Final = "By the names of its columns; check failed_values and success_values against what it holds."


def look(database: Mapping[str, Any]) -> Report:
    """`database` are settings of [database]. What does not fit is a remark: this is a look that may fail."""
    if not database:
        words = f"Not looked for, because there is no database to look into yet. {_HOW_TO}"
        return Report({"auth": "no database to look into yet"}, remarks=(Remark("auth", words),))
    looked = {"auth": "tables of the database whose names speak of logins"}
    import psycopg

    try:
        tables = _tables(database)
    except psycopg.Error as error:
        why = safe(" ".join(str(error).split()), 200) or type(error).__name__
        return Report(looked, remarks=(Remark("auth", f"The database does not let us look: {why}. {_HOW_TO}"),))
    offers = [offer for table in tables if (offer := _offer(table)) is not None]
    words = _CHECK if offers else f"No table of the database looks like one. {_HOW_TO}"
    return Report(looked, offers=tuple(offers), remarks=(Remark("auth", words),))


def _tables(database: Mapping[str, Any]) -> list[dict[str, Any]]:
    import psycopg
    from psycopg.conninfo import make_conninfo
    from psycopg.rows import dict_row

    sql = resources.files(__package__).joinpath("login_tables.sql").read_text(encoding="utf-8")
    names = {"host": "host", "port": "port", "name": "dbname", "user": "user", "service": "service"}
    names |= {"tls": "sslmode", "ca_file": "sslrootcert"}
    where = make_conninfo("", **{names[key]: str(value) for key, value in database.items()})
    with psycopg.connect(
        where,
        application_name="wfconsole/init",
        connect_timeout=_WITHIN_S,
        options=_OPTIONS,
        autocommit=True,
        row_factory=dict_row,
    ) as connection:
        return connection.execute(sql.encode(), prepare=False).fetchall()


def _offer(table: Mapping[str, Any]) -> Offer | None:
    """The settings for a table; None where it does not tell who, how it ended, and when."""
    there = set(table["columns"])
    mapped = {setting: next((name for name in names if name in there), "") for setting, names in _COLUMNS.items()}
    if not all(mapped[setting] for setting in ("user_column", "result_column", "time_column")):
        return None
    name = table["name"] if table["in_path"] else f"{table['schema']}.{table['name']}"
    named = {setting: column for setting, column in mapped.items() if column != _COLUMNS[setting][0]}
    return Offer(
        "auth", {"table": name, **named}, f"table {safe(table['schema'])}.{safe(table['name'])} of the database"
    )
