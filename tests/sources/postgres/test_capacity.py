from __future__ import annotations

import msgspec
import pytest

from tests.rig.systems.postgres import MAX_CONNECTIONS, Postgres
from wfconsole.observations.database import DatabaseRow, usable
from wfconsole.sources.contract import SourceError
from wfconsole.sources.postgres.capacity import CapacityPoll
from wfconsole.sources.postgres.connection import Session


@pytest.fixture
def poll(session: Session) -> CapacityPoll:
    return CapacityPoll(session, 5000)


def row_of(poll: CapacityPoll) -> DatabaseRow:
    poll.step(lambda: None)
    (row,) = poll.table.take().values()
    assert row is not None
    return msgspec.json.decode(row, type=DatabaseRow)


def test_clients_are_counted_and_background_processes_are_not(postgres: Postgres, poll: CapacityPoll) -> None:
    with postgres.application() as one, postgres.application() as two:
        one.execute("SELECT 1")
        two.commit()
        row = row_of(poll)
    assert row.clients == 3  # those two and our own
    assert row.states == {"active": 1, "idle": 1, "idle in transaction": 1}
    assert usable(row) == MAX_CONNECTIONS - 3


def test_the_connection_is_kept(poll: CapacityPoll) -> None:
    poll.step(lambda: None)
    kept = poll.session._connection
    poll.step(lambda: None)
    assert poll.session._connection is kept


def test_a_wrong_password_is_denied_with_what_mends_it(postgres: Postgres, poll: CapacityPoll) -> None:
    wrong = postgres.directory / "wrong"
    wrong.write_text("not-it")
    poll.session.settings = msgspec.structs.replace(poll.session.settings, password_file=str(wrong))
    with pytest.raises(SourceError) as told:
        poll.step(lambda: None)
    assert told.value.kind == "denied"
    assert "database.password_file" in told.value.remedy
    assert "not-it" not in told.value.message
