"""Cluster-level objects that the rig needs beside its processes: rights, kwok's resources, the way to metrics."""

from pathlib import Path

import yaml

from tests.rig.api import Object

_ROLES = Path(__file__).parents[2] / "wfconsole" / "sources" / "kubernetes"

#: The service behind metrics.k8s.io; fault `hpa-blind` points the API at another name.
METRICS_SERVICE = "metrics-server"


def viewer_rights(user: str) -> list[Object]:
    """The role that the console ships for its own use, bound to one user."""
    role: Object = yaml.safe_load((_ROLES / "viewer-clusterrole.yaml").read_text())
    return [role, _bound(role, user)]


def actor_rights(user: str) -> list[Object]:
    """The same of one who acts: that role beside the viewer's, which must be there."""
    viewer, _ = viewer_rights(user)
    role: Object = yaml.safe_load((_ROLES / "actor-clusterrole.yaml").read_text())
    return [role, _bound(role, user), _bound(viewer, user)]


def _bound(role: Object, user: str) -> Object:
    name = role["metadata"]["name"]
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": f"{user}-{name}"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": name},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": user}],
    }


def metrics_service(port: int) -> list[Object]:
    """metrics.k8s.io, served by a process on loopback: endpoints may not be 127.x, but a name may be localhost."""
    service: Object = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": METRICS_SERVICE, "namespace": "kube-system"},
        "spec": {"type": "ExternalName", "externalName": "localhost", "ports": [{"port": port, "protocol": "TCP"}]},
    }
    return [service, metrics_api(port)]


def metrics_api(port: int, service: str = METRICS_SERVICE) -> Object:
    """The aggregated API of metrics.k8s.io."""
    return {
        "apiVersion": "apiregistration.k8s.io/v1",
        "kind": "APIService",
        "metadata": {"name": "v1beta1.metrics.k8s.io"},
        "spec": {
            "group": "metrics.k8s.io",
            "version": "v1beta1",
            "groupPriorityMinimum": 100,
            "versionPriority": 100,
            "insecureSkipTLSVerify": True,
            "service": {"name": service, "namespace": "kube-system", "port": port},
        },
    }


def kwok_resource(kind: str, plural: str, *, namespaced: bool) -> Object:
    """A definition for one of kwok's kinds, without its schema: kwok checks what it reads."""
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.kwok.x-k8s.io"},
        "spec": {
            "group": "kwok.x-k8s.io",
            "scope": "Namespaced" if namespaced else "Cluster",
            "names": {"kind": kind, "listKind": f"{kind}List", "plural": plural, "singular": kind.lower()},
            "versions": [
                {
                    "name": "v1alpha1",
                    "served": True,
                    "storage": True,
                    "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}},
                }
            ],
        },
    }
