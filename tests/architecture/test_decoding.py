"""Threads decode at once: whatever type two of them meet together for the first time, no process may end by it."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.terminal.probes import ROOT

WAY_IN = ROOT / "wfconsole" / "decoding.py"

# While one thread takes `Outer` apart and is at its `Inner`, another one wants an `Outer` too.
_MET_BY_TWO = """
import threading
import msgspec
from wfconsole.decoding import convert, decoder_of

def other():
    found.append({other})

def second_thread():
    thread.start()
    thread.join(0.5)
    return int

class Inner(msgspec.Struct):
    count: "second_thread()"

class Outer(msgspec.Struct):
    inner: Inner
    name: str

found, thread = [], threading.Thread(target=other)
found.append({first})
thread.join()
print(found[0] == found[1] == Outer(Inner(1), "a"), len(found))
"""
JSON = 'decoder_of(Outer).decode(b\'{"inner":{"count":1},"name":"a"}\')'
PLAIN = 'convert({"inner":{"count":1},"name":"a"}, Outer)'


@pytest.mark.parametrize("first", [JSON, PLAIN], ids=["json", "plain"])
@pytest.mark.parametrize("other", [JSON, PLAIN], ids=["json", "plain"])
def test_two_threads_may_meet_a_type_at_the_same_moment(first: str, other: str) -> None:
    program = _MET_BY_TWO.replace("{first}", first).replace("{other}", other)
    command = [sys.executable, "-X", "faulthandler", "-c", program]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    assert (ran.returncode, ran.stdout.strip()) == (0, "True 2"), ran.stderr


def types_for_msgspec(tree: ast.Module) -> Iterator[int]:
    """The lines that give msgspec a type."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "msgspec":
            if {each.name for each in node.names} & {"convert", "json", "msgpack", "toml", "yaml", "decode", "Decoder"}:
                yield node.lineno
        elif isinstance(node, ast.Call) and ast.unparse(node.func).startswith("msgspec."):
            name = ast.unparse(node.func).rpartition(".")[2]
            if name in ("convert", "Decoder") or (name == "decode" and (node.keywords or len(node.args) > 1)):
                yield node.lineno


def test_types_are_given_to_msgspec_in_one_place() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in sorted((ROOT / "wfconsole").rglob("*.py"))
        if path != WAY_IN
        for line in types_for_msgspec(ast.parse(path.read_text("utf-8")))
    ]
    assert found == []
    assert list(types_for_msgspec(ast.parse(WAY_IN.read_text("utf-8"))))
