"""A team's own Markdown as a runbook: what is found in it, what annotations bind, and what is told of the rest."""

from __future__ import annotations

from pathlib import Path

import pytest

from wfconsole.clock import HOUR, MINUTE
from wfconsole.incident.playbook import Checklist, Runbook, Step
from wfconsole.incident.policy import SEVERITIES, Span
from wfconsole.runbook import BUNDLED, load_runbook
from wfconsole.runbook.problems import RunbookError
from wfconsole.text import is_safe

TEAM = load_runbook(Path(__file__).parent / "samples" / "incident-response-runbook.md")


def loaded(folder: Path, text: str) -> Runbook:
    file = folder / "runbook.md"
    file.write_text(text, encoding="utf-8")
    return load_runbook(file)


def first_list(folder: Path, text: str) -> Checklist:
    return loaded(folder, text).checklists[0]


def remarks(runbook: Runbook) -> list[tuple[int, str]]:
    return [(each.place.line, each.text) for each in runbook.remarks]


# --- the team's runbook -----------------------------------------------------------------------------------------------


def playbook(name: str) -> Checklist:
    found = TEAM.checklist(name)
    assert found is not None
    return found


def test_its_five_playbooks_with_their_steps() -> None:
    assert [(each.id, len(each.symptoms), len(each.steps)) for each in TEAM.playbooks] == [
        ("service-outage", 4, 8),
        ("database-connectivity-issues", 4, 7),
        ("high-memory-usage", 4, 8),
        ("ai-service-performance-issues", 4, 7),
        ("security-incidents", 4, 7),
    ]
    assert (TEAM.title, TEAM.version, TEAM.reviewed) == (
        "WearForce-Clean Incident Response Runbook",
        "1.0.0",
        "2025-01-07",
    )


def test_a_numbered_remark_in_a_block_is_a_step() -> None:
    steps = playbook("service-outage").steps
    assert [step.title for step in steps[:3]] == [
        "Check pod status",
        "Check service endpoints",
        "Check ingress configuration",
    ]
    assert steps[0].commands[0].text == (
        "kubectl get pods -n production -o wide\nkubectl describe pods -l app=wearforce-clean-gateway -n production"
    )
    assert [step.place.line for step in steps[:3]] == [103, 107, 111]
    assert steps[0].id == "service-outage/check-pod-status"


def test_what_changes_production_is_an_action_and_what_looks_is_a_check() -> None:
    kinds = [(step.kind, step.danger) for step in playbook("service-outage").steps]
    assert kinds == [("check", "")] * 5 + [("action", "R2")] * 3


def test_a_command_over_many_lines_is_whole_and_its_places_are_known() -> None:
    terminate = playbook("database-connectivity-issues").steps[4]
    assert terminate.title == "Kill long-running queries"
    assert terminate.commands[0].text.startswith("kubectl exec -it postgresql-0")
    assert terminate.commands[0].text.endswith("INTERVAL '5 minutes';\"")
    assert playbook("security-incidents").steps[4].commands[0].placeholders == ("<suspicious-ip>",)


def test_its_severity_clocks() -> None:
    rules = TEAM.policy.rules
    assert [rule.title for rule in rules] == ["Critical", "High", "Medium", "Low"]
    assert [rule.respond.duration_ms for rule in rules[:3]] == [15 * MINUTE, 30 * MINUTE, 2 * HOUR]
    assert [rule.resolve.duration_ms for rule in rules[:3]] == [4 * HOUR, 8 * HOUR, 24 * HOUR]
    assert (rules[3].respond, rules[3].resolve) == (
        Span(business_days=1, text="1 business day"),
        Span(business_days=5, text="5 business days"),
    )
    assert rules[0].criteria == ("Complete service outage", "data loss", "security breach")
    assert rules[0].roles == ("commander", "technical lead", "platform engineer", "communications")
    assert [(call.who, call.within and call.within.duration_ms) for call in rules[1].calls] == [
        ("Senior engineer", HOUR)
    ]
    assert all(rule.update_is_default for rule in rules)
    assert all(rule.meeting == Span(48 * HOUR, text="48 hours") for rule in rules)


