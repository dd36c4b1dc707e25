"""What any shell command can do wrong, whatever it talks to."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from wfconsole.incident.playbook import Place
from wfconsole.runbook.lint.book import Book, Spot
from wfconsole.runbook.lint.findings import Hit, Topic, at
from wfconsole.runbook.shell import Fault

RULES: Final = Topic("shell")
_SMART: Final = re.compile(r"[“”‘’]|(?<=\s)[–—]{1,2}(?=[a-z])")
_PROMPT: Final = re.compile(r"^\s*(?:\$|>|root@\S+#|\w+@\S+[$#])\s+\S")
_LOOKS_LIKE_SHELL: Final = re.compile(
    r"^\s*(?:\$ )?(?:kubectl|psql|curl|aws|helm|docker|ssh|systemctl|redis-cli|terraform|sudo|mysql)\s", re.MULTILINE
)
_KNOWN: Final = frozenset(
    [
        "HOME",
        "USER",
        "PATH",
        "PWD",
        "SHELL",
        "TERM",
        "LANG",
        "HOSTNAME",
        "EDITOR",
        "RANDOM",
        "SECONDS",
        "UID",
        "EUID",
        "PPID",
        "OLDPWD",
        "IFS",
        "KUBECONFIG",
        "TMPDIR",
    ]
)
_VARIABLE: Final = re.compile(r"(?<!\\)\$\{?([A-Za-z_]\w*)")
_INTERACTIVE: Final = ("top", "htop", "vi", "vim", "nano", "emacs", "less", "more", "k9s", "man", "watch")


@RULES.whole(
    "heredoc-indented",
    "error",
    "a here-document within a list",
    "put the manifest into a file beside the runbook, and apply that; or use <<-EOF with tabs",
)
def _heredoc(book: Book) -> Iterable[Hit]:
    for block in book.blocks:
        for call in block.script.calls:
            if call.here and block.indent:
                place, column = block.position(call.here.at)
                yield Hit(
                    place,
                    f"copied with its {block.indent} spaces, the line {call.here.delimiter} is no end: it becomes text",
                    column,
                )


_FAULTS: Final[dict[str, str]] = {
    "quote": "this quotation mark is never closed",
    "here-document": "the end of this here-document is missing",
    "substitution": "this substitution is never closed",
}


@RULES.whole("shell-syntax", "error", "no command as it stands", "close it, and try the command once")
def _syntax(book: Book) -> Iterable[Hit]:
    for block in book.blocks:
        faults: tuple[Fault, ...] = block.script.faults
        for fault in faults:
            place, column = block.position(fault.start)
            yield Hit(place, _FAULTS[fault.what], column)


@RULES.whole("typographic-characters", "error", "quotation marks or dashes of a word processor", "type \" ' and - anew")
def _typographic(book: Book) -> Iterable[Hit]:
    for block in book.blocks:
        match = _SMART.search(block.text) if block.is_shell else None
        if match:
            place, column = block.position(match.start())
            yield Hit(place, f"'{match[0]}' is not what the shell takes for a quotation mark or an option", column)


@RULES.whole("prompt-copied", "error", "a prompt in front of the command", "leave the prompt out")
def _prompt(book: Book) -> Iterable[Hit]:
    for block in book.blocks:
        for number, row in enumerate(block.text.split("\n")) if block.is_shell else ():
            if _PROMPT.match(row) and block.language not in ("console", "shell-session"):
                yield Hit(
                    Place(block.place.file, block.place.line + 1 + number),
                    "copied with its prompt it is no command, or writes into a file",
                )


@RULES.whole("commands-unmarked", "warning", "commands in a block without a language", "begin the block with ```bash")
def _unmarked(book: Book) -> Iterable[Hit]:
    messages = {message.block.place for message in book.messages}
    for block in book.blocks:
        if (
            block.language in ("", "text", "txt")
            and block.place not in messages
            and _LOOKS_LIKE_SHELL.search(block.text)
        ):
            yield Hit(
                block.place, "nothing can tell these commands from a text, so neither this check nor a reader does"
            )


@RULES.program("curl-silent", "warning", "a failure that is not shown", "curl -fsS: silent, but not about failures")
def _silent(spot: Spot) -> Hit | None:
    quiet = spot.program.has_short("s") or spot.program.word("--silent")
    told = spot.program.has_short("S") or spot.program.word("--show-error", "-f", "--fail")
    if spot.name == "curl" and quiet and not told:
        return at(spot, "-s says nothing when it cannot connect: no answer looks like no problem", quiet.text)
    return None


@RULES.program("curl-no-deadline", "note", "a request without a deadline", "add --max-time 10")
def _no_deadline(spot: Spot) -> str | None:
    bounded = spot.program.word("-m", "--max-time", "--connect-timeout", "--timeout", "-T")
    if spot.name in ("curl", "wget") and not bounded and "timeout" not in spot.program.via:
        return "what hangs in an incident hangs here too"
    return None


@RULES.program("tls-unchecked", "error", "certificates are not checked", "give the authority: --cacert FILE")
def _insecure(spot: Spot) -> Hit | None:
    words = {
        "curl": ("-k", "--insecure"),
        "wget": ("--no-check-certificate",),
        "kubectl": ("--insecure-skip-tls-verify",),
    }.get(spot.name, ())
    if words and spot.program.word(*words):
        return at(spot, "whoever stands in between reads and answers", *words)
    return None


@RULES.program("download-run-at-once", "error", "a download is run unseen", "keep a reviewed copy, and run that")
def _download(spot: Spot) -> str | None:
    source = spot.piped_from
    if spot.name in ("sh", "bash", "python", "python3", "sudo") and source and source.name in ("curl", "wget"):
        return "what the server sends tonight runs with your rights"
    return None


@RULES.program("removed-for-good", "error", "files are removed for good", "move them aside, and name them in full")
def _removes(spot: Spot) -> Hit | None:
    if spot.name != "rm" or not (
        spot.program.has_short("r") or spot.program.has_short("R") or spot.program.word("--recursive")
    ):
        return None
    wide = next((word for word in spot.program.arguments if re.search(r"^/|\*|\$|^~|^\.", word)), "")
    return at(spot, "one empty variable or one blank more, and it removes something else", wide) if wide else None


@RULES.program(
    "killed-hard", "warning", "a process is killed without a chance", "send TERM first, wait, and look again"
)
def _kills(spot: Spot) -> Hit | None:
    if spot.name in ("kill", "pkill", "killall") and spot.program.word("-9", "-KILL", "-SIGKILL", "--signal"):
        return at(spot, "it saves and closes nothing; a database replays its log after it", "-9", "-KILL", "-SIGKILL")
    return None


@RULES.program("killed-by-name", "warning", "processes are ended by a name", "look up the one number, and end that")
def _by_name(spot: Spot) -> str | None:
    if spot.name in ("pkill", "killall"):
        return "ends everything that is called so, on every container of the host"
    return None


@RULES.program("never-returns", "error", "a command that does not return", "look once, or put a deadline before it")
def _never(spot: Spot) -> str | None:
    if "timeout" in spot.program.via:
        return None
    follows = spot.name in ("tail", "journalctl") and (
        spot.program.has_short("f") or spot.program.word("--follow", "-F")
    )
    if follows or spot.name in ("stern", "kubetail", "tcpdump", "strace"):
        return f"{spot.name} runs until it is interrupted: the checklist stops here"
    return None


@RULES.program(
    "program-for-a-screen",
    "warning",
    "a program that takes the screen",
    "use one that prints and ends: top -b -n 1, cat",
)
def _screen(spot: Spot) -> str | None:
    if spot.name in _INTERACTIVE and not spot.program.word("-b") and not spot.program.has_short("b"):
        return f"{spot.name} waits for keys; it cannot be copied, recorded or given a deadline"
    return None


@RULES.program("machine-restarted", "error", "a whole machine is stopped", "drain it first, and say who brings it back")
def _restarted(spot: Spot) -> str | None:
    if spot.name in ("reboot", "shutdown", "halt", "poweroff"):
        return "takes with it everything that runs there"
    return None


@RULES.program("rights-for-all", "error", "rights for everybody", "give the one right to the one user")
def _rights(spot: Spot) -> Hit | None:
    if spot.name == "chmod" and spot.program.word("777", "-R777", "a+rwx", "0777"):
        return at(spot, "and nobody takes it back", "777", "a+rwx", "0777")
    return None


@RULES.program("disk-written", "error", "a disk is written raw", "have a second person read the device's name aloud")
def _disk(spot: Spot) -> str | None:
    if spot.name.startswith("mkfs") or (
        spot.name == "dd" and any(word.startswith("of=/dev/") for word in spot.program.arguments)
    ):
        return "one letter wrong, and it is another disk"
    return None


@RULES.program(
    "sleep-for-a-condition", "warning", "a sleep in place of a condition", "kubectl wait --for=... --timeout=..."
)
def _sleeps(spot: Spot) -> str | None:
    if spot.name == "sleep":
        return "too short on the bad day, and too long on all others"
    return None


@RULES.program(
    "host-unverified", "error", "a host key that is not checked", "put the host's key into known_hosts beforehand"
)
def _unverified(spot: Spot) -> str | None:
    if spot.name in ("ssh", "scp", "rsync") and re.search(r"StrictHostKeyChecking[= ]no", spot.program.line):
        return "during a security incident this may be the attacker's machine"
    return None


@RULES.program(
    "helm-no-revision",
    "error",
    "a rollback to whatever came before",
    "helm history first; helm rollback <release> <revision>",
)
def _helm(spot: Spot) -> str | None:
    words = [word for word in spot.program.arguments if not word.startswith("-")]
    if spot.name == "helm" and words[:1] == ["rollback"] and len(words) < 3:
        return "takes the revision before, which may be a failed one"
    return None


@RULES.program("helm-force", "error", "helm --force replaces", "upgrade without it")
def _helm_force(spot: Spot) -> Hit | None:
    if spot.name == "helm" and spot.program.word("--force", "--no-hooks"):
        return at(
            spot, "deletes and makes anew what it cannot patch, or leaves out what the chart relies on", "--force"
        )
    return None


@RULES.program(
    "approved-unseen", "error", "a plan that nobody reads", "terraform plan -out=FILE, read it, apply that file"
)
def _approved(spot: Spot) -> Hit | None:
    if spot.name in ("terraform", "tofu", "terragrunt") and spot.program.word("-auto-approve", "--auto-approve"):
        return at(spot, "it may destroy what somebody changed by hand tonight", "-auto-approve", "--auto-approve")
    return None


@RULES.program("containers-pruned", "error", "containers or volumes are pruned", "remove the one that is in the way")
def _pruned(spot: Spot) -> Hit | None:
    if spot.name in ("docker", "podman", "crictl") and "prune" in spot.program.arguments:
        return at(spot, "takes stopped containers, and with them what they left behind", "prune")
    return None


@RULES.program("history-rewritten", "error", "a branch is overwritten", "revert with a new commit")
def _rewritten(spot: Spot) -> Hit | None:
    if spot.name == "git" and "push" in spot.program.arguments and spot.program.word("-f", "--force"):
        return at(spot, "what others pushed meanwhile is gone", "-f", "--force")
    return None


@RULES.program(
    "changes-by-the-dozen", "error", "a change for each line of a list", "list first, and change them one at a time"
)
def _dozen(spot: Spot) -> str | None:
    if "xargs" in spot.program.via and spot.changes:
        return "whatever the command before prints is changed; a header line or an empty list included"
    return None


@RULES.whole("variable-never-set", "warning", "a variable that nothing sets", "use <name>, or set it in the same block")
def _variables(book: Book) -> Iterable[Hit]:
    for block in book.blocks:
        assigned = set(
            re.findall(r"\b(?:export\s+|for\s+|read\s+(?:-\w+\s+)*)?([A-Za-z_]\w*)(?==|\s+in\b)", block.text)
        )
        assigned |= set(re.findall(r"\bread\s+(?:-\w+\s+)*([A-Za-z_]\w*)", block.text))
        for spot in (each for each in book.in_block(block) if not each.program.via):
            for word in spot.program.words:
                match = None if word.quote == "'" or spot.name == "awk" else _VARIABLE.search(word.text)
                if match and match[1] not in assigned and match[1] not in _KNOWN and not match[1].startswith("WF"):
                    yield at(spot, f"${match[1]} is empty in a new shell: the command means something else", word.text)
