"""Connections of urllib3 to addresses that we have looked up: its own look-up has no deadline, and no memory.

Both requests and botocore stand on urllib3. Imported by the first look that needs it.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from urllib3.exceptions import HTTPError

from wfconsole.sources.resolver import Addresses

Pools = Mapping[str, Any]  # of a PoolManager: by scheme


def pools_to(host: str, addresses: Addresses, pools: Pools) -> dict[str, type[Any]]:
    """The same pools, whose connections find `host` at these addresses, and other hosts as ever."""
    places = tuple(address for _family, (address, _port) in addresses)
    return {scheme: _pool_to(host, places, pool) for scheme, pool in pools.items()}


@lru_cache(maxsize=32)  # a class is a cycle of 3 kB, and a look every two seconds asks for the same ones
def _pool_to(host: str, places: tuple[str, ...], pool: Any) -> type[Any]:
    return type(pool.__name__, (pool,), {"ConnectionCls": _connection_to(host, places, pool.ConnectionCls)})


def _connection_to(host: str, places: tuple[str, ...], kind: Any) -> type[Any]:
    class Known(kind):  # type: ignore[misc]
        def _new_conn(self: Any) -> socket.socket:
            """To the first address that answers. The name stays that of the certificate (urllib3 2: `_dns_host` is
            what is looked up)."""
            name, problem = self._dns_host, None
            for place in places if name.rstrip(".").lower() == host.lower() else (name,):
                self._dns_host = place
                try:
                    made: socket.socket = super()._new_conn()
                except HTTPError as error:
                    problem = error
                else:
                    return made
                finally:
                    self._dns_host = name
            raise problem or OSError(f"no address of {host}")

    return Known
