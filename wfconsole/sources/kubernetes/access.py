"""Where the API server is and who we are to it: what a kubeconfig file or a service account says, as plain values."""

from __future__ import annotations

from typing import Any

import msgspec

from wfconsole.sources.contract import SourceError


class ExecPlugin(msgspec.Struct, frozen=True, omit_defaults=True):
    """A command that prints credentials; only named here: the `plugin` child process runs it."""

    command: str
    args: tuple[str, ...] = ()

    def __str__(self) -> str:
        return " ".join((self.command, *self.args))


class Access(msgspec.Struct, frozen=True):
    """One server and one user, pinned when the collector starts. Paths are absolute; `*_pem` is file content."""

    server: str  # the URL as written
    host: str
    port: int
    tls: bool = True
    base_path: str = ""
    context: str = ""
    namespace: str = ""
    user: str = ""  # the kubeconfig's name for it
    ca_pem: str = ""
    ca_file: str = ""
    insecure: bool = False  # certificates are not verified
    server_name: str = ""  # to verify against, where it is not the host
    client_pem: str = ""
    client_key_pem: str = ""
    client_file: str = ""
    client_key_file: str = ""
    token: str = ""
    token_file: str = ""
    username: str = ""
    password: str = ""
    plugin: ExecPlugin | None = None
    provider: str = ""  # a legacy auth-provider's name
    impersonate: tuple[tuple[str, str], ...] = ()  # HTTP headers
    proxy: str = ""
    kubeconfig: str = ""  # the files, joined as in $KUBECONFIG; for the plugin's process

    def __repr__(self) -> str:
        return f"Access({self.context!r}, {self.server!r})"

    def __rich_repr__(self) -> Any:
        yield self.context
        yield self.server


def configuration(message: str, remedy: str) -> SourceError:
    """What we were told to use cannot work."""
    return SourceError("configuration", message, remedy=remedy)
