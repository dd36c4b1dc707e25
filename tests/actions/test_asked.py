"""What an action is told, before it reads any of it."""

from __future__ import annotations

import pytest

from wfconsole.actions.asked import sensible
from wfconsole.actions.contract import BadRequestError
from wfconsole.incident.offers import KINDS
from wfconsole.incident.plan import Aim, Request

AIM = Aim("deployment", "gateway", "production")


@pytest.mark.parametrize("action", sorted(set(KINDS) - {"command"}))
def test_a_parameter_that_means_nothing_is_refused_by_its_name(action: str) -> None:
    with pytest.raises(BadRequestError, match=f"'bogus' means nothing to {action}: it takes "):
        sensible(Request(action, AIM, {"bogus": "1"}))


def test_those_that_it_takes_are_named() -> None:
    with pytest.raises(BadRequestError, match=r"it takes replicas$"):
        sensible(Request("scale", AIM, {"replica": "1"}))
    with pytest.raises(BadRequestError, match=r"it takes no parameters$"):
        sensible(Request("remove-pod", AIM, {"force": "yes"}))


def test_a_command_takes_a_value_for_each_of_its_blanks() -> None:
    request = Request("command", Aim("step", "look"), {"pod name": "gateway-1"})
    assert sensible(request) is request
