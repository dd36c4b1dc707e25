"""What acts, put together: who we are when something is changed, and the folder that keeps consoles out of each other's
way."""

from __future__ import annotations

from collections.abc import Callable

from wfconsole.config.actions import ActingSettings
from wfconsole.guard.protocol import Begin
from wfconsole.session.act_book import ActBook
from wfconsole.session.act_process import ActingProcess
from wfconsole.session.acting import Acting
from wfconsole.session.session import Session
from wfconsole.session.stream_clock import StreamClock
from wfconsole.wiring.ground import Ground


def acting(
    base: Ground, session: Session, clock: StreamClock, stand_in: Callable[[Begin], ActingProcess] | None = None
) -> Acting:
    """What acts for this console; `stand_in` where that is no process."""
    book = ActBook(
        session,
        clock,
        lambda: acting_settings(base, session),
        operator=base.operator,
        locks=str(base.places.state / "locks"),
        stand_in=stand_in,
    )
    return Acting(book)


def acting_settings(base: Ground, session: Session) -> ActingSettings:
    """What a process that acts is told: the cluster is that of the stream, whatever kubeconfig says by now."""
    settings, target = base.settings, session.view.target
    kubernetes = settings.kubernetes
    return ActingSettings(
        kubeconfig=kubernetes.kubeconfig,
        context=kubernetes.acting_context or kubernetes.context or target.context,
        in_cluster=kubernetes.in_cluster,
        server=target.server,
        database=settings.database,
        cache=settings.cache,
        aws=settings.aws,
        prometheus=settings.prometheus,
        inference=settings.inference,
        alertmanager=settings.alertmanager,
        pagerduty=settings.pagerduty,
        runbook=settings.runbook.path,
        actions=settings.actions,
    )
