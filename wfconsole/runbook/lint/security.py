"""Incidents that somebody makes on purpose: evidence, who may know, and caches that hold sessions."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from wfconsole.runbook.lint.book import Book, Spot
from wfconsole.runbook.lint.findings import Hit, Topic, at

RULES: Final = Topic("security")
_SECURITY: Final = re.compile(r"secur|breach|intrusion|compromis|attack|malware|ransom", re.IGNORECASE)
_EVIDENCE: Final = re.compile(
    r"evidence|forensic|preserve|capture|snapshot|image the|memory dump|keep (?:the|both|its)", re.IGNORECASE
)
_RESTRICTED: Final = re.compile(r"restricted|confidential|need.to.know|code ?name|private channel", re.IGNORECASE)


def _security_headings(book: Book) -> set[str]:
    return {heading.text for heading in book.headings if _SECURITY.search(heading.text)}


def _findings_query(spot: Spot) -> str:
    return spot.program.line if spot.name == "aws" and "get-findings" in spot.program.arguments else ""


@RULES.program(
    "findings-without-critical",
    "error",
    "the worst findings are filtered out",
    "ask for CRITICAL and HIGH, CRITICAL first",
)
def _without_critical(spot: Spot) -> Hit | None:
    query = _findings_query(spot)
    if "HIGH" in query and "CRITICAL" not in query:
        return at(spot, "SeverityLabel EQUALS HIGH drops CRITICAL", "--filters")
    return None


@RULES.program(
    "findings-already-done",
    "warning",
    "findings that are dealt with are shown",
    'add "WorkflowStatus":[{"Value":"NEW","Comparison":"EQUALS"},{"Value":"NOTIFIED","Comparison":"EQUALS"}]',
)
def _already_done(spot: Spot) -> Hit | None:
    query = _findings_query(spot)
    if query and "WorkflowStatus" not in query:
        return at(spot, "suppressed and resolved ones stand among the new ones", "--filters", "get-findings")
    return None


@RULES.program(
    "findings-cut-off",
    "warning",
    "an unsorted list, cut off",
    "sort by UpdatedAt, page to the end or to a cap, and print '20 of 143'",
)
def _cut_off(spot: Spot) -> Hit | None:
    if (
        _findings_query(spot)
        and spot.program.word("--max-results", "--max-items")
        and not spot.program.word("--sort-criteria")
    ):
        return at(spot, "shows any 20 of them, and nothing says that there are more", "--max-results", "--max-items")
    return None


@RULES.program(
    "one-region",
    "note",
    "one region by name",
    "name all regions that you use, or say why one is enough",
)
def _region(spot: Spot) -> Hit | None:
    region = spot.program.value("--region") if spot.name == "aws" else None
    if region and not region.startswith(("<", "$")):
        return at(spot, f"what happens outside of {region} is not seen", "--region")
    return None


@RULES.whole(
    "evidence-comes-too-late",
    "error",
    "production is changed before evidence is kept",
    "first keep it: describe, logs of both runs, events, network and login records; isolate instead of deleting",
)
def _evidence(book: Book) -> Iterable[Hit]:
    for subject in _security_headings(book):
        here = [spot for spot in book.spots if spot.block.subject == subject]
        first = next((spot for spot in here if spot.changes), None)
        if first is None:
            continue
        heading = next(each for each in book.headings if each.text == subject)
        document = next(each for each in book.documents if each.name == heading.place.file)
        written = "\n".join(document.rows[heading.place.line : first.block.place.line])
        if not _EVIDENCE.search(written):
            act = next((each for each in reversed(first.block.path)), subject)
            line = next(
                (
                    each.place.line
                    for each in document.headings
                    if each.text == act and each.place.line < first.block.place.line
                ),
                heading.place.line,
            )
            last = [
                each.place.line
                for each in document.headings
                if each.text == act and each.place.line < first.block.place.line
            ]
            yield Hit(
                document.place(last[-1] if last else line),
                f"the first command of '{act}' that changes anything comes with no word of evidence before it",
            )


@RULES.whole(
    "security-told-to-everybody",
    "warning",
    "nothing keeps a security incident among few",
    "say who may know: a private channel, a code name, templates that tell nothing outside",
)
def _told(book: Book) -> Iterable[Hit]:
    if _RESTRICTED.search(book.words):
        return
    for heading in book.headings:
        if _SECURITY.search(heading.text) and any(spot.block.subject == heading.text for spot in book.spots):
            yield Hit(heading.place, "the open channel and the public templates would tell the attacker too")
            return


@RULES.whole(
    "security-deletes-pods",
    "error",
    "a pod that is evidence is deleted",
    "take it out of the service by its labels, cut its network, and keep it",
)
def _deletes(book: Book) -> Iterable[Hit]:
    subjects = _security_headings(book)
    for spot in book.spots:
        if spot.is_kubectl("delete") and spot.block.subject in subjects:
            yield at(spot, "memory, files and logs of the intruder go with it", "delete")


@RULES.program(
    "evidence-erased",
    "error",
    "history or logs are erased",
    "copy them away first; free space elsewhere",
)
def _erased(spot: Spot) -> str | None:
    line = spot.program.line
    if (spot.name == "history" and spot.program.word("-c")) or re.search(r"^(?:rm|truncate|shred)\b.*/var/log", line):
        return "afterwards nobody can say what happened"
    if spot.name == "journalctl" and "--vacuum" in line:
        return "the journal of the time before is gone"
    return None


@RULES.program(
    "cache-flushed",
    "error",
    "a whole cache is flushed",
    "count first; take out what must go by its prefix: SCAN and UNLINK in small batches",
)
def _flushed(spot: Spot) -> Hit | None:
    if spot.name != "redis-cli":
        return None
    word = next((each for each in spot.program.arguments if each.upper() in ("FLUSHDB", "FLUSHALL")), "")
    if not word:
        return None
    return at(
        spot,
        "takes cache, queues, locks and limits with the sessions, of one database and shard only; all load falls on "
        "the database; tokens that carry their own proof stay valid; nothing brings it back",
        word,
    )


@RULES.program(
    "cache-command-may-be-gone",
    "note",
    "a command that charts take away",
    "see with COMMAND INFO and ACL WHOAMI whether it is there before you count on it",
)
def _renamed(spot: Spot) -> Hit | None:
    word = next((each for each in spot.program.arguments if each.upper() in ("FLUSHDB", "FLUSHALL")), "")
    if spot.name == "redis-cli" and word and re.search(r"redis-(?:master|replicas?)-\d", " ".join(_outer(spot))):
        return at(spot, "the pod's name is that of a chart that disables FLUSHDB and FLUSHALL: 'unknown command'", word)
    return None


def _outer(spot: Spot) -> list[str]:
    return [word.text for word in spot.program.call.words]


@RULES.program(
    "cache-no-login",
    "warning",
    "redis-cli without a login",
    "use a connection file or REDISCLI_AUTH from a file; never -a on the command line",
)
def _no_login(spot: Spot) -> str | None:
    if spot.name == "redis-cli" and spot.program.word("-u", "--user", "--askpass") is None:
        return "where a password is set, every command ends in NOAUTH"
    return None


@RULES.program(
    "cache-blocked",
    "error",
    "a command that stops the cache",
    "SCAN in small steps; --bigkeys on a replica; SLOWLOG GET",
)
def _blocked(spot: Spot) -> Hit | None:
    if spot.name != "redis-cli":
        return None
    for word in spot.program.arguments:
        if word.upper() in ("KEYS", "MONITOR", "SHUTDOWN", "DEBUG", "SAVE"):
            return at(spot, f"{word.upper()} makes everybody else wait, or stops the server", word)
    return None


@RULES.program(
    "cache-setting-changed",
    "warning",
    "a setting of the cache is changed",
    "read it first (CONFIG GET), write it down, and say how it is set back",
)
def _setting(spot: Spot) -> str | None:
    words = [word.upper() for word in spot.program.arguments]
    if spot.name == "redis-cli" and "CONFIG" in words and "SET" in words:
        return "gone at the next restart, or kept by CONFIG REWRITE: nobody knows which"
    return None
