"""The doctor on a real Alertmanager."""

from __future__ import annotations

from tests.collector.examined import Examined
from tests.rig.systems.alertmanager import Alertmanager
from tests.sources.api_double import ApiDouble, Conversation, Request, until


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


def with_heartbeat(alertmanager: Alertmanager, name: str) -> Examined:
    return Examined("alertmanager", {"alertmanager": {"url": alertmanager.url, "heartbeat": name}})


def test_an_alert_that_must_always_fire_tells_whether_any_come_in(alertmanager: Alertmanager) -> None:
    until(lambda: with_heartbeat(alertmanager, "Watchdog")["alerts come in"].state == "ok", "Prometheus has sent it")
    assert with_heartbeat(alertmanager, "Watchdog")["alerts come in"].detail.startswith("Watchdog sent ")
    lost = with_heartbeat(alertmanager, "Nobody")
    assert lost.unwell == {"alerts come in": "problem"}
    assert lost["alerts come in"].detail == "the heartbeat Nobody does not fire"
    assert "Prometheus" in lost["alerts come in"].remedy


def test_without_one_a_silent_alertmanager_is_no_problem_and_says_what_would_tell() -> None:
    def nothing(talk: Conversation, _: Request) -> None:
        talk.answer(b"[]")

    with ApiDouble(nothing) as double:
        found = Examined("alertmanager", {"alertmanager": {"url": double.url}})
    assert (found["alerts come in"].state, found.unwell) == ("off", {"clock": "unknown"})
    assert "alertmanager.heartbeat" in found["alerts come in"].detail


def test_alerts_that_nobody_repeats_are_told_with_their_age() -> None:
    alert = b'[{"labels":{"alertname":"Watchdog"},"updatedAt":"2026-01-01T00:00:00.000Z"}]'
    with ApiDouble(lambda talk, _: talk.answer(alert)) as double:
        found = Examined("alertmanager", {"alertmanager": {"url": double.url, "heartbeat": "Watchdog"}})
    assert found["alerts come in"].state == "problem"
    assert "sent" in found["alerts come in"].detail
