"""Ask the terminal that this runs in how far each text moves its cursor: `measure_widths.py TEXTS.json RESULT.json`."""

import json
import os
import sys
import termios
import tty
from pathlib import Path


def measure(texts: list[str]) -> list[int]:
    """Cells that each text takes here, by cursor position reports."""
    saved = termios.tcgetattr(0)
    tty.setraw(0)
    widths = []
    try:
        for text in texts:
            os.write(1, f"\x1b[2;1H{text}\x1b[6n".encode())
            answer = b""
            while not answer.endswith(b"R"):
                answer += os.read(0, 64)
            widths.append(int(answer[:-1].rsplit(b";", 1)[1]) - 1)
    finally:
        termios.tcsetattr(0, termios.TCSANOW, saved)
    return widths


if __name__ == "__main__":
    Path(sys.argv[2]).write_text(json.dumps(measure(json.loads(Path(sys.argv[1]).read_text()))))
