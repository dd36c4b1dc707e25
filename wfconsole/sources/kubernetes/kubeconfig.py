"""kubeconfig files and service accounts, read into an `Access`.

Read here and not by the `kubernetes` package, because importing that costs 0.3 s and 50 MB in the process that has to
be first on screen; credentials that need more than reading (exec plugins, auth providers) are the package's business,
in the child process of `plugin`. The rules for several files in $KUBECONFIG are those of client-go: the first file
that names a thing wins.
"""

from __future__ import annotations

import base64
import binascii
import os
from pathlib import Path
from typing import Any, NoReturn, TypeVar
from urllib.parse import urlsplit

import msgspec

from wfconsole.decoding import convert, decoder_of
from wfconsole.named_files import kind_at, read_file
from wfconsole.redaction import redact_text
from wfconsole.sources.kubernetes.access import Access, ExecPlugin, configuration
from wfconsole.text import safe

SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")

_MOST_BYTES = 4 << 20  # some two thousand clusters with their certificates

T = TypeVar("T", bound=msgspec.Struct)


class _Cluster(msgspec.Struct, rename="kebab"):
    server: str = ""
    certificate_authority: str = ""
    certificate_authority_data: str = ""
    insecure_skip_tls_verify: bool = False
    tls_server_name: str = ""
    proxy_url: str = ""


class _Exec(msgspec.Struct):
    command: str = ""
    args: list[str] | None = None


class _Provider(msgspec.Struct):
    name: str = ""


class _User(msgspec.Struct, rename="kebab"):
    token: str = ""
    token_file: str = msgspec.field(name="tokenFile", default="")
    client_certificate: str = ""
    client_certificate_data: str = ""
    client_key: str = ""
    client_key_data: str = ""
    username: str = ""
    password: str = ""
    exec: _Exec | None = None
    auth_provider: _Provider | None = None
    impersonate: str = msgspec.field(name="as", default="")
    impersonate_uid: str = msgspec.field(name="as-uid", default="")
    impersonate_groups: list[str] | None = msgspec.field(name="as-groups", default=None)


class _Context(msgspec.Struct):
    cluster: str = ""
    user: str = ""
    namespace: str = ""


class _Named(msgspec.Struct):
    name: str
    cluster: dict[str, Any] | None = None
    user: dict[str, Any] | None = None
    context: dict[str, Any] | None = None


class _File(msgspec.Struct, rename="kebab"):
    current_context: str | None = None
    clusters: list[_Named] | None = None
    users: list[_Named] | None = None
    contexts: list[_Named] | None = None


class _Merged:
    """Everything that the files name, with the folder that relative paths refer to."""

    def __init__(self) -> None:
        self.current = ""
        self.clusters: dict[str, tuple[Path, dict[str, Any]]] = {}
        self.users: dict[str, tuple[Path, dict[str, Any]]] = {}
        self.contexts: dict[str, tuple[Path, dict[str, Any]]] = {}

    def add(self, path: Path, file: _File) -> None:
        self.current = self.current or file.current_context or ""
        for named in file.clusters or ():
            self.clusters.setdefault(named.name, (path.parent, named.cluster or {}))
        for named in file.users or ():
            self.users.setdefault(named.name, (path.parent, named.user or {}))
        for named in file.contexts or ():
            self.contexts.setdefault(named.name, (path.parent, named.context or {}))


def load_access(kubeconfig: str = "", context: str = "", *, in_cluster: bool = False) -> Access:
    """How to reach the cluster. Raises SourceError("configuration") that says which file, name or value is wrong.

    Without anything named: $KUBECONFIG, ~/.kube/config, and inside a pod its service account.
    """
    if in_cluster:
        return from_service_account()
    present = _present(kubeconfig)
    if not present:
        if not kubeconfig and "KUBERNETES_SERVICE_HOST" in os.environ:
            return from_service_account()
        named = ", ".join(safe(str(path), 300) for path in _paths(kubeconfig))
        raise configuration(
            f"no kubeconfig: {named} is not there",
            "Name one with --kubeconfig or $KUBECONFIG.",
        )
    return _access(_merge(present), context, os.pathsep.join(map(str, present)))


