"""What the shell is told. Each number is documented in the README and never changes its meaning."""

from __future__ import annotations

TYPE_CHECKING = False  # the launcher imports this before it forks: see there
if TYPE_CHECKING:
    from typing import Final

OK: Final = 0
USAGE: Final = 2  # argparse's own number for wrong arguments
CONFIGURATION: Final = 3  # configuration file, variable, theme or keymap
RUNBOOK: Final = 4
RECORDING: Final = 5  # a recording or scenario that cannot be opened
TERMINAL: Final = 6  # this terminal cannot show the console
INCIDENT: Final = 7  # no such incident, or its journal cannot be read
CLUSTER: Final = 8  # no kubeconfig, no such context
UNWELL: Final = 9  # `doctor` found something that does not work, or that nobody can tell
LINT: Final = 10  # `lint` found something as bad as --fail-on says
ACTION: Final = 11  # `act`: refused, not confirmed, failed, not known how it ended, or it did not help
CRASH: Final = 70  # a bug of ours; the message says where the report is
OUTPUT: Final = 74  # standard output took no more: a full disk, for example; sysexits.h has the number
# 128 + n: ended by signal n
