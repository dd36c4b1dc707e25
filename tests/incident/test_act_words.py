"""An action as somebody types it, and how a line goes on."""

from __future__ import annotations

import pytest

from wfconsole.actions.catalogue import _PLACES
from wfconsole.incident.act_words import CLASSES, NEEDED, PARAMETERS, class_word, gone_on, typed_offer
from wfconsole.incident.offers import KINDS
from wfconsole.incident.plan import Aim, Request


def targets(kind: str) -> list[str]:
    return {"deployment": ["production/gateway", "production/cart"], "user sessions": ["session:"]}.get(kind, [])


def test_every_action_has_its_kinds_its_classes_and_its_parameters() -> None:
    assert set(KINDS) == set(CLASSES) == set(PARAMETERS) == set(_PLACES)
    for action, names in NEEDED.items():
        assert set(names) <= {word.partition("=")[0] for word in PARAMETERS[action]}


def test_a_class_that_the_plan_decides_is_a_range() -> None:
    assert (class_word("restart"), class_word("scale"), class_word("end-session")) == ("R2", "R1-R3", "R2-R3")


@pytest.mark.parametrize(
    ("typed", "longer"),
    [
        ("sca", "scale"),
        ("scale ", "scale deployment"),
        ("scale st", "scale statefulset"),
        ("scale deployment pro", "scale deployment production/gateway"),
        ("scale deployment production/gateway ", "scale deployment production/gateway replicas="),
        ("scale deployment production/gateway replicas=3 ", ""),
        ("end-user-sessions user", "end-user-sessions user sessions"),
        ("end-user-sessions user ", "end-user-sessions user sessions"),
        ("end-user-sessions user sessions ", "end-user-sessions user sessions session:"),
        ("config-value configmap a/b key=x r", "config-value configmap a/b key=x restart=yes"),
        ("config-value configmap a/b restart=no re", "config-value configmap a/b restart=no remove=yes"),
        ("frobnicate ", ""),
        ("", "acknowledge"),
    ],
)
def test_a_line_goes_on_a_word_longer(typed: str, longer: str) -> None:
    assert gone_on(typed, targets) == longer


def test_a_whole_line_is_a_request() -> None:
    offer = typed_offer(["scale", "deployment", "production/gateway", "replicas=12"])
    assert offer.parameters == ()
    assert offer.request({}) == Request("scale", Aim("deployment", "gateway", "production"), {"replicas": "12"})


def test_what_it_needs_and_was_not_said_is_asked_for() -> None:
    assert [each.name for each in typed_offer(["scale", "deployment", "a/b"]).parameters] == ["replicas"]
    assert [
        each.name for each in typed_offer(["config-value", "configmap", "a/b", "key=x", "remove=yes"]).parameters
    ] == []
    asked = typed_offer(["memory-limit", "deployment"])
    assert [each.label for each in asked.parameters] == ["Deployment", "Limit"]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("", "there is no action ''"),
        ("frobnicate pod a/b", "there is no action 'frobnicate'"),
        ("scale pod a/b", "'scale' is done to a deployment or a statefulset"),
        ("scale deployment a/b twelve", "'twelve' is no NAME=VALUE"),
    ],
)
def test_what_is_no_action_says_why(line: str, says: str) -> None:
    with pytest.raises(ValueError, match=says.replace("?", "[?]")):
        typed_offer(line.split())