class Contexts(msgspec.Struct, frozen=True):
    """What there is to choose from. `files` are those that are there; names are as written, not `safe`."""

    files: tuple[Path, ...] = ()
    current: str = ""
    names: tuple[str, ...] = ()


def known_contexts() -> Contexts:
    """The contexts of $KUBECONFIG or ~/.kube/config; nothing where neither is there. Raises SourceError."""
    present = _present("")
    merged = _merge(present)
    return Contexts(tuple(present), merged.current, tuple(merged.contexts))


def from_service_account(folder: Path = SERVICE_ACCOUNT) -> Access:
    """The pod's own account. The token is read anew when it changes: it is rotated about hourly."""
    host = os.environ.get("KUBERNETES_SERVICE_HOST", "")
    port = os.environ.get("KUBERNETES_SERVICE_PORT", "443")
    if not host or not port.isdigit():
        raise configuration("this is no pod: KUBERNETES_SERVICE_HOST is not set", "Leave out --in-cluster.")
    if _is_missing(folder / "token"):
        raise configuration(
            f"the pod has no service account token in {folder}",
            "Set automountServiceAccountToken: true for the pod.",
        )
    named = folder / "namespace"
    return Access(
        server=f"https://{f'[{host}]' if ':' in host else host}:{port}",
        host=host,
        port=int(port),
        context="in-cluster",
        namespace=named.read_text().strip() if named.is_file() else "default",
        user="service account",
        ca_file=str(folder / "ca.crt"),
        token_file=str(folder / "token"),
    )


def _present(kubeconfig: str) -> list[Path]:
    """Those that are there; of one that cannot be read, reading it tells why."""
    return [path for path in _paths(kubeconfig) if not _is_missing(path)]


def _is_missing(path: Path) -> bool:
    try:
        return kind_at(path) == "nothing"
    except OSError:
        return False


def _merge(paths: list[Path]) -> _Merged:
    merged = _Merged()
    for path in paths:
        merged.add(path, _read(path))
    return merged


def _paths(kubeconfig: str) -> list[Path]:
    if kubeconfig:
        return [Path(kubeconfig).expanduser().absolute()]
    named = os.environ.get("KUBECONFIG", "")
    if named:
        return [Path(part).expanduser().absolute() for part in named.split(os.pathsep) if part]
    return [Path("~/.kube/config").expanduser()]


def _read(path: Path) -> _File:
    try:
        content = read_file(path, _MOST_BYTES)
    except OSError as error:
        where = safe(str(path), 300)
        raise configuration(f"kubeconfig {where}: {error.strerror}", "Name a file that you may read.") from error
    if len(content) > _MOST_BYTES:
        where = safe(str(path), 300)
        raise configuration(f"kubeconfig {where}: larger than {_MOST_BYTES >> 20} MiB", "Name a kubeconfig file.")
    try:
        if content.lstrip().startswith(b"{"):
            return decoder_of(_File).decode(content)
        return convert(_yaml(content), _File)
    except (msgspec.ValidationError, msgspec.DecodeError) as error:
        said = f"kubeconfig {safe(str(path), 300)}: {safe(str(error), 200)}"
        raise configuration(said, "It must be a kubeconfig file.") from error


def _yaml(content: bytes) -> Any:
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the C one is 17 times faster
    try:
        return yaml.load(content, Loader=loader) or {}  # noqa: S506  both are safe loaders
    except yaml.YAMLError as error:
        mark, problem = getattr(error, "problem_mark", None), getattr(error, "problem", None) or "no text"
        where = f" in line {mark.line + 1}" if mark is not None else ""
        raise msgspec.DecodeError(f"not YAML{where}: {redact_text(problem)}") from error


