"""Why rows are not all there is: cause by cause as it is written now, in words alone as it was written before."""

from __future__ import annotations

import msgspec

from tests.recording.streams import EPOCH, folded, items_of
from wfconsole.clock import MINUTE
from wfconsole.observations.snapshot import Lack, Snapshot
from wfconsole.recording.redact import redact_body
from wfconsole.recording.tape import Tape
from wfconsole.recording.writer import patch_lines

HEADER = b'{"wfrec":1,"min_reader":1,"epoch":"2026-01-01T00:00:00.000Z"}\n'
HIDDEN = Lack("sessions are hidden", "permission", "GRANT pg_monitor TO wf_mon", "pg_monitor")
FEW = Lack("the first 500", "bounded")
OPENING = b'[0,"k","sessions",{"rows":{}}]\n'
CAUSES = b'[1000,"d","sessions",{"partial":"in words","lacks":%s}]\n'


def seen(*lines: bytes) -> Snapshot[object]:
    return folded(items_of(b"".join((HEADER, OPENING, *lines)))).snapshots["sessions"]


def test_the_causes_come_back_as_they_were_written() -> None:
    snapshot = seen(CAUSES % msgspec.json.encode((HIDDEN, FEW)))
    assert (snapshot.partial, snapshot.lacks) == ("in words", (HIDDEN, FEW))
    assert seen(CAUSES % msgspec.json.encode((HIDDEN,)), b'[0,"d","sessions",{}]\n').lacks == (HIDDEN,)
    assert seen(CAUSES % msgspec.json.encode((HIDDEN,)), b'[0,"d","sessions",{"partial":"","lacks":[]}]\n').lacks == ()


def test_a_recording_of_before_has_words_and_no_causes() -> None:
    snapshot = seen(b'[0,"d","sessions",{"partial":"sessions are hidden"}]\n')
    assert (snapshot.partial, snapshot.lacks) == ("sessions are hidden", ())
    mixed = seen(CAUSES % msgspec.json.encode((HIDDEN,)), b'[0,"d","sessions",{"partial":"only words"}]\n')
    assert (mixed.partial, mixed.lacks) == ("only words", ())


def test_words_of_strangers_are_made_safe_in_them() -> None:
    (lack,) = seen(CAUSES % b'[{"text":"a\\u001b[31mb","kind":"permission","remedy":"c\\u202ed"}]').lacks
    assert "\x1b" not in lack.text
    assert "\u202e" not in lack.remedy


def test_the_state_to_seek_to_holds_them() -> None:
    tape = Tape(EPOCH)
    tape.chunk(HEADER + OPENING + CAUSES % msgspec.json.encode((HIDDEN,)))
    many = msgspec.json.encode({f"pid-{n}": {"pid": n} for n in range(50)})
    tape.chunk(b'[%d,"d","sessions",{"rows":%s}]\n' % (11 * MINUTE, many))
    tape.end()
    (state,) = [line for line in b"".join(tape.take()).splitlines() if b',"s",' in line]
    (lines,) = patch_lines("k", "sessions", msgspec.json.encode(msgspec.json.decode(state)[3]))
    assert folded(items_of(HEADER + b"[0," + lines)).snapshots["sessions"].lacks == (HIDDEN,)


def test_secrets_in_them_do_not_reach_a_recording() -> None:
    tape = Tape(EPOCH, redact=redact_body)
    tape.chunk(HEADER + OPENING + CAUSES % msgspec.json.encode((Lack("password=canary-7"),)))
    assert b"canary-7" not in b"".join(tape.take())
