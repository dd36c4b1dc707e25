"""Read and write the API server's own storage, for what would take minutes through the API."""

import base64
import http.client
import threading
from collections.abc import Mapping
from types import TracebackType
from typing import Any

import msgspec


class Etcd:
    """A client of etcd's JSON gateway, for any thread. The API server sees every write here as it sees its own, through
    its watch.

    Each write is a transaction of its own: objects that share a revision get lost when a slow watcher resumes.
    """

    def __init__(self, port: int) -> None:
        # Not httpx: for thousands of small requests it costs more than etcd does.
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self._lock = threading.Lock()

    def __enter__(self) -> "Etcd":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def get(self, key: str) -> bytes:
        """The stored value. Raises KeyError."""
        found = self._post("range", {"key": _encode(key.encode())}).get("kvs")
        if not found:
            raise KeyError(key)
        return base64.b64decode(found[0]["value"])

    def put(self, values: Mapping[str, bytes]) -> None:
        """Write all values, in their order."""
        for key, value in values.items():
            self._post("put", {"key": _encode(key.encode()), "value": _encode(value)})

    def writes(self, prefix: str) -> int:
        """How often the keys that begin so have been written, all together, since each of them is there."""
        found = self._post("range", _range(prefix) | {"keys_only": True}).get("kvs", ())
        return sum(int(each["version"]) for each in found)

    def delete_prefix(self, prefix: str) -> int:
        """Delete every key that begins so, and say how many there were."""
        return int(self._post("deleterange", _range(prefix)).get("deleted", 0))

    def compact(self) -> None:
        """Forget everything but the newest state, as the API server has it done every five minutes: whoever reads an
        older one is told that it has expired. The key is how API servers tell each other what was forgotten."""
        revision = self._post("range", {"key": _encode(b"/")})["header"]["revision"]
        self._post("compaction", {"revision": revision})
        self.put({"compact_rev_key": str(revision).encode()})

    def _post(self, operation: str, body: Mapping[str, str | bool]) -> dict[str, Any]:
        with self._lock:
            self._connection.request("POST", f"/v3/kv/{operation}", msgspec.json.encode(body))
            response = self._connection.getresponse()
            content = response.read()
        if response.status != http.client.OK:
            raise RuntimeError(f"etcd refused {operation}: {response.status} {content[:300]!r}")
        answer: dict[str, Any] = msgspec.json.decode(content)
        return answer


def _range(prefix: str) -> dict[str, str | bool]:
    first = prefix.encode()
    after = first[:-1] + bytes([first[-1] + 1])
    return {"key": _encode(first), "range_end": _encode(after)}


def _encode(value: bytes) -> str:
    return base64.b64encode(value).decode()