def _access(merged: _Merged, wanted: str, kubeconfig: str) -> Access:
    name = wanted or merged.current or _none_is_current(merged, kubeconfig)
    folder, raw_context = _pick(merged.contexts, name, "context")
    context = _typed(raw_context, _Context, f"context {name}")
    cluster_folder, raw_cluster = _pick(merged.clusters, context.cluster, "cluster")
    cluster = _typed(raw_cluster, _Cluster, f"cluster {context.cluster}")
    user_folder, raw_user = _pick(merged.users, context.user, "user") if context.user else (folder, {})
    user = _typed(raw_user, _User, f"user {context.user}")
    url = _url(cluster.server, context.cluster)
    return Access(
        server=cluster.server,
        host=url[0],
        port=url[1],
        tls=url[2],
        base_path=url[3],
        context=name,
        namespace=context.namespace or "default",
        user=safe(context.user),
        ca_pem=_decoded(cluster.certificate_authority_data, "certificate-authority-data"),
        ca_file=_path(cluster_folder, cluster.certificate_authority),
        insecure=cluster.insecure_skip_tls_verify,
        server_name=cluster.tls_server_name,
        client_pem=_decoded(user.client_certificate_data, "client-certificate-data"),
        client_key_pem=_decoded(user.client_key_data, "client-key-data"),
        client_file=_path(user_folder, user.client_certificate),
        client_key_file=_path(user_folder, user.client_key),
        token=user.token,
        token_file=_path(user_folder, user.token_file),
        username=user.username,
        password=user.password,
        plugin=ExecPlugin(user.exec.command, tuple(user.exec.args or ())) if user.exec else None,
        provider=user.auth_provider.name if user.auth_provider else "",
        impersonate=_impersonation(user),
        proxy=cluster.proxy_url,
        kubeconfig=kubeconfig,
    )


def _none_is_current(merged: _Merged, kubeconfig: str) -> NoReturn:
    if merged.contexts:
        remedy = f"Name one with --context (its contexts: {_choices(merged.contexts)})."
        raise configuration("the kubeconfig has no current context", remedy)
    said = f"kubeconfig {safe(kubeconfig, 300)}: no context in it"
    raise configuration(said, "Name another file with --kubeconfig or $KUBECONFIG.")


def _pick(named: dict[str, tuple[Path, dict[str, Any]]], name: str, what: str) -> tuple[Path, dict[str, Any]]:
    if name in named:
        return named[name]
    mends = "Name another with --context" if what == "context" else f"Mend the {what} of the context in the kubeconfig"
    there = f"its {what}s: {_choices(named)}" if named else f"it has no {what}s"
    raise configuration(f"the kubeconfig has no {what} {safe(name, 100)!r}", f"{mends} ({there}).")


def _choices(named: dict[str, Any]) -> str:
    shown = ", ".join(safe(name, 60) for name in list(named)[:12])
    return shown + (f" and {len(named) - 12} more" if len(named) > 12 else "")


def _typed(raw: dict[str, Any], kind: type[T], where: str) -> T:
    try:
        return convert({key: value for key, value in raw.items() if value is not None}, kind, strict=False)
    except msgspec.ValidationError as error:
        raise configuration(f"kubeconfig, {safe(where)}: {safe(str(error))}", "Mend that value.") from error


def _url(server: str, cluster: str) -> tuple[str, int, bool, str]:
    remedy = "It must look like https://host:6443."
    try:
        parts = urlsplit(server if "//" in server else f"https://{server}")
        port = parts.port
    except ValueError as error:
        shown = safe(redact_text(server), 200)
        raise configuration(f"cluster {safe(cluster)}: server {shown!r}: {redact_text(str(error))}", remedy) from error
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise configuration(f"cluster {safe(cluster)}: server {safe(redact_text(server), 200)!r} is no address", remedy)
    tls = parts.scheme == "https"
    return parts.hostname, port or (443 if tls else 80), tls, parts.path.rstrip("/")


def _decoded(data: str, what: str) -> str:
    try:
        return base64.b64decode(data, validate=False).decode("ascii")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise configuration(f"kubeconfig: {what} is not base64 of PEM text", "Mend that value.") from error


def _path(folder: Path, path: str) -> str:
    return str(folder / Path(path).expanduser()) if path else ""


def _impersonation(user: _User) -> tuple[tuple[str, str], ...]:
    headers = []
    if user.impersonate:
        headers.append(("Impersonate-User", user.impersonate))
    if user.impersonate_uid:
        headers.append(("Impersonate-Uid", user.impersonate_uid))
    headers.extend(("Impersonate-Group", group) for group in user.impersonate_groups or ())
    return tuple(headers)
