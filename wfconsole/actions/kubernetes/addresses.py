"""Addresses that are to be kept out: read, and held against those that never may be. Pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from wfconsole.actions.contract import BadRequestError
from wfconsole.actions.kubernetes.reach import Network, network_of
from wfconsole.text import safe

# Nobody outside has one of these: RFC 1918, 6598, 1122, 3927, 4193, 4291. Ranges for documentation are not among them.
_INSIDE: Final = tuple(
    (ipaddress.ip_network(block), called)
    for block, called in (
        ("10.0.0.0/8", "a private range"),
        ("172.16.0.0/12", "a private range"),
        ("192.168.0.0/16", "a private range"),
        ("100.64.0.0/10", "shared by the customers of a provider"),
        ("127.0.0.0/8", "this host"),
        ("169.254.0.0/16", "link-local"),
        ("0.0.0.0/8", "no address of a host"),
        ("224.0.0.0/3", "multicast and reserved"),
        ("::/127", "this host"),
        ("fc00::/7", "a private range"),
        ("fe80::/10", "link-local"),
        ("ff00::/8", "multicast"),
    )
)
_WIDEST: Final = {4: 8, 6: 19}  # nobody is given more than that: what is wider is a slip of the finger
_WIDE: Final = {4: 24, 6: 48}


class Owned(NamedTuple):
    """An address or range of ours, and what it is: "node node-1"."""

    network: Network
    what: str


def source_of(text: str) -> Network:
    """An address or a range as it was typed. Raises BadRequestError, which says what would be taken."""
    shown = safe(text, 60)
    if "%" in text:
        raise BadRequestError(f"{shown}: an address without its zone")
    try:
        network = ipaddress.ip_network(text.strip(), strict=True)
    except ValueError:
        raise BadRequestError(_not_so(text.strip(), shown)) from None
    if isinstance(network, ipaddress.IPv6Network) and network.network_address.ipv4_mapped is not None:
        raise BadRequestError(f"{shown}: name it as {network.network_address.ipv4_mapped}")
    if network.prefixlen < _WIDEST[network.version]:
        raise BadRequestError(f"{shown}: {network.num_addresses:,} addresses: that is no source, but half of the world")
    return network


def _not_so(text: str, shown: str) -> str:
    wider = network_of(text)
    if wider is None:
        return f"{shown}: no address; 203.0.113.9, 203.0.113.0/24 or 2001:db8::/48 is one"
    return f"{shown}: {wider} or one address of it? A range begins at its first address"


def owned(text: str, what: str) -> Iterator[Owned]:
    """The address in a field of the API or of the settings; nothing where there is none."""
    network = network_of(text.strip())
    if network is not None:
        yield Owned(network, what)


def ours_in(network: Network, all_ours: Iterable[Owned]) -> list[Owned]:
    """Those of ours that would be kept out, too, or that it lies in."""
    return [each for each in all_ours if each.network.version == network.version and each.network.overlaps(network)]


def inside(network: Network) -> str:
    """What kind of address it is that nobody outside has, "" for all others."""
    return next((called for block, called in _INSIDE if _overlap(block, network)), "")


def wide(network: Network) -> bool:
    """Whether so many share it that somebody should look twice."""
    return network.prefixlen < _WIDE[network.version]


def covering(network: Network, blocked: Iterable[Network]) -> Network | None:
    """The one of `blocked` that it is in."""
    for each in blocked:
        if each.version == network.version and network.subnet_of(each):  # type: ignore[arg-type]  # one version
            return each
    return None


def _overlap(block: Network, network: Network) -> bool:
    return block.version == network.version and block.overlaps(network)
