"""Passwords, keys and tokens: where they leak, and what changing one really takes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from wfconsole.runbook.lint.book import Book, Spot
from wfconsole.runbook.lint.findings import Hit, Topic, at

RULES: Final = Topic("secrets")
_OPTIONS: Final = ("--secret-string", "--password", "--token", "--from-literal", "--secret-binary")
_JSON_SECRET: Final = re.compile(r'"(?:password|secret|token|api_?key)"\s*:\s*"[^"]', re.IGNORECASE)
_ASSIGNED: Final = re.compile(r"(?:PGPASSWORD|MYSQL_PWD|\w*(?:PASSWORD|SECRET|TOKEN|API_KEY))=[^\s$]")
_INVITATION: Final = re.compile(
    r"\b(?:NEW_?SECURE_?PASSWORD|NEW_?PASSWORD|CHANGE_?ME|YOUR_?\w*(?:PASSWORD|TOKEN|KEY|SECRET)|PASSWORD123|xxx+)\b",
    re.IGNORECASE,
)
_KEYS: Final = re.compile(
    r"\b(?:AKIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{20,}|xox[abprs]-[A-Za-z0-9-]{10,}|eyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]{5,})"
    r"|-----BEGIN (?:\w+ )?PRIVATE KEY-----"
)
_URL_PASSWORD: Final = re.compile(r"\b[a-z][a-z0-9+.-]*://[^\s:/@<]+:[^\s:/@<$]+@")


def _of_a_database(spot: Spot) -> bool:
    return bool(re.search(r"database|postgres|mysql|\bdb\b|redis", f"{spot.program.line} {spot.step}".lower()))


def _puts(spot: Spot) -> bool:
    return spot.name == "aws" and bool({"put-secret-value", "update-secret"} & set(spot.program.arguments))


@RULES.program(
    "secret-on-command-line",
    "error",
    "a secret among the words of a command",
    "have it made and read by a program: --secret-string file:///dev/stdin, a pass file, a prompt",
)
def _command_line(spot: Spot) -> Hit | None:
    words = spot.program.words
    for index, word in enumerate(words):
        name, _, value = word.text.partition("=")
        following = words[index + 1].text if index + 1 < len(words) else ""
        value = value or (following if name in _OPTIONS else "")
        told = name in _OPTIONS and value and not value.startswith(("file:", "fileb:", "$", "-"))
        if name == "--from-literal" and not re.search(r"passw|secret|token|key", value, re.IGNORECASE):
            told = False
        if told or _ASSIGNED.match(word.text) or _JSON_SECRET.search(word.text):
            return at(
                spot, "it stays in the history, in the process list, on the screen and in every recording", word.text
            )
    if spot.program.call.words[0].text != words[0].text and not spot.program.via:
        assigned = next((each for each in spot.program.call.words if _ASSIGNED.match(each.text)), None)
        if assigned:
            return at(spot, f"{assigned.text.partition('=')[0]} stays in the history and in every recording")
    return None


@RULES.whole(
    "secret-example-value",
    "error",
    "an example where a secret belongs",
    "write <new-password>, which no shell and no person takes for a value",
)
def _example(book: Book) -> Iterable[Hit]:
    for block in book.blocks:
        for match in _INVITATION.finditer(block.text) if block.is_shell else ():
            place, column = block.position(match.start())
            yield Hit(
                place,
                f"pasted as it is, '{match[0]}' becomes the password",
                column,
                column + len(match[0]) if column else 0,
            )


@RULES.whole(
    "secret-in-the-store-only",
    "error",
    "a password changed in the store and not in the database",
    "in this order: second user or ALTER ROLE, new version as AWSPENDING, test login, promote, restart, verify",
)
def _store_only(book: Book) -> Iterable[Hit]:
    for spot in book.spots:
        if not _puts(spot) or not _of_a_database(spot):
            continue
        here = " ".join(each.program.line for each in book.in_subject(spot.block)).lower()
        changed = re.search(r"alter\s+(?:role|user)|set\s+password|rotate-secret|create\s+(?:role|user)", here)
        if not changed and not re.search(r"alter role|second user|in the database", book.near(spot.block)):
            yield at(
                spot, "the database still has the old one: after the restart nobody can log in", "put-secret-value"
            )


@RULES.whole(
    "secret-replaces-all-keys",
    "error",
    "a new version that forgets the other keys",
    "read the present version, change the one key, compare the names of all keys, write it back",
)
def _replaces(book: Book) -> Iterable[Hit]:
    for spot in book.spots:
        if not _puts(spot) or '"' not in (spot.program.value("--secret-string") or ""):
            continue
        if not any("get-secret-value" in each.program.arguments for each in book.before(spot)):
            yield at(
                spot, "replaces the whole text: host, port and whatever else stood there are gone", "--secret-string"
            )


@RULES.whole(
    "secret-one-consumer",
    "warning",
    "only some of those who read it are restarted",
    "list every workload that refers to the secret, wait until it has arrived, then restart all of them",
)
def _one_consumer(book: Book) -> Iterable[Hit]:
    for spot in book.spots:
        if not _puts(spot) or re.search(r"\b(?:each|every|all) workloads?\b", book.near(spot.block)):
            continue
        for each in book.after(spot):
            found = each.is_kubectl("rollout restart")
            if found and len(found.targets) == 1:
                yield at(
                    each, "others go on with the old one, and this one may start before the new one arrives", "restart"
                )
                break


@RULES.whole(
    "secret-no-way-back",
    "warning",
    "a rotation without a way back",
    "give it: aws secretsmanager update-secret-version-stage moves AWSPREVIOUS back",
)
def _way_back(book: Book) -> Iterable[Hit]:
    if re.search(r"awsprevious|update-secret-version-stage", book.words):
        return
    for spot in book.spots:
        if _puts(spot):
            yield at(
                spot, "nothing here says how the version before is brought back", "put-secret-value", "update-secret"
            )


@RULES.whole(
    "secret-sessions-stay",
    "warning",
    "who is logged in stays logged in",
    "end the sessions of that role after the rotation, one by one",
)
def _sessions_stay(book: Book) -> Iterable[Hit]:
    for spot in book.spots:
        if not _puts(spot) or not _of_a_database(spot) or re.search(r"\bsessions?\b", book.near(spot.block)):
            continue
        if not any("pg_terminate_backend" in each.program.line for each in book.after(spot)):
            yield at(
                spot,
                "a changed password ends no session: whoever stole the old one goes on",
                "put-secret-value",
                "update-secret",
            )


@RULES.program(
    "secret-printed",
    "error",
    "a secret printed on the screen",
    "look at its names or its version: kubectl describe secret, aws secretsmanager describe-secret",
)
def _printed(spot: Spot) -> str | None:
    found = spot.is_kubectl("get")
    output = spot.program.value("-o", "--output") or ""
    data = found is not None and "secret" in found.kinds and re.match(r"yaml|json|go-template|jsonpath.*data", output)
    if data or (spot.name == "aws" and "get-secret-value" in spot.program.arguments and not spot.program.call.writes):
        return "it is on the screens of all who share the terminal, in its scroll-back and in the recording"
    if spot.name in ("env", "printenv") and "kubectl" in spot.program.via and len(spot.program.words) == 1:
        return "the environment of a pod holds its passwords"
    return None


@RULES.whole(
    "secret-in-the-text",
    "error",
    "a key or token in the runbook",
    "take it out, and change it: whoever could read this file has it",
)
def _in_text(book: Book) -> Iterable[Hit]:
    for document in book.documents:
        for number, row in enumerate(document.rows, 1):
            if match := _KEYS.search(row):
                yield Hit(
                    document.place(number),
                    "this looks like a real key, and not like a place for one",
                    match.start() + 1,
                )


@RULES.whole(
    "password-in-address",
    "error",
    "a password in an address",
    "leave it out: a pass file, a service file or a variable holds it",
)
def _in_address(book: Book) -> Iterable[Hit]:
    for document in book.documents:
        for number, row in enumerate(document.rows, 1):
            if match := _URL_PASSWORD.search(row):
                yield Hit(
                    document.place(number), "addresses are logged, shown and pasted everywhere", match.start() + 1
                )
