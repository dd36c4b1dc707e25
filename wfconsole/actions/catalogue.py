"""Which actions there are, and where each one is; loaded when it is asked for, with its client."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Final, cast

from wfconsole.actions.contract import Action, BadRequestError

_PLACES: Final[Mapping[str, str]] = {
    "acknowledge": "paging:Acknowledge",
    "autoscale": "kubernetes.autoscale:Autoscale",
    "block-source": "kubernetes.block_source:BlockSource",
    "command": "command:RunCommand",
    "config-value": "kubernetes.config_value:ConfigValue",
    "end-idle-sessions": "postgres.end_idle_sessions:EndIdleSessions",
    "end-role-sessions": "postgres.end_role_sessions:EndRoleSessions",
    "end-session": "postgres.end_session:EndSession",
    "end-user-sessions": "cache.end_user_sessions:EndUserSessions",
    "escalate": "paging:Escalate",
    "flush-database": "cache.flush_database:FlushDatabase",
    "isolate-pod": "kubernetes.isolate_pod:IsolatePod",
    "memory-limit": "kubernetes.memory_limit:MemoryLimit",
    "page": "paging:Page",
    "remove-failing-pods": "kubernetes.remove_failing_pods:RemoveFailingPods",
    "remove-pod": "kubernetes.remove_pod:RemovePod",
    "restart": "kubernetes.restart:Restart",
    "return-pod": "kubernetes.return_pod:ReturnPod",
    "roll-back": "kubernetes.roll_back:RollBack",
    "rollout-strategy": "kubernetes.rollout_strategy:RolloutStrategy",
    "rotate-secret": "aws.rotate_secret:RotateSecret",
    "rotate-secret-back": "aws.rotate_back:RotateSecretBack",
    "scale": "kubernetes.scale:Scale",
    "unblock-source": "kubernetes.block_source:UnblockSource",
}


def action_named(name: str) -> Action:
    """The action of that name. Raises BadRequestError."""
    if name not in _PLACES:
        raise BadRequestError(f"there is no action {name!r}: there are {', '.join(sorted(_PLACES))}")
    module, _, kind = _PLACES[name].partition(":")
    return cast("Action", getattr(importlib.import_module(f"wfconsole.actions.{module}"), kind)())
