"""The way through an HTTP proxy, where the kubeconfig or the environment names one."""

from __future__ import annotations

import base64
import ipaddress
import os
from urllib.parse import unquote, urlsplit

import msgspec

from wfconsole.sources.contract import SourceError
from wfconsole.sources.kubernetes.access import Access, configuration
from wfconsole.sources.kubernetes.wire import Wire
from wfconsole.text import safe

_LONGEST_HEAD = 16 * 1024


class Proxy(msgspec.Struct, frozen=True):
    """An HTTP proxy that takes CONNECT."""

    host: str
    port: int
    authorization: str = ""


def proxy_for(access: Access) -> Proxy | None:
    """The proxy for this server: the kubeconfig's proxy-url, else $HTTPS_PROXY without what $NO_PROXY names."""
    url = access.proxy
    if not url and access.tls and not _excepted(access.host):
        url = os.environ.get("HTTPS_PROXY") or os.environ.get("https_proxy") or ""
    if not url:
        return None
    try:
        parts = urlsplit(url if "//" in url else f"http://{url}")
        port = parts.port or 80
    except ValueError:  # its words may repeat a password
        raise configuration("the proxy's address cannot be read", "It must look like http://host:3128.") from None
    if parts.scheme != "http" or not parts.hostname:
        raise configuration(
            f"proxy {safe(parts.scheme)}://{safe(parts.hostname)}", "Only http:// proxies are supported."
        )
    authorization = ""
    if parts.username:
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        authorization = "Basic " + base64.b64encode(pair.encode()).decode()
    return Proxy(parts.hostname, port, authorization)


def _excepted(host: str) -> bool:
    """Whether $NO_PROXY names the host: exactly, as a domain's end, as a network, or with "*"."""
    if host in ("localhost", "127.0.0.1", "::1"):
        return True
    named = os.environ.get("NO_PROXY") or os.environ.get("no_proxy") or ""
    for part in filter(None, (piece.strip().lower() for piece in named.split(","))):
        if part == "*" or host.lower() == part.lstrip(".") or host.lower().endswith("." + part.lstrip(".")):
            return True
        try:
            if "/" in part and ipaddress.ip_address(host) in ipaddress.ip_network(part, strict=False):
                return True
        except ValueError:
            continue
    return False


def tunnel(wire: Wire, proxy: Proxy, access: Access) -> None:
    """Ask the proxy for a connection to the server. Raises SourceError and OSError."""
    there = f"{access.host}:{access.port}"
    lines = [f"CONNECT {there} HTTP/1.1", f"Host: {there}"]
    if proxy.authorization:
        lines.append(f"Proxy-Authorization: {proxy.authorization}")
    wire.send("\r\n".join((*lines, "", "")).encode("latin-1"))
    head = bytearray()
    byte = bytearray(1)
    # One byte at a time: what follows the head is already TLS.
    while not head.endswith(b"\r\n\r\n"):
        if not wire.readinto(byte) or len(head) > _LONGEST_HEAD:
            raise SourceError("refused", f"the proxy {safe(proxy.host)} hung up", remedy="Check the proxy.")
        head += byte
    status = head.split(b"\r\n", 1)[0]
    if b" 200" not in status[:16]:
        said = safe(bytes(status), 80)
        raise SourceError("refused", f"the proxy {safe(proxy.host)} says {said}", remedy="Check the proxy.")
