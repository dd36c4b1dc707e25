"""The doctor on a real Alertmanager."""

from __future__ import annotations

from tests.collector.examined import Examined
from tests.rig.systems.alertmanager import Alertmanager
from tests.sources.api_double import ApiDouble, Conversation, Request


def test_all_is_well(alertmanager: Alertmanager) -> None:
    found = Examined("alertmanager", alertmanager.settings())
    assert found.unwell == {}
    assert found.named("permission") == {"read alerts": "ok", "read silences": "ok"}


def test_one_that_is_gone_is_told_although_prometheus_could_stand_in(alertmanager: Alertmanager) -> None:
    alertmanager.stop_manager()
    found = Examined("alertmanager", alertmanager.settings())
    assert found["reachable"].state == "problem"
    assert "Does Alertmanager run" in found["reachable"].remedy
    assert found["alerts"].state == "unknown"


def test_silences_that_are_not_ours_to_read_are_named() -> None:
    def without_silences(talk: Conversation, request: Request) -> None:
        if request.path == "/api/v2/silences":
            talk.answer(b"{}", "403 Forbidden")
        else:
            talk.answer(b"[]", headers=("Date: Mon, 01 Jan 2024 00:00:00 GMT",))

    with ApiDouble(without_silences) as double:
        found = Examined("alertmanager", {"alertmanager": {"url": double.url}})
    assert found.named("permission") == {"read alerts": "ok", "read silences": "problem"}
    assert "alertmanager.token_file" in found["read silences"].remedy
