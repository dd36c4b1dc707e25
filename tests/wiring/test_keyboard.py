"""Which programs of a pipeline would read the console's keys."""

from __future__ import annotations

import pytest

from wfconsole.wiring.keyboard import remedy_for

TAKES = [
    ("ssh bastion wfconsole record -", "ssh -n"),
    ("/usr/bin/ssh -p 22 -l n bastion wfconsole record -", "ssh -n"),
    ("ssh -o StdinNull=no bastion wfconsole record -", "ssh -n"),
    ("ssh -i n -Tp 22 bastion wfconsole -n", "ssh -n"),
    ("ssh bastion tail -n +1 -f stream.jsonl", "ssh -n"),
    ("kubectl exec -i pod -- wfconsole record -", "-i"),
    ("kubectl -n tools exec -ti pod -- wfconsole record -", "-i"),
    ("docker exec --interactive box wfconsole record -", "-i"),
]
LEAVES = [
    "ssh -n bastion wfconsole record -",
    "ssh -Tn bastion wfconsole record -",
    "ssh -p 22 bastion -n wfconsole record -",
    "ssh -f bastion wfconsole record -",
    "ssh -o StdinNull=yes bastion wfconsole record -",
    "ssh -ostdinnull=yes bastion wfconsole record -",
    "kubectl exec pod -- wfconsole record -",
    "kubectl exec pod -- sh -i",
    "kubectl logs -f pod",
    "tail -n +1 -f stream.jsonl",
    "sshfs bastion",
    "",
]


@pytest.mark.parametrize(("command", "remedy"), TAKES)
def test_what_hands_its_input_on_takes_keys(command: str, remedy: str) -> None:
    assert remedy in remedy_for(command.split(" "))


@pytest.mark.parametrize("command", LEAVES)
def test_what_reads_nothing_leaves_them(command: str) -> None:
    assert remedy_for(command.split(" ")) == ""
