from __future__ import annotations

from pathlib import Path

import pytest

from tests.runbook.documents import loaded, told
from wfconsole.incident.policy import SEVERITIES, Contact, Link, Template

TEXT = """\
# Contacts

On call, in this order:

- **Team lead**: +49 30 1234
- **Director**: pager 7: ask twice
  - Only at: SEV1

# Links

## Dashboards

- [Grafana](https://grafana.example/d/1)
- Errors: [Kibana](http://kibana.example)

# Templates

Words in braces are filled in.

## Declaration

- Target: slack

```text
DECLARED {severity}
  {title}
```

## Status page, resolved

- Target: status page
- Id: resolved

```
RESOLVED
```
"""


def test_contacts_are_read_with_the_severities_they_are_for(tmp_path: Path) -> None:
    assert loaded(tmp_path, TEXT).contacts == (
        Contact("Team lead", "+49 30 1234", SEVERITIES),
        Contact("Director", "pager 7: ask twice", ("SEV1",)),
    )


def test_links_have_a_name_and_an_address(tmp_path: Path) -> None:
    assert loaded(tmp_path, TEXT).links == (
        Link("Grafana", "https://grafana.example/d/1", "Dashboards"),
        Link("Kibana", "http://kibana.example", "Dashboards"),
    )


def test_templates_keep_their_text_and_where_it_goes(tmp_path: Path) -> None:
    assert loaded(tmp_path, TEXT).templates == (
        Template("declaration", "Declaration", "slack", "DECLARED {severity}\n  {title}"),
        Template("resolved", "Status page, resolved", "status page", "RESOLVED"),
    )


def test_a_template_may_be_for_restricted_incidents_only(tmp_path: Path) -> None:
    text = "# Templates\n\n## Quiet\n\n- Target: slack\n- Only for: {}\n\n```text\nx\n```\n"
    (found,) = loaded(tmp_path, text.format("restricted")).templates
    assert found.only_for == "restricted"


def test_roles_are_in_lower_case_with_what_they_do(tmp_path: Path) -> None:
    assert loaded(tmp_path, "").roles == (("commander", "leads"), ("technical lead", "finds the cause"))


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("# Roles\n\n- Pilot\n", 3, "this bullet has no name and colon"),
        ("# Roles\n\n- A: x\n- a: y\n", 4, "the role 'a' stands here twice"),
        ("# Contacts\n\n- Team lead\n", 3, "this bullet has no name and colon"),
        ("# Contacts\n\n- Lead: 1\n  - At: SEV1\n", 4, "unknown keyword 'At'"),
        ("# Links\n\n- Grafana\n", 3, "this bullet has no link"),
        ("# Links\n\n- [A](https://a.example) [B](https://b.example)\n", 3, "this bullet has no link"),
        ("# Links\n\n- [A](file:///etc/passwd)\n", 3, "this bullet has no link"),
        ("# Links\n\n- [A](ftp://a.example)\n", 3, "'ftp://a.example' cannot be opened from here"),
        ("# Links\n\n- <https://a.example>\n", 3, "https://a.example has no name"),
        ("# Templates\n\n## A\n\n```\nx\n```\n", 3, "the template 'A' has no target"),
        (
            "# Templates\n\n## A\n\n- Targt: x\n- Target: x\n\n```\nx\n```\n",
            5,
            "unknown keyword 'Targt' (did you mean 'target'?)",
        ),
        (
            "# Templates\n\n## A\n\n- Target: x\n- Only for: us\n\n```\nx\n```\n",
            3,
            "'Only for: us' is nothing that is known",
        ),
        ("# Templates\n\n## A\n\n- Target: x\n\n```\nx\n```\n\n```\ny\n```\n", 11, "a second block below 'A'"),
        (
            "# Templates\n\n## A\n\n- Target: x\n\n```\nx\n```\n\n## B\n\n- Target: x\n- Id: a\n\n```\ny\n```\n",
            11,
            "the template id 'a' is taken",
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_line(tmp_path: Path, text: str, line: int, what: str) -> None:
    assert [(at, said[: len(what)]) for at, said, _ in told(tmp_path, text)] == [(line, what)]
