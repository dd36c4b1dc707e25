"""What a command really runs: `sudo timeout 5 kubectl exec pod -- psql -c "..."` is kubectl, and psql in a pod."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from wfconsole.runbook.shell import Call, Word, parse_shell

_DEEPEST: Final = 5


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_ASSIGNMENT: Final = re.compile(r"[A-Za-z_]\w*=")
# Programs that run the rest of their words, with those of their options that take a value.
_WRAPPERS: Final[dict[str, tuple[str, ...]]] = {
    "sudo": ("-u", "-g"),
    "env": ("-u",),
    "nohup": (),
    "nice": ("-n",),
    "time": (),
    "command": (),
    "exec": (),
    "timeout": ("-k", "-s"),
    "xargs": ("-n", "-I", "-P", "-L", "-d"),
    "watch": ("-n", "--interval"),
}
_SHELLS: Final = ("sh", "bash", "zsh", "dash", "ash")
# Of kubectl's options, those that take a value as the next word.
_VALUED: Final = _words(
    "-n --namespace --context --cluster --user --kubeconfig --as --server -s -l --selector -o --output -c --container "
    "--tail --since --since-time --replicas --current-replicas --patch --patch-file --type --to-revision --revision "
    "--sort-by --field-selector --timeout --grace-period --for --limits --requests --min --max --cpu-percent "
    "--template --field-manager -L --label-columns --from-literal --from-file --from-env-file --overrides --restart "
    "--port --image "
    "--env --request-timeout --max-log-requests --pod-selector --resource-version --types --limit-bytes --name --target"
    " --target-port --tls-cert-file --username --profile --filename -k --kustomize --duration"
)
_SUBVERBS: Final = ("rollout", "set", "config", "top", "auth", "create", "certificate", "apply")
_KINDS: Final = {
    short: kind
    for kind, shorts in {
        "pod": "po pods",
        "deployment": "deploy deployments deployment.apps deployments.apps",
        "statefulset": "sts statefulsets statefulset.apps",
        "daemonset": "ds daemonsets",
        "replicaset": "rs replicasets",
        "service": "svc services",
        "endpoints": "ep endpoint",
        "endpointslice": "endpointslices endpointslices.discovery.k8s.io",
        "node": "no nodes",
        "namespace": "ns namespaces",
        "hpa": "horizontalpodautoscaler horizontalpodautoscalers",
        "ingress": "ing ingresses",
        "networkpolicy": "netpol networkpolicies",
        "configmap": "cm configmaps",
        "secret": "secrets",
        "event": "ev events",
        "job": "jobs",
        "persistentvolumeclaim": "pvc persistentvolumeclaims",
        "persistentvolume": "pv persistentvolumes",
        "customresourcedefinition": "crd crds customresourcedefinitions",
        "componentstatus": "cs componentstatuses",
        "poddisruptionbudget": "pdb poddisruptionbudgets",
    }.items()
    for short in (kind, *shorts.split())
}
_KUBECTL_CHANGES: Final = _words(
    "apply create delete edit patch replace scale autoscale set label annotate cordon uncordon drain taint run expose "
    "cp debug certificate"
)
_ROLLOUT_CHANGES: Final = ("restart", "undo", "pause", "resume")
_SQL_CHANGES: Final = re.compile(
    r"\b(?:insert\s+into|update\s+\S+\s+set|delete\s+from|drop|truncate|alter|create|grant|revoke|vacuum|reindex|cluster"
    r"|pg_terminate_backend|pg_cancel_backend|pg_reload_conf|pg_switch_wal|pg_promote|kill)\b",
    re.IGNORECASE,
)
_AWS_LOOKS: Final = (
    "get",
    "list",
    "describe",
    "lookup",
    "search",
    "wait",
    "help",
    "head",
    "ls",
    "scan",
    "query",
    "tail",
)
_CHANGES: Final[dict[str, frozenset[str]]] = {
    "helm": _words("install upgrade rollback uninstall delete"),
    "terraform": _words("apply destroy import taint"),
    "systemctl": _words("start stop restart reload kill disable enable mask"),
    "service": _words("start stop restart reload"),
    "docker": _words("rm rmi kill stop restart start run system volume update"),
    "redis-cli": _words(
        "flushdb flushall del unlink set expire config shutdown failover slaveof replicaof debug script eval"
    ),
    "git": _words("push reset revert clean"),
    "argocd": _words("app"),
}
_ALWAYS: Final = _words(
    "rm kill pkill killall reboot shutdown halt poweroff dd mkfs iptables nft ufw chmod chown mv truncate tee crontab "
    "useradd userdel passwd mount umount dropdb createdb pg_ctl pg_resetwal"
)


class Program(Struct, frozen=True):
    """A program with its arguments. `via`: the programs around it, outermost first; `call`: the command as written."""

    words: tuple[Word, ...]
    call: Call
    via: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return self.words[0].text.rpartition("/")[2]

    @property
    def arguments(self) -> tuple[str, ...]:
        return tuple(word.text for word in self.words[1:])

    @property
    def line(self) -> str:
        """Its words with single spaces, for patterns."""
        return " ".join(word.text for word in self.words)

    @property
    def own(self) -> tuple[Word, ...]:
        """Its arguments up to `--`: what stands behind belongs to the program that it runs."""
        words = [word.text for word in self.words]
        return self.words[1 : words.index("--")] if "--" in words else self.words[1:]

    def word(self, *texts: str) -> Word | None:
        """The first argument that is one of these, or begins with one and a `=`."""
        return next((each for each in self.own if each.text in texts or each.text.partition("=")[0] in texts), None)

    def value(self, *options: str) -> str | None:
        """What stands behind an option: `-n x`, `--namespace=x`, `-nx` (short ones); None where it is absent."""
        for index, word in enumerate(self.own, 1):
            name, equals, value = word.text.partition("=")
            if name in options:
                following = self.words[index + 1].text if index + 1 < len(self.words) else ""
                return value if equals else following
        return None

    def has_short(self, letter: str) -> Word | None:
        """A short option, alone or among others: `-it` has `t`."""
        return next((each for each in self.own if re.fullmatch(rf"-[A-Za-z]*{letter}[A-Za-z]*", each.text)), None)


class Kubectl(Struct, frozen=True):
    """A kubectl command, its options apart from what it is about. `targets`: (kind, name or "")."""

    program: Program
    verb: str
    sub: str
    targets: tuple[tuple[str, str], ...]
    inner: tuple[Word, ...] = ()  # behind `--`

    @property
    def kinds(self) -> frozenset[str]:
        return frozenset(kind for kind, _ in self.targets)

    @property
    def namespace(self) -> str:
        return self.program.value("-n", "--namespace") or ""

    @property
    def all_namespaces(self) -> bool:
        return self.program.word("-A", "--all-namespaces") is not None

    @property
    def changes(self) -> bool:
        if (self.program.value("--dry-run") or "none") != "none":
            return False
        if self.verb == "rollout":
            return self.sub in _ROLLOUT_CHANGES
        return self.verb in _KUBECTL_CHANGES


def programs(call: Call) -> Iterator[Program]:
    """The program of a command, and every one that it runs in turn."""
    yield from _unwrapped(Program(call.words, call), 0)


def _unwrapped(program: Program, depth: int) -> Iterator[Program]:
    words = program.words
    while words and _ASSIGNMENT.match(words[0].text) and not words[0].quote:
        words = words[1:]
    if not words or depth > _DEEPEST:
        return
    program = Program(words, program.call, program.via)
    yield program
    for inner in _inner(program):
        yield from _unwrapped(Program(inner, program.call, (*program.via, program.name)), depth + 1)


def _inner(program: Program) -> Iterator[tuple[Word, ...]]:
    name, words = program.name, program.words
    if name in _WRAPPERS:
        rest = _behind_options(words[1:], _WRAPPERS[name], 1 if name == "timeout" else 0)
        if rest and name == "watch" and len(rest) == 1:
            yield from _spoken(rest[0])
        elif rest:
            yield rest
    elif name in _SHELLS or name == "ssh":
        yield from _spoken_by(program)
    elif name in ("kubectl", "oc", "k"):
        found = kubectl(program)
        if found is not None and found.inner:
            yield found.inner
    elif name in ("docker", "podman", "nerdctl") and words[1:2] and words[1].text == "exec":
        rest = _behind_options(words[2:], ("-e", "-u", "-w", "--env", "--user", "--workdir"), 1)
        if rest:
            yield rest


def _behind_options(words: tuple[Word, ...], valued: tuple[str, ...], operands: int) -> tuple[Word, ...]:
    at = 0
    while at < len(words) and (words[at].text.startswith("-") or _ASSIGNMENT.match(words[at].text)):
        at += 2 if words[at].text in valued else 1
    return words[at + operands :]


def _spoken_by(program: Program) -> Iterator[tuple[Word, ...]]:
    words = program.words
    if program.name == "ssh":
        rest = _behind_options(words[1:], ("-i", "-p", "-l", "-o", "-J", "-F"), 1)
        if len(rest) == 1:
            yield from _spoken(rest[0])
        elif rest:
            yield rest
        return
    for index, word in enumerate(words[1:], 1):
        if re.fullmatch(r"-[a-z]*c", word.text) and index + 1 < len(words):
            yield from _spoken(words[index + 1])
            return


def _spoken(word: Word) -> Iterator[tuple[Word, ...]]:
    """The commands within a quoted word; their positions are right where nothing in it is escaped."""
    shift = word.start + len(word.quote)
    for call in parse_shell(word.text, 1).calls:
        yield tuple(Word(each.text, each.start + shift, each.end + shift, each.quote) for each in call.words)


def kubectl(program: Program) -> Kubectl | None:
    """`program` as kubectl (or oc); None when it is something else."""
    if program.name not in ("kubectl", "oc", "k"):
        return None
    words = [word.text for word in program.words[1:]]
    inner: tuple[Word, ...] = ()
    if "--" in words:
        cut = words.index("--")
        inner, words = program.words[cut + 2 :], words[:cut]
    plain = _positionals(words)
    verb = plain[0] if plain else ""
    if verb == "exec" and not inner and len(plain) > 2:  # the old form, without --
        inner = program.words[1 + words.index(plain[2]) :]
        plain = plain[:2]
    sub = plain[1] if verb in _SUBVERBS and len(plain) > 1 else ""
    return Kubectl(program, verb, sub, _targets(verb, plain[2 if sub else 1 :], sub), inner)


def _positionals(words: list[str]) -> list[str]:
    plain: list[str] = []
    at = 0
    while at < len(words):
        word = words[at]
        if word.startswith("-") and len(word) > 1:
            valued = word in _VALUED or (word in ("-f", "-p") and bool(plain) and _takes(word, plain[0]))
            at += 2 if valued and "=" not in word else 1
        else:
            plain.append(word)
            at += 1
    return plain


def _takes(option: str, verb: str) -> bool:
    """`-f` is a file except for logs (follow); `-p` is a patch except for logs (previous)."""
    return verb != "logs" and (option == "-f" or verb == "patch")


def _targets(verb: str, plain: list[str], sub: str) -> tuple[tuple[str, str], ...]:
    if not plain:
        return (("pod" if sub in ("pods", "pod") else "node", ""),) if verb == "top" else ()
    if any("/" in word for word in plain):
        pairs = [word.partition("/") for word in plain if "/" in word]
        return tuple((_kind(kind), name) for kind, _, name in pairs)
    if verb in ("logs", "exec", "cp", "attach", "port-forward"):
        return tuple(("pod", name) for name in plain[:1])
    if verb == "top":
        return ((_kind(sub), plain[0]),)
    if verb in ("cordon", "uncordon", "drain"):
        return tuple(("node", name) for name in plain)
    if verb in ("label", "annotate"):
        plain = plain[:2]
    kinds = [_kind(kind) for kind in plain[0].split(",")]
    names = plain[1:] or [""]
    return tuple((kind, name) for kind in kinds for name in names)


def _kind(word: str) -> str:
    return _KINDS.get(word.lower(), word.lower())


def sql_of(program: Program) -> Word | None:
    """The word that holds SQL: behind `-c` of psql, `-e` of mysql."""
    options = {"psql": ("-c", "--command"), "mysql": ("-e", "--execute"), "clickhouse-client": ("-q", "--query")}
    for index, word in enumerate(program.words[:-1]):
        if word.text in options.get(program.name, ()) or (
            program.name == "psql" and re.fullmatch(r"-[A-Za-z]*c", word.text)
        ):
            return program.words[index + 1]
    return None


_AWS_VALUED: Final = _words("--profile --region --output --endpoint-url --query --ca-bundle --color --cli-read-timeout")


def _aws_words(arguments: tuple[str, ...]) -> list[str]:
    """`securityhub get-findings`, whatever global options stand before."""
    plain: list[str] = []
    skip = False
    for word in arguments:
        if skip:
            skip = False
        elif word.startswith("-"):
            skip = word in _AWS_VALUED
        else:
            plain.append(word)
    return plain


def changes_production(program: Program) -> bool:
    """Whether a program changes something: a service, data, a machine. What is not known is taken as looking."""
    name, arguments = program.name, program.arguments
    if name in ("kubectl", "oc", "k"):
        found = kubectl(program)
        return found is not None and found.changes
    if name in ("psql", "mysql"):
        word = sql_of(program)
        return word is not None and _SQL_CHANGES.search(word.text) is not None
    if name == "aws":
        plain = _aws_words(arguments)
        return len(plain) > 1 and plain[1].split("-")[0] not in _AWS_LOOKS
    if name == "curl":
        return (program.value("-X", "--request") or "GET").upper() not in ("GET", "HEAD") or (
            program.word("-d", "--data", "--data-raw", "--data-binary", "--json", "-F") is not None
        )
    if name in _CHANGES:
        return any(word.lower() in _CHANGES[name] for word in arguments)
    return name in _ALWAYS
