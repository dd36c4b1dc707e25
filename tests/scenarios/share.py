"""`python -m tests.scenarios.share RECORDING FOLDER`: a console's recording, redacted once more, for a scenario."""

from __future__ import annotations

import sys
from pathlib import Path

from wfconsole.recording.share import share


def main(made: Path, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    print(share(made, folder / "recording.jsonl.gz"))


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:3]))
