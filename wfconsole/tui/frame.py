"""One frame: everything that a repaint shows, of one instant, computed once and handed to all panes."""

from __future__ import annotations

from typing import Final

import msgspec

from wfconsole.clock import MINUTE, Millis
from wfconsole.incident.alarms import Alarms, alarms_of, facts_of
from wfconsole.incident.attention import Need, Situation, attention
from wfconsole.incident.checklist import Active, active_checklist
from wfconsole.incident.clocks import Clock, clocks
from wfconsole.incident.playbook import Runbook
from wfconsole.incident.roles import vacant_roles
from wfconsole.incident.what_changed import what_changed
from wfconsole.observations.board import BoardLine, StateCounts, board, count_states
from wfconsole.observations.changes import Change
from wfconsole.observations.levels import Quality
from wfconsole.session.console import Console
from wfconsole.session.view import Capabilities, TransportView, View
from wfconsole.times import UTC_TIMES, Times
from wfconsole.tui.glyphs import Glyphs

# Cells of the longest trend, each of the same stretch of time; narrower screens show the newest of them.
TREND_CELLS: Final = 24
# How far back "what changed recently" looks.
CHANGES_WINDOW: Final = 60 * MINUTE


class Frame(msgspec.Struct, frozen=True):
    """What is on show. Panes keep nothing else between two repaints."""

    view: View
    now: Millis
    time: TransportView
    capabilities: Capabilities
    runbook: Runbook
    operator: str
    environment: str
    glyphs: Glyphs
    board: tuple[BoardLine, ...]
    counts: StateCounts
    clocks: tuple[Clock, ...]
    checklist: Active
    needs: tuple[Need, ...]  # what needs somebody, most urgent first
    alarms: Alarms = Alarms()
    observer: bool = False
    declare_key: str = ""  # the key that declares, as people call it; "" for whoever may not
    times: Times = UTC_TIMES  # how instants are written here
    lag_ms: Millis = 0  # how old the frame before this one had become when this one could be written

    @property
    def may_change(self) -> bool:
        """Whether whoever looks may change the record."""
        return self.capabilities.lets_change(observer=self.observer)

    @property
    def panes_on(self) -> tuple[BoardLine, ...]:
        """The panes that have anything to show: none before any source has told anything."""
        return tuple(line for line in self.board if line.quality != Quality.OFF) if self.view.heard else ()

    @property
    def incident_since(self) -> Millis:
        """Since when it is broken, as far as that is known; else the declaration."""
        incident = self.view.incident
        return incident.moments.get("started") or incident.declared_at

    @property
    def incident_ms(self) -> Millis:
        """For how long it is broken; of a resolved incident for how long it was."""
        incident = self.view.incident
        until = incident.moments.get("resolved") or incident.status_since if incident.resolved else self.now
        return max(0, until - self.incident_since)

    def changes_within(self, window: Millis) -> tuple[Change, ...]:
        """What is known to have changed within `window`, newest first."""
        return what_changed(self.view.world, self.view.incident, self.now, window)


def _fits(runbook: Runbook, view: View, now: Millis) -> str:
    """Which playbook fits, before anybody has declared: from what the session has looked at, so no row is read here."""
    if view.symptoms is None or view.incident.declared:
        return ""
    if not (view.symptoms.since or view.incident.answers):
        return ""  # nothing holds, and nobody says that anything does: no playbook has to be gone through
    from wfconsole.incident.symptoms import fits, match_playbooks  # here, because the first frame has seen nothing

    return fits(match_playbooks(runbook, view.world, view.symptoms, now, view.incident))


def _provisional(console: Console) -> dict[str, tuple[str, Millis]]:
    """What takes itself back, and when, unless somebody keeps it."""
    return {
        act.receipt: (act.plan.title, act.kept_unless)
        for act in console.acts.show()
        if act.kept_unless and act.plan is not None
    }


def frame_of(console: Console, glyphs: Glyphs, *, observer: bool, lag_ms: Millis = 0, declare_key: str = "D") -> Frame:
    """The console at this instant."""
    view, now, time = console.view(), console.now(), console.transport.show()
    alarms = alarms_of(view.world, view.alerts, view.incident, now)
    lines = board(view.world, view.judged, view.series, now, trend_cells=TREND_CELLS, told={"alerts": facts_of(alarms)})
    policy = console.runbook.policy
    running = clocks(view.incident, policy, now) if policy.rules else ()  # none before the runbook is read
    checklist = active_checklist(console.runbook, view.incident)
    situation = Situation(
        *(now, view.incident, lines, running, checklist, time.mode, time.behind_ms),
        meanwhile=time.meanwhile,
        record_trouble=view.journal.reason if view.journal.condition == "memory-only" else "",
        unreadable=time.problem if time.mode == "replay" and time.position >= time.end else "",
        alarms=alarms,
        world=view.world,
        judged=view.judged,
        fits=_fits(console.runbook, view, now),
        vacant=vacant_roles(policy, view.incident),
        provisional=_provisional(console),
        declare_key=declare_key,
    )
    return Frame(
        view=view,
        now=now,
        time=time,
        capabilities=console.capabilities,
        runbook=console.runbook,
        operator=console.operator,
        environment=console.environment,
        glyphs=glyphs,
        board=lines,
        counts=count_states(lines),
        clocks=running,
        checklist=checklist,
        needs=attention(situation),
        alarms=alarms,
        observer=observer,
        declare_key=declare_key,
        lag_ms=lag_ms,
    )
