"""A runbook for the screens: long words that have to wrap, every kind of step, a playbook with symptoms, both lists to
confirm. Its own, so that a change of the bundled one changes no golden."""

from __future__ import annotations

from tests import builders
from wfconsole.incident.playbook import Branch, Command, Runbook, Symptom


def flat(text: str) -> str:
    """What a screen says, without its frames and line breaks."""
    return " ".join(text.translate(str.maketrans("┃│|", "   ")).split())


LOOK = "pods of production, grouped by workload, the worst first; then the events of the last fifteen minutes, warnings"
TRAP = (
    "never without --to-revision: a restart is a revision too, so undo after a restart brings the same bad image back. "
    "Only the pod template goes back: no ConfigMap, no Secret, no replica count and no migration."
)
NOT_READY = "pods namespace=production not-ready"


def a_full_runbook() -> Runbook:
    """A process, a playbook, hand-over and stand-down."""
    first = builders.a_checklist(
        "opening",
        builders.a_step(
            "Acknowledge the alert",
            "opening",
            look="the alert that woke you",
            means="acknowledged",
            memory="alert acknowledged",
        ),
        builders.a_step("Find the worst workload", "opening", look=LOOK, expect="one deployment", live=NOT_READY),
        builders.a_step(
            "Send the declaration", "opening", role="communications", means="update sent", memory="people told"
        ),
        kind="process",
    )
    outage = builders.a_checklist(
        "outage",
        builders.a_step(
            "Decide what the evidence speaks for",
            kind="decide",
            expect="one answer, with its evidence in the record",
            branches=(
                Branch("a rollout came first", "outage/roll-back"),
                Branch("cannot tell", "outage/all-stays-ready"),
            ),
        ),
        builders.a_step(
            "Roll back",
            kind="action",
            danger="R2",
            role="technical lead",
            do="Choose the revision by its image and by when it served well.",
            expect="new pods are ready, errors fall within minutes",
            warning=TRAP,
            branches=(Branch("done", "outage/all-stays-ready"),),
            commands=(Command("bash", "kubectl --context <context> -n production rollout undo deployment/gateway"),),
        ),
        builders.a_step("Restart", kind="action", danger="R2"),
        builders.a_step(
            "All stays ready",
            look="ready equals desired",
            sensed="pods namespace=production not-ready count=0",
        ),
        symptoms=(
            Symptom("Many requests end with 503"),
            Symptom("Pods that should serve are not ready", NOT_READY, 60_000),
            Symptom("A node is under pressure", "nodes pressure"),
        ),
        summary="Users get errors or no answer at all.",
    )
    handover = builders.a_checklist(
        "handover",
        builders.a_step("Name the new commander", "handover", expect="one name, awake"),
        builders.a_step("Read out severity, status and impact", "handover"),
        builders.a_step("Hear the new commander say it", "handover", warning="a nod is not an answer"),
        kind="confirm",
    )
    stand_down = builders.a_checklist(
        "stand-down",
        builders.a_step("Watch the service stay normal", "stand-down", look="ready pods, error rate"),
        builders.a_step("Release the roles", "stand-down"),
        kind="confirm",
    )
    return builders.a_runbook(first, outage, handover, stand_down, roles=(("Commander", "leads"), ("Scribe", "writes")))
