"""The durable record of one incident: append-only, hash-chained lines in segments, confirmed only after a sync.

It stores what it is given and knows nothing of incidents. Nothing is ever truncated, rewritten or repaired; what is
torn, altered or missing is reported by whoever reads.
"""

from wfconsole.journal.journal import Journal, JournalClosedError
from wfconsole.journal.records import Record
from wfconsole.journal.report import ClockJump, Damage, Gap, JournalReport, SegmentSummary, TornTail
from wfconsole.journal.seal import Seal, broken_seal, seal
from wfconsole.journal.survey import read
from wfconsole.journal.writer import JournalState

__all__ = [
    "ClockJump",
    "Damage",
    "Gap",
    "Journal",
    "JournalClosedError",
    "JournalReport",
    "JournalState",
    "Record",
    "Seal",
    "SegmentSummary",
    "TornTail",
    "broken_seal",
    "read",
    "seal",
]
