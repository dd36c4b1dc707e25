"""A team's own Markdown as a runbook: headings become playbooks and steps, fenced blocks commands."""
