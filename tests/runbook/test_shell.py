"""Shell text as commands with positions, and which of them change production."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wfconsole.runbook.programs import changes_production, kubectl, programs
from wfconsole.runbook.shell import Call, parse_shell


def words(call: Call) -> list[str]:
    return [word.text for word in call.words]


def test_words_pipes_and_remarks() -> None:
    made = parse_shell("# look first\nkubectl get pods -A | grep -E \"(a|b)\" && echo 'it''s' # done\n")
    assert [(words(call), call.before) for call in made.calls] == [
        (["kubectl", "get", "pods", "-A"], ""),
        (["grep", "-E", "(a|b)"], "|"),
        (["echo", "its"], "&&"),
    ]
    assert made.calls[1].piped
    assert made.calls[0].remark == "look first"
    assert [remark.text for remark in made.remarks] == ["look first", "done"]


def test_a_quotation_over_lines_is_one_word_at_its_place() -> None:
    text = 'psql -c "\nSELECT 1\nFROM a" -v x=1'
    (call,) = parse_shell(text).calls
    assert words(call) == ["psql", "-c", "\nSELECT 1\nFROM a", "-v", "x=1"]
    assert text[call.words[2].start : call.words[2].end] == '"\nSELECT 1\nFROM a"'


def test_a_here_document_belongs_to_its_command() -> None:
    text = "kubectl apply -f - <<EOF\nkind: A\nEOF\necho b"
    first, second = parse_shell(text).calls
    assert first.here is not None
    assert (first.here.text, first.here.closed) == ("kind: A", True)
    assert text[first.here.start :].startswith("kind: A")
    assert (words(second), second.here) == (["echo", "b"], None)


def test_a_place_to_fill_in_is_a_word_and_a_redirection_is_none() -> None:
    (call,) = parse_shell("kubectl logs <my pod> 2>&1 >out.txt").calls
    assert words(call) == ["kubectl", "logs", "<my pod>"]
    assert [word.text for word in call.writes] == ["out.txt"]


@pytest.mark.parametrize(
    ("text", "what"),
    [("echo 'a", "quote"), ('echo "a', "quote"), ("cat <<EOF\na\n EOF", "here-document"), ("a $(b", "substitution")],
)
def test_what_is_never_closed_is_a_fault(text: str, what: str) -> None:
    assert [fault.what for fault in parse_shell(text).faults] == [what]


def test_a_substitution_is_read_too() -> None:
    made = parse_shell("kubectl delete pod $(kubectl get pods -o name)")
    assert [words(call)[:3] for call in made.calls] == [["kubectl", "delete", "pod"], ["kubectl", "get", "pods"]]


def named(text: str) -> list[str]:
    return [program.name for call in parse_shell(text).calls for program in programs(call)]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("sudo -u postgres psql -c 'SELECT 1'", ["sudo", "psql"]),
        ("PGUSER=a timeout -k 5 20 kubectl exec p -c c -- psql", ["timeout", "kubectl", "psql"]),
        ("ssh host 'systemctl status a && uptime'", ["ssh", "systemctl", "uptime"]),
        ("bash -c 'rm -r /tmp/a'", ["bash", "rm"]),
        ("a | xargs -n 1 kubectl delete pod", ["a", "xargs", "kubectl"]),
        ("docker exec -u 0 web redis-cli DBSIZE", ["docker", "redis-cli"]),
    ],
)
def test_a_program_within_another_is_found(text: str, names: list[str]) -> None:
    assert named(text) == names


@pytest.mark.parametrize(
    ("text", "verb", "targets"),
    [
        ("kubectl -n a get pods,services -o wide", "get", (("pod", ""), ("service", ""))),
        ("kubectl scale deploy/web --replicas 3", "scale", (("deployment", "web"),)),
        ("kubectl rollout undo deployment web -n a", "rollout", (("deployment", "web"),)),
        ("kubectl logs -f web-1 --tail 5", "logs", (("pod", "web-1"),)),
        ("kubectl apply -f web.yaml", "apply", ()),
        ("kubectl top nodes", "top", (("node", ""),)),
        ("oc exec -it web-1 -- ls -l", "exec", (("pod", "web-1"),)),
    ],
)
def test_kubectl_is_understood(text: str, verb: str, targets: tuple[tuple[str, str], ...]) -> None:
    found = kubectl(next(programs(parse_shell(text).calls[0])))
    assert found is not None
    assert (found.verb, found.targets) == (verb, targets)


@pytest.mark.parametrize(
    ("text", "changes"),
    [
        ("kubectl get pods", False),
        ("kubectl rollout history deployment/a", False),
        ("kubectl rollout restart deployment/a", True),
        ("kubectl apply -f a --dry-run=server", False),
        ("psql -c 'SELECT 1'", False),
        ("psql -c 'SELECT pg_terminate_backend(1)'", True),
        ("aws --profile a --region b securityhub get-findings", False),
        ("aws secretsmanager put-secret-value --secret-id a", True),
        ("curl https://a", False),
        ("curl -X POST https://a", True),
        ("redis-cli DBSIZE", False),
        ("redis-cli FLUSHDB", True),
        ("helm history a", False),
        ("helm rollback a 3", True),
    ],
)
def test_what_changes_production_is_known(text: str, changes: bool) -> None:
    found = [program for call in parse_shell(text).calls for program in programs(call)]
    assert any(changes_production(program) for program in found) is changes


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="ab <>|&;'\"\\$(){}`#\nEOF-", max_size=60))
def test_any_text_is_read_to_its_end(text: str) -> None:
    made = parse_shell(text)
    for call in made.calls:
        assert call.words
        for word in call.words:
            assert 0 <= word.start < word.end <= len(text) + 1
        list(programs(call))