def test_its_contacts_links_and_templates() -> None:
    contacts = {each.name: each for each in TEAM.contacts}
    assert (contacts["CTO"].how, contacts["CTO"].severities) == ("+1-555-CTO", ("SEV1",))
    assert contacts["Database Expert"].severities == SEVERITIES
    assert len(contacts) == 9
    links = {each.name: (each.url, each.group) for each in TEAM.links}
    assert links["Kibana"] == ("https://kibana.wearforce-clean.io", "Logging and Tracing")
    assert "Review memory metrics in Grafana" in links
    assert len(links) == 16
    own = {each.id: each for each in TEAM.templates if "(bundled default)" not in each.title}
    assert {name: each.target for name, each in own.items()} == {
        "declaration": "slack",
        "status-update": "slack",
        "status-page-investigating": "status page",
        "status-page-resolved": "status page",
        "post-mortem": "post-mortem",
    }
    assert "**Incident Commander:** {commander}\n**Slack Channel:** {channel}" in own["declaration"].text
    assert "# Post-Mortem: {title}" in own["post-mortem"].text


def test_what_is_ours_says_so() -> None:
    bundled = load_runbook(None)
    ours = {each.id for each in bundled.templates} - {
        each.id for each in TEAM.templates if "(bundled default)" not in each.title
    }
    assert {each.id for each in TEAM.templates if "(bundled default)" in each.title} == ours
    for name in ("handover", "stand-down"):
        assert playbook(name).title.endswith("(bundled default)")
    told = " ".join(each.text for each in TEAM.remarks)
    for words in ("no response team is named for SEV2", "SEV1 names no cadence", "no calendar of business days"):
        assert words in told


def test_what_was_not_read_is_told() -> None:
    told = dict(remarks(TEAM))
    assert told[70] == "'Classification Criteria' is for reading only: its items are no steps"
    assert 462 in told


# --- other teams' ways ------------------------------------------------------------------------------------------------


def test_a_page_with_a_title_and_numbers_is_a_playbook(tmp_path: Path) -> None:
    made = first_list(tmp_path, "# Kafka lag\n\nWhen consumers fall behind.\n\n1. Look at the lag\n2. Restart it\n")
    assert (made.id, made.kind, made.summary) == ("kafka-lag", "playbook", "When consumers fall behind.")
    assert [step.title for step in made.steps] == ["Look at the lag", "Restart it"]


def test_headings_of_parts_belong_to_the_one_above(tmp_path: Path) -> None:
    text = "# Kafka lag\n\n## Diagnosis\n\n1. Look\n\n## Mitigation\n\n1. Restart\n\n## Rollback\n\n- Call somebody\n"
    runbook = loaded(tmp_path, text)
    assert [(each.title, len(each.steps)) for each in runbook.playbooks] == [("Kafka lag", 3)]


def test_procedures_side_by_side_are_playbooks_of_their_own(tmp_path: Path) -> None:
    text = "# Ops\n\n## Restart the queue\n\n1. Stop\n2. Start\n\n## Clean the disk\n\n```bash\ndf -h\n```\n"
    assert [each.title for each in loaded(tmp_path, text).playbooks] == ["Restart the queue", "Clean the disk"]


