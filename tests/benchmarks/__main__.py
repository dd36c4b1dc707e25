"""`python -m tests.benchmarks [NAME...]`: lists the benchmarks, or runs those that are named, one after the other."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def main() -> int:
    """The worst exit code of those that ran."""
    known = {path.stem.removeprefix("bench_"): path.stem for path in sorted(Path(__file__).parent.glob("bench_*.py"))}
    wanted = sys.argv[1:]
    unknown = [name for name in wanted if name not in known]
    if unknown or not wanted:
        print(*(f"no benchmark {name!r}" for name in unknown), f"there are: {', '.join(known)}", sep="\n")
        return 2 if unknown else 0
    modules = [f"tests.benchmarks.{known[name]}" for name in wanted]
    return max(subprocess.run([sys.executable, "-m", module], check=False).returncode for module in modules)


raise SystemExit(main())
