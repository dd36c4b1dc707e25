"""A small client of the Kubernetes API for the rig: plain dicts over httpx, every wait with a deadline."""

import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import httpx

from wfconsole.trust import trusting

#: A Kubernetes object as the API serves it.
Object = dict[str, Any]
_T = TypeVar("_T")

_PLURALS = {
    "HorizontalPodAutoscaler": "horizontalpodautoscalers",
    "Ingress": "ingresses",
    "APIService": "apiservices",
    "EndpointSlice": "endpointslices",
    "NetworkPolicy": "networkpolicies",
    "Logs": "logs",
    "PodMetrics": "pods",
    "NodeMetrics": "nodes",
}
_CLUSTER_SCOPED = frozenset(
    {
        "APIService",
        "ClusterResourceUsage",
        "ClusterRole",
        "ClusterRoleBinding",
        "CustomResourceDefinition",
        "Namespace",
        "Node",
        "NodeMetrics",
    }
)

MERGE = "application/merge-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"


class ApiError(RuntimeError):
    """The API server refused a request: its status code and its own words."""

    def __init__(self, response: httpx.Response) -> None:
        self.code = response.status_code
        try:
            message = response.json().get("message", "")
        except ValueError:
            message = response.text[:300]
        super().__init__(f"{response.request.method} {response.request.url.path}: {self.code} {message}")


class NotYetError(AssertionError):
    """A condition did not become true before the deadline."""


def path_of(api_version: str, kind: str, name: str = "", namespace: str = "") -> str:
    """The REST path of an object, or of its collection when no name is given."""
    root = f"/api/{api_version}" if "/" not in api_version else f"/apis/{api_version}"
    plural = _PLURALS.get(kind, kind.lower() + "s")
    scope = "" if kind in _CLUSTER_SCOPED or not namespace else f"/namespaces/{namespace}"
    return f"{root}{scope}/{plural}" + (f"/{name}" if name else "")


class Api:
    """One user's connection to one API server. Safe to share between threads."""

    def __init__(self, base_url: str, token: str, authority: Path) -> None:
        self.base_url = base_url
        self._client = httpx.Client(
            base_url=base_url,
            headers={"Authorization": f"Bearer {token}"},
            verify=trusting(str(authority)),
            timeout=30.0,
            limits=httpx.Limits(max_connections=64, max_keepalive_connections=64),
            trust_env=False,
        )

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def request(self, method: str, path: str, **kwargs: Any) -> httpx.Response:
        """Any request; raises ApiError for an answer of 400 or above."""
        response = self._client.request(method, path, **kwargs)
        if response.status_code >= 400:
            raise ApiError(response)
        return response

    def get(self, path: str, **params: str) -> Object:
        """Read one object, or a list."""
        answer: Object = self.request("GET", path, params=params).json()
        return answer

    def items(self, path: str, **params: str) -> list[Object]:
        """The items of a collection."""
        return list(self.get(path, **params)["items"])

    def text(self, path: str, **params: str) -> str:
        """Read plain text, such as a log."""
        return self.request("GET", path, params=params).text

    def apply(self, *objects: Object) -> None:
        """Server-side apply: create what is missing, bring the rest to what is given."""
        for item in objects:
            meta = item["metadata"]
            path = path_of(item["apiVersion"], item["kind"], meta["name"], meta.get("namespace", ""))
            self.request(
                "PATCH",
                path,
                json=item,
                headers={"Content-Type": "application/apply-patch+yaml"},
                params={"fieldManager": "wfconsole-rig", "force": "true"},
            )

    def patch(self, path: str, body: Mapping[str, Any], content_type: str = MERGE) -> Object:
        """Patch an object; a null removes a field (RFC 7396)."""
        answer: Object = self.request("PATCH", path, json=body, headers={"Content-Type": content_type}).json()
        return answer

    def create(self, path: str, body: Object) -> Object:
        """POST an object into a collection."""
        answer: Object = self.request("POST", path, json=body).json()
        return answer

    def delete(self, path: str, *, missing_ok: bool = True) -> None:
        """Delete one object."""
        try:
            self.request("DELETE", path)
        except ApiError as error:
            if not (missing_ok and error.code == 404):
                raise

    def ready(self) -> bool:
        """Whether the server answers, and all of its own checks pass."""
        try:
            return self._client.get("/readyz", timeout=2.0).status_code == 200
        except httpx.HTTPError:
            return False


def wait_for(what: str, probe: Callable[[], _T | None], deadline_s: float = 30.0, interval_s: float = 0.2) -> _T:
    """Poll until `probe` gives something true, and give that. Raises NotYetError with the last error seen."""
    deadline = time.monotonic() + deadline_s
    while True:
        problem = ""
        try:
            if found := probe():
                return found
        except (ApiError, httpx.HTTPError, KeyError, IndexError) as error:
            problem = f" (last: {error!r})"
        if time.monotonic() > deadline:
            raise NotYetError(f"not within {deadline_s:.0f} s: {what}{problem}")
        time.sleep(interval_s)


def condition(item: Object, kind: str) -> str:
    """The status of one condition of an object, or "" when it has none of that type."""
    conditions: Iterable[Object] = item.get("status", {}).get("conditions") or ()
    return next((str(entry["status"]) for entry in conditions if entry["type"] == kind), "")
