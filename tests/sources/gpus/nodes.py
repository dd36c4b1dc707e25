"""Played nodes with a device plugin each, in which the rig's stand-in for `nvidia-smi` can be run by a real exec."""

from __future__ import annotations

from pathlib import Path

from tests.rig import world
from tests.rig.api import Api, wait_for

APP = "nvidia-device-plugin-daemonset"
CONTAINER = "nvidia-device-plugin"

CARD = "{index}, GPU-{index}, NVIDIA H100 80GB HBM3, {use}, 48000, 81559, 61, 402.17, 0, Disabled\n"
SHORT_CARD = "{index}, GPU-{index}, Tesla K80, {use}, 100, 11441, 55, 60.5\n"


def cards(*uses: int, form: str = CARD) -> str:
    """What nvidia-smi says of so many cards, each so busy (in per cent)."""
    return "".join(form.format(index=index, use=use) for index, use in enumerate(uses))


class GpuNodes:
    """Nodes by name in one namespace, and what nvidia-smi says on each. Use as a context manager."""

    def __init__(self, api: Api, namespace: str, folder: Path) -> None:
        self._api, self._namespace, self._folder = api, namespace, folder
        self._nodes: list[str] = []
        self._pods: list[str] = []

    def __enter__(self) -> GpuNodes:
        return self

    def __exit__(self, *_: object) -> None:
        for name in self._nodes:
            self._api.delete(f"/api/v1/nodes/{name}")

    def name(self, node: str) -> str:
        return f"{self._namespace}-{node}"

    def add(self, node: str, *, playable: bool = True, **files: str) -> Path:
        """A node with its plugin's pod; `files` are what the stand-in finds. Not `playable`: an exec there fails."""
        folder = self._folder / node
        folder.mkdir()
        self.say(node, **files)
        name = self.name(node)
        self._api.create("/api/v1/nodes", world.node(name, 8, 32, {}, 1))
        self._nodes.append(name)
        pods = f"/api/v1/namespaces/{self._namespace}/pods"
        pod = {
            "metadata": {"name": f"plugin-{node}", "labels": {"app": APP}},
            "spec": {"nodeName": name, "containers": [{"name": CONTAINER, "image": "plugin:1"}]},
        }
        if playable:
            execs = f"/apis/kwok.x-k8s.io/v1alpha1/namespaces/{self._namespace}/execs"
            target = {"execs": [{"local": {"workDir": str(folder)}}]}
            self._api.create(
                execs,
                {
                    "apiVersion": "kwok.x-k8s.io/v1alpha1",
                    "kind": "Exec",
                    "metadata": {"name": f"plugin-{node}", "namespace": self._namespace},
                    "spec": target,
                },
            )
        self._api.create(pods, pod)
        self._pods.append(f"{pods}/plugin-{node}")
        return folder

    def await_running(self) -> None:
        """Until all plugins run."""
        for path in self._pods:
            wait_for(path, lambda path=path: self._api.get(path)["status"].get("phase") == "Running")  # type: ignore[misc]

    def say(self, node: str, **files: str) -> None:
        """Change what the stand-in finds: `gpu="..."` is gpu.csv, `exit="9"`, `hang=""`; see the stand-in itself."""
        names = {"gpu": "gpu.csv", "apps": "apps.csv", "only_short": "only-short"}
        for key, text in files.items():
            (self._folder / node / names.get(key, key)).write_text(text)
