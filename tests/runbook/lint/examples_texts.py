"""A bad and a good text for each rule about the process, messages, the document, and our own format."""

from __future__ import annotations

from tests.runbook.documents import HEAD
from tests.runbook.lint.examples_commands import K, shell

SEV = """# Runbook of a team

## SEV 1 - Critical
- **Impact**: all is down
- **Response Time**: 15 minutes
- **Resolution Target**: {first}

## SEV 2 - High
- **Impact**: much is down
- **Response Time**: 30 minutes
- **Resolution Target**: {second}

{more}
"""
REST = "## SEV 3\n- Response: 1 hour\n- Resolution: 1 day\n\n## SEV 4\n- Response: 1 day\n- Resolution: 5 days\n"


def severities(first: str = "4 hours", second: str = "8 hours", more: str = REST) -> str:
    return SEV.format(first=first, second=second, more=more)


def playbook(symptoms: str = "## Symptoms\n\n- 503\n\n", more: str = "") -> str:
    parts = symptoms.replace("## ", "### ")
    return (
        f"# Runbook of a team\n\n## Outage\n\n{parts}### Investigation\n\n```bash\n{K} get pods\n```\n\n"
        f"### Resolution\n\n1. Restart\n   ```bash\n   {K} rollout restart deployment/web\n   ```\n{more}"
    )


def message(text: str, label: str = "Status update (Slack)") -> str:
    return f"# Runbook of a team\n\n## Communication Templates\n\n**{label}:**\n```\n{text}\n```\n"


def contact(text: str) -> str:
    return f"# Runbook of a team\n\n## Contacts\n\n- {text}\n"


def about(*lines: str) -> str:
    return "# Runbook of a team\n\n" + "".join(f"**{line}**  \n" for line in lines)


def ours(text: str) -> str:
    return f"{HEAD}{text}"


STEPS = (
    "# Playbook: Outage\n\nFor an outage.\n\n## Symptoms\n\n- Pods fail\n  - Signal: `pods not-ready`\n\n## Look\n\n"
)
CHECK = "1. Look at the pods\n   - Expect: all ready\n"
ACTION = "{title}\n   - Action: R2\n{more}"
WHOLE = "   - When: it hangs\n   - Undo: none\n   - Trap: it stalls\n"

PROCESS = {
    "severity-used-before-it-is-known": (
        "# A\n\n## 1. Detection\n\n1. Page somebody if SEV 1 or SEV 2\n\n## 2. Classification\n\nChoose.\n",
        "# A\n\n## 1. Classification\n\nChoose.\n\n## 2. Response\n\n1. Page somebody if SEV 1\n",
    ),
    "no-update-cadence": (severities(), severities(more=f"{REST}\nUpdates go out every 30 minutes.\n")),
    "severity-missing": (severities(more=""), severities()),
    "severity-without-clock": (severities(more="## SEV 3\n\n- Impact: little\n"), severities()),
    "clocks-out-of-order": (
        severities("8 hours", "4 hours", f"{REST}\n## Steps\n\n1. Look\n"),
        severities(more=f"{REST}\n## Steps\n\n1. Look\n"),
    ),
    "business-days-without-calendar": (
        "# A\n\nWithin 5 business days.\n",
        "# A\n\nWithin 5 business days, time zone UTC.\n",
    ),
    "severity-without-team": (
        "# A\n\n**SEV 1 Response Team:**\n- Commander\n",
        "# A\n\n**SEV 1 Response Team:**\n- Commander\n\n**SEV 2 Response Team:**\n- Commander\n",
    ),
    "no-deputy": (
        "# A\n\n## Roles\n\n- **Incident Commander**: leads\n",
        "# A\n\n## Roles\n\n- **Incident Commander**: leads; has a deputy\n",
    ),
    "role-not-described": (
        "# A\n\n**SEV 1 Response Team:**\n- Juggler\n\n## Steps\n\n1. Look\n",
        severities(more=REST).replace(
            "# Runbook of a team",
            "# A\n\n## Roles\n\n- Commander: leads\n- Technical lead: a\n"
            "- Communications: b\n- Scribe: c\n- Platform engineer: d\n",
        )
        + "\n## Steps\n\n1. Look\n",
    ),
    "escalation-without-times": ("# A\n\nManager → VP → CTO\n", "# A\n\nManager → VP (15 min) → CTO (30 min)\n"),
    "deadline-without-owner": (
        "# A\n\n**Post-Mortem Meeting (within 48 hours):**\n",
        "# A\n\nPost-mortem within 48 hours; the commander sees to it.\n",
    ),
    "playbook-no-symptoms": (playbook(""), playbook()),
    "playbook-no-investigation": (
        "# A\n\n## Outage\n\n### Symptoms\n\n- 503\n\n### Resolution\n\n1. Restart\n",
        playbook(),
    ),
    "steps-without-expectation": (playbook(), playbook(more="\nAll pods should be ready.\n")),
    "actions-without-undo": (playbook(), playbook(more="\nUndo: none; a restart stays.\n")),
}