def test_several_files_are_one_runbook(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("# Queue\n\n## Steps\n\n1. Look\n")
    (tmp_path / "b.md").write_text("# Disk\n\n## Steps\n\n1. Look\n\n## SEV 1 - Bad\n\n- Response: 5 min\n")
    runbook = load_runbook(tmp_path)
    assert [each.title for each in runbook.playbooks] == ["Queue", "Disk"]
    assert runbook.policy.rule("SEV1").respond.duration_ms == 5 * MINUTE


def test_a_kind_in_front_of_a_title_is_no_part_of_it(tmp_path: Path) -> None:
    made = first_list(tmp_path, "# Ops\n\n## 2. Playbook: Disk is full\n\n1. Look\n")
    assert (made.id, made.title) == ("disk-is-full", "Disk is full")


def test_front_matter_is_no_text(tmp_path: Path) -> None:
    runbook = loaded(tmp_path, "---\ntitle: x\nversion: 3.2\n---\n\n# Disk\n\n1. Look\n")
    assert (runbook.title, runbook.version, runbook.checklists[0].steps[0].place.line) == ("Disk", "3.2", 8)


def test_the_same_title_twice_gives_two_ids(tmp_path: Path) -> None:
    runbook = loaded(tmp_path, "# A\n\n## B\n\n1. Look\n2. Look\n\n## B\n\n1. Look\n")
    assert [step.id for each in runbook.playbooks for step in each.steps] == ["b/look", "b/look-2", "b-2/look"]


# --- annotations ------------------------------------------------------------------------------------------------------

ANNOTATED = """# Disk

<!-- wf: id disk-full -->
<!-- wf: panes 3, 5 -->

## Symptoms

- Pods fail <!-- wf: signal pods.not_ready_ratio > 20% for 1 minute -->
- It is slow
  <!-- wf: promql histogram_quantile(0.95, sum by (le) (rate(http_bucket[5m]))) > 0.8 for 2 minutes -->

## Investigation

1. Look at the pods
   <!-- wf: live pods namespace=* not-ready -->
   <!-- wf: sensed pods not-ready count=0 -->
2. Ask around

<!-- wf:
  role: Scribe
  expect: somebody knows
-->

```bash
# 1. Check the nodes
# wf: live nodes pressure
kubectl get nodes
```

## Resolution

1. Clean
   ```bash
   kubectl delete pod <pod> -n production
   ```
   <!-- wf: action R3 -->
   <!-- wf: undo none -->
"""


def steps_of(folder: Path, text: str) -> list[Step]:
    return list(first_list(folder, text).steps)


def test_a_comment_binds_what_stands_above_it(tmp_path: Path) -> None:
    made = first_list(tmp_path, ANNOTATED)
    assert (made.id, made.pins) == ("disk-full", (3, 5))
    first, second = made.symptoms
    assert (first.text, first.live, first.hold_ms) == ("Pods fail", "pods.not_ready_ratio > 20%", MINUTE)
    assert (second.text, second.hold_ms) == ("It is slow", 2 * MINUTE)
    assert second.measure is not None
    assert second.measure.bound == 0.8
    look, ask, nodes, clean = made.steps
    assert (look.title, look.live, look.sensed) == (
        "Look at the pods",
        "pods namespace=* not-ready",
        "pods not-ready count=0",
    )
    assert (ask.role, ask.expect) == ("scribe", "somebody knows")
    assert (nodes.title, nodes.live, nodes.commands[0].text) == (
        "Check the nodes",
        "nodes pressure",
        "kubectl get nodes",
    )
    assert (clean.kind, clean.danger, clean.do) == ("action", "R3", "Undo: none")


def test_lines_keep_their_numbers_behind_comments(tmp_path: Path) -> None:
    rows = ANNOTATED.split("\n")
    for step in steps_of(tmp_path, ANNOTATED):
        assert step.title in rows[step.place.line - 1]


@pytest.mark.parametrize(
    ("comment", "what"),
    [
        ("<!-- wf: lve pods -->", "unknown keyword 'lve' in an annotation (did you mean 'live'?)"),
        ("<!-- wf: live podz -->", "'podz' is no probe: expected a table or a signal"),
        ("<!-- wf: sensed pods.not_ready -->", "pods.not_ready is not compared with anything"),
        ("<!-- wf: action R9 -->", "'R9' is no class of danger"),
        ("<!-- wf: only at SEV9 -->", "'SEV9' is no severity"),
        ("<!-- wf: action R1 -->\n   <!-- wf: sensed pods not-ready count=0 -->", "'sensed' on an action"),
    ],
)
def test_a_slip_in_an_annotation_is_told_with_its_line(tmp_path: Path, comment: str, what: str) -> None:
    with pytest.raises(RunbookError) as caught:
        loaded(tmp_path, f"# Disk\n\n1. Look\n   {comment}\n")
    (problem,) = caught.value.problems
    assert problem.what.startswith(what)
    assert problem.line in (4, 5)


def test_a_heading_may_say_what_it_is(tmp_path: Path) -> None:
    text = "# A\n\n## B\n<!-- wf: skip -->\n\n1. Not a step\n\n## C\n<!-- wf: confirm -->\n\n1. Done\n\n## D\n\n1. Do\n"
    assert [(each.title, each.kind) for each in loaded(tmp_path, text).checklists[:1]] == [("D", "playbook")]
    assert ("C", "confirm") in [(each.title, each.kind) for each in loaded(tmp_path, text).checklists]


def test_other_comments_are_nothing_to_us(tmp_path: Path) -> None:
    runbook = loaded(tmp_path, "# A\n\n<!-- a note\nfor editors -->\n\n1. Look <!-- TODO -->\n")
    assert runbook.checklists[0].steps[0].title == "Look"


# --- hostile ----------------------------------------------------------------------------------------------------------


def test_hostile_text_is_inert_everywhere(tmp_path: Path) -> None:
    evil = "a\x1b[31m[/]\u202eb\x07"
    text = (
        f"# {evil}\n\n## SEV 1 - {evil}\n\n- Impact: {evil}\n- Response: {evil}\n\n## Roles\n\n- **{evil}**: {evil}\n\n"
        f"## Contacts\n\n- **{evil}**: {evil}\n\n## Communication Templates\n\n**{evil}:**\n```\n{evil}\n```\n\n"
        f"## {evil}\n\n{evil}\n\n1. {evil}\n   <!-- wf: role {evil} -->\n   ```{evil}\n   {evil}\n   ```\n"
    )
    runbook = loaded(tmp_path, text)
    lists = [words for each in runbook.checklists for words in (each.id, each.title, each.summary)]
    steps = [
        words
        for each in runbook.checklists
        for step in each.steps
        for words in (
            step.id,
            step.title,
            step.do,
            step.role,
            *(line for c in step.commands for line in c.text.split("\n")),
        )
    ]
    people = [words for name, does in runbook.roles for words in (name, does)]
    people += [words for each in runbook.contacts for words in (each.name, each.how)]
    texts = [line for each in runbook.templates for line in (each.title, *each.text.split("\n"))]
    policy = [words for rule in runbook.policy.rules for words in (rule.title, *rule.criteria, rule.respond.text)]
    for words in (runbook.title, *lists, *steps, *people, *texts, *policy, *(each.text for each in runbook.remarks)):
        assert is_safe(words), words


def test_a_block_of_a_thousand_steps_is_bounded_and_told(tmp_path: Path) -> None:
    runbook = loaded(tmp_path, "# A\n\n" + "".join(f"{n}. Look at {n}\n" for n in range(1, 1000)))
    assert len(runbook.checklists[0].steps) == 60
    assert any("at most 60 steps" in text for _, text in remarks(runbook))
    assert len(runbook.remarks) <= 201


def test_the_bundled_runbook_is_in_our_own_format() -> None:
    assert load_runbook(BUNDLED).remarks == ()


def test_an_annotation_makes_a_step_a_memory_item(tmp_path: Path) -> None:
    text = "# Outage\n\n## Steps\n\n1. Freeze deploys\n   <!-- wf: memory deploys frozen -->\n2. Look\n"
    assert [step.memory for step in first_list(tmp_path, text).steps] == ["deploys frozen", ""]
