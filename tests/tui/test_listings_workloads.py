"""What the list of workloads says of the revisions of the one under the cursor."""

from __future__ import annotations

import pytest

from tests import builders
from tests.tui.harness import Desk
from wfconsole.tui.frame import frame_of
from wfconsole.tui.glyphs import UNICODE
from wfconsole.tui.listings.workloads import WorkloadsListing


@pytest.mark.parametrize(("kind", "told"), [("Deployment", "2/3  gateway:1.4.0"), ("StatefulSet", "  gateway:1.4.0")])
def test_only_revisions_that_count_their_pods_are_told_with_them(kind: str, told: str) -> None:
    counted = {"replicas": 3, "ready": 2} if kind == "Deployment" else {}
    row = builders.a_workload(kind=kind, revisions=(builders.a_revision(cause="ticket 7", **counted),))
    desk = Desk()
    desk.tell("workloads", [row])
    lines = WorkloadsListing().detail(frame_of(desk, UNICODE, observer=False), builders.row_key(row))
    (said,) = (text for text in ("".join(span.text for span in line) for line in lines) if "rev 4" in text)
    assert f"{told}  ticket 7" in said
    assert ("/" in said) is (kind == "Deployment")