COMMUNICATION = {
    "channel-name": (
        "# A\n\n1. Open a Slack channel: `#incident-<timestamp>`\n",
        "# A\n\n1. Open a Slack channel: `#incident-<number>`\n",
    ),
    "message-markdown-in-slack": (message("**Status:** a"), message("*Status:* a")),
    "message-mention-is-plain": (message("Commander: @username"), message("Commander: <@U0123> a@b.example")),
    "status-without-public-text": (
        message("[Investigating/Identified]") + "\n**Status page:**\n```\nINVESTIGATING\n```\n",
        message("[Investigating/Resolved]") + "\n**Status page:**\n```\nINVESTIGATING, then RESOLVED\n```\n",
    ),
    "no-monitoring-status": (
        message("[Investigating/Identified/Resolved]"),
        message("[Investigating/Identified/Monitoring/Resolved]"),
    ),
    "message-no-next-update": (message("Status: a"), message("Status: a\nNext update: 10:30 UTC")),
    "message-time-without-zone": (message("Started: <timestamp>"), message("Started: <timestamp> UTC")),
    "message-symbols": (message("🚨 Down"), message("Down")),
    "message-impact-missing": (
        message("We are down", "Incident declaration"),
        message("We are down\nImpact: all", "Incident declaration"),
    ),
    "phone-not-dialable": (contact("Lead: +1-555-PLATFORM"), contact("Lead: +1-555-0100")),
    "contact-without-address": (
        contact("On call: the platform team"),
        contact("On call: the platform team, PagerDuty"),
    ),
    "contact-number-missing": (contact("Lead: +1-555-LEAD (not a number yet)"), contact("Lead: +1-555-0100")),
    "contact-by-mail-only": (contact("Expert: a@b.example"), contact("Expert: a@b.example, +1-555-0100")),
    "placeholders-to-fill": (shell(f"{K} get pod <pod>"), shell("kubectl get pods -A")),
}

