"""Blocks of the runbook as arguments, without a shell."""

from __future__ import annotations

import subprocess

import pytest

from wfconsole.actions.argv import commands_in, needs_shell
from wfconsole.actions.contract import BadRequestError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("kubectl get pods", [["kubectl", "get", "pods"]]),
        (
            "kubectl get \\\n  pods  # all of them\n\n# then\nkubectl get nodes",
            [["kubectl", "get", "pods"], ["kubectl", "get", "nodes"]],
        ),
        ("""echo 'a b' "c d" e\\ f""", [["echo", "a b", "c d", "e f"]]),
        (
            """kubectl get x -o 'jsonpath={.items[*].metadata.name}'""",
            [["kubectl", "get", "x", "-o", "jsonpath={.items[*].metadata.name}"]],
        ),
        ("kubectl get x -o jsonpath={.metadata.name}", [["kubectl", "get", "x", "-o", "jsonpath={.metadata.name}"]]),
        ("curl -s 'http://a/?b=1&c=$d'", [["curl", "-s", "http://a/?b=1&c=$d"]]),
        ("echo a#b", [["echo", "a#b"]]),
        ("echo a=b", [["echo", "a=b"]]),
        ("echo ''", [["echo", ""]]),
    ],
)
def test_plain_commands_are_what_a_shell_would_make_of_them(text: str, expected: list[list[str]]) -> None:
    assert commands_in(text) == expected
    if text.startswith("echo"):
        said = subprocess.run(["bash", "-c", f"printf '%s\\n' {text[5:]}"], check=True, capture_output=True, text=True)
        assert said.stdout == "".join(f"{word}\n" for word in expected[0][1:])


@pytest.mark.parametrize(
    ("line", "sign"),
    [
        ("kubectl get pods | grep x", "'|'"),
        ("a && b", "'&'"),
        ("a; b", "';'"),
        ("a > file", "'>'"),
        ("a <<EOF", "'<'"),
        ("echo $HOME", "'$'"),
        ('echo "$HOME"', "'$' in double quotes"),
        ('echo "`id`"', "'`' in double quotes"),
        ("echo $(id)", "'$'"),
        ("echo `id`", "'`'"),
        ("rm *.log", "'*'"),
        ("ls file?", "'?'"),
        ("ls ~/x", "'~'"),
        ("echo a{1,2}", "'{...}'"),
        ("FOO=bar run", "'FOO=' before the command"),
        ("for x in a b", "'for'"),
        ("cd /tmp", "'cd'"),
        ("(id)", "'('"),
        ("echo '$x' \"a\\$b\" \\$c 'it''s'", ""),
        ("echo done # not | this", ""),
    ],
)
def test_what_only_a_shell_understands_is_told(line: str, sign: str) -> None:
    assert needs_shell(line) == sign


def test_such_a_block_is_refused_with_what_to_do() -> None:
    with pytest.raises(BadRequestError, match=r"'\|' is for a shell, and the runbook asks for none \(Shell: yes\)"):
        commands_in("kubectl get pods\nkubectl get pods | wc -l")
    with pytest.raises(BadRequestError, match="not closed"):
        commands_in("echo 'a")
    with pytest.raises(BadRequestError, match="no command"):
        commands_in("# nothing\n\n")
