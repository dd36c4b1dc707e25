"""What can go wrong with logins: rows that the application writes into its log while somebody attacks it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import psycopg

Connect = Callable[[], psycopg.Connection[Any]]

SPRAYER: Final = "203.0.113.66"
SPRAYED: Final = 500
BRUTE: Final = "198.51.100.23"
VICTIM: Final = "admin"
TYPIST: Final = "carol"
OFFICE: Final = "192.0.2.10"

# Five hours of 40 people in one office: each logs in every ten minutes, every tenth login fails at first.
_USUAL: Final = f"""
INSERT INTO auth_logs(username, status, ip_address, created_at)
SELECT 'user-' || n % 40, CASE WHEN n % 10 = 0 THEN 'failed' ELSE 'success' END, '{OFFICE}',
       now() - n * interval '15 seconds'
  FROM generate_series(1, 1200) n"""
_TYPING: Final = f"""
INSERT INTO auth_logs(username, status, ip_address, created_at)
SELECT '{TYPIST}', CASE WHEN n = 0 THEN 'success' ELSE 'failed' END, '{OFFICE}',
       now() - interval '20 minutes' - n * interval '9 seconds'
  FROM generate_series(0, 6) n"""
_SPRAYING: Final = f"""
INSERT INTO auth_logs(username, status, ip_address, created_at)
SELECT 'person-' || n, 'failed', '{SPRAYER}', now() - n * interval '1 second' FROM generate_series(1, {SPRAYED}) n"""
_BRUTE_FORCE: Final = f"""
INSERT INTO auth_logs(username, status, ip_address, created_at)
SELECT '{VICTIM}', CASE WHEN n = 1 THEN 'success' ELSE 'failed' END, '{BRUTE}', now() - n * interval '2 seconds'
  FROM generate_series(1, 81) n"""


def faults(connect: Connect) -> Mapping[str, Callable[[], str]]:
    """Each says what it did."""
    return {
        "usual-logins": lambda: _write(connect, _USUAL, "40 people log in from one office, as ever"),
        "mistyped": lambda: _write(connect, _TYPING, f"{TYPIST} logs in at the seventh try"),
        "password-spraying": lambda: _write(connect, _SPRAYING, f"{SPRAYER} tries {SPRAYED} users once each"),
        "brute-force": lambda: _write(connect, _BRUTE_FORCE, f"{BRUTE} guesses the password of {VICTIM}"),
    }


def recover(connect: Connect) -> None:
    """An empty log."""
    _write(connect, "DELETE FROM auth_logs", "")


def _write(connect: Connect, statement: str, said: str) -> str:
    with connect() as connection:
        connection.execute(statement.encode())
    return said