DOCUMENT = {
    "review-overdue": (about("Next Review Date: 2025-04-07"), about("Next Review Date: 2027-04-07")),
    "review-unknown": (about("Version: 1"), about("Next review: 2027-04-07")),
    "updated-long-ago": (about("Last Updated: 2025-01-07"), about("Last Updated: 2026-10-07")),
    "date-in-the-future": (about("Last Updated: 2027-01-07"), about("Last Updated: 2026-10-07")),
    "date-unclear": (about("Last Updated: 01/07/2026"), about("Last Updated: 2026-10-07")),
    "review-before-update": (
        about("Last Updated: 2026-10-07", "Next Review: 2026-10-01"),
        about("Last Updated: 2026-10-07", "Next Review: 2027-01-01"),
    ),
    "version-missing": (about("Owner: us"), about("Version: 1")),
    "owner-missing": (about("Version: 1"), about("Owner: us")),
    "link-not-encrypted": (
        "# A\n\nhttp://grafana.acme.test\n",
        "# A\n\nhttps://grafana.acme.test http://localhost:1\n",
    ),
    "link-is-an-example": ("# A\n\nhttps://grafana.example.com/d/1\n", "# A\n\nhttps://grafana.acme.test\n"),
    "link-leads-nowhere": ("# A\n\n[b](#not-there)\n", "# A\n\n[b](#a)\n"),
    "heading-twice": ("# A\n\n## B\n\na\n\n## B\n\nb\n", "# A\n\n## B\n\n### C\n\na\n\n## D\n\n### C\n\nb\n"),
    "section-empty": ("# A\n\na\n\n## B\n\n## C\n\nc\n", "# A\n\n## B\n\nb\n"),
    "gap-left": ("# A\n\nTODO: ask\n", "# A\n\nAsk.\n"),
    "merge-marker": ("# A\n\n<<<<<<< HEAD\na\n", "# A\n\n<a>\n"),
    "hidden-characters": ("# A\n\nb\u202ec\n", "# A\n\nbc\n"),
    "block-not-closed": ("# A\n\n```bash\nls\n", "# A\n\n```bash\nls\n```\n"),
    "numbers-jump": ("# A\n\n1. a\n2. b\n4. c\n", "# A\n\n1. a\n2. b\n3. c\n\n## B\n\n1. a\n"),
}

FORMAT = {
    "probe-not-understood": (
        ours(f"{STEPS}1. Look\n   - Live: `pods no-such-flag`\n"),
        ours(f"{STEPS}1. Look\n   - Live: `pods not-ready`\n"),
    ),
    "runbook-not-loadable": (ours("# Playbook: Outage\n\n1. Look\n   - Look at: a\n"), ours(f"{STEPS}{CHECK}")),
    "part-not-understood": (playbook(), ours(f"{STEPS}{CHECK}")),
    "list-too-long": (ours(STEPS + "".join(f"{n}. Look at {n}\n" for n in range(1, 14))), ours(f"{STEPS}{CHECK}")),
    "list-no-summary": (ours("# Checklist: A\n\n1. Look\n"), ours(f"{STEPS}{CHECK}")),
    "title-too-long": (ours(f"{STEPS}1. Look {'far ' * 20}away\n"), ours(f"{STEPS}{CHECK}")),
    "title-no-verb": (ours(f"{STEPS}1. Pods\n"), ours(f"{STEPS}{CHECK}")),
    "memory-too-much": (
        ours(STEPS + "".join(f"{n}. Look at {n}\n   - Memory: seen {n}\n" for n in range(1, 7))),
        ours(STEPS + "".join(f"{n}. Look at {n}\n   - Memory: {n:030}\n" for n in range(1, 6))),
    ),
    "check-no-expectation": (ours(f"{STEPS}1. Look\n"), ours(f"{STEPS}{CHECK}")),
    "change-outside-action": (
        ours(f"{STEPS}1. Look\n   ```bash\n   {K} delete pod a\n   ```\n"),
        ours(f"{STEPS}1. Replace\n   - Action: R2\n   - By hand:\n     ```bash\n     {K} delete pod a\n     ```\n"),
    ),
    "action-no-condition": (
        ours(STEPS + ACTION.format(title="1. Restart", more="")),
        ours(STEPS + ACTION.format(title="1. Restart", more=WHOLE)),
    ),
    "action-no-undo": (
        ours(STEPS + ACTION.format(title="1. Restart", more="")),
        ours(STEPS + ACTION.format(title="1. Restart", more=WHOLE)),
    ),
    "action-no-trap": (
        ours(STEPS + ACTION.format(title="1. Restart", more="")),
        ours(STEPS + ACTION.format(title="1. Restart", more=WHOLE)),
    ),
    "symptom-without-signal": (
        ours("# Playbook: A\n\nb\n\n## Symptoms\n\n- It is slow\n\n## Look\n\n1. Look\n"),
        ours(f"{STEPS}{CHECK}"),
    ),
    "playbook-without-symptoms": (ours("# Playbook: A\n\n1. Look\n"), ours(f"{STEPS}{CHECK}")),
}

EXAMPLES = PROCESS | COMMUNICATION | DOCUMENT | FORMAT
