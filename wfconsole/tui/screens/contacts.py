"""Whom to reach and where to look: roles and who holds them, contacts of this severity, links in their groups."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

from wfconsole.incident.policy import SEVERITIES, Contact, Link
from wfconsole.text import UNKNOWN, cells, cut
from wfconsole.tui import opening
from wfconsole.tui.frame import Frame
from wfconsole.tui.ink import Ink, Line, Span
from wfconsole.tui.panes.strips import rule
from wfconsole.tui.screens.list_screen import ListScreen
from wfconsole.tui.widgets.scrolled import Block, BlockList
from wfconsole.tui.wrapping import labelled

_NAME = 24  # cells of a name before what belongs to it
_NARROW_NAME = 20


class Directory(BlockList):
    """Everything of the runbook that is no procedure."""

    def head(self, frame: Frame, width: int) -> Sequence[Line]:
        title: Line = (
            Span("CONTACTS AND LINKS", "title"),
            Span(f" of {frame.runbook.title}" * bool(frame.runbook.title)),
        )
        return [rule(title, width, frame)]

    def nothing(self, frame: Frame) -> str:
        del frame
        return "the runbook names no contacts and no links"

    def blocks(self, frame: Frame, width: int) -> Sequence[Block]:
        return [*_roles(frame, width), *_contacts(frame, width), *_links(frame, width)]


class ContactsScreen(ListScreen):
    """`goto` may be words to filter by."""

    PLACE = "contacts"
    ENTERS = True

    def make_list(self) -> BlockList:
        directory = Directory(id="body")
        directory.filter = self.goto
        return directory

    def copied(self) -> str:
        """The address of a link, the way to a contact; nothing of one that is for another severity."""
        frame = self.frame
        kind, _, which = self.body_list.key.partition(":")
        if frame is None:
            return ""
        match kind:
            case "link":
                return frame.runbook.links[int(which)].url
            case "contact":
                contact = frame.runbook.contacts[int(which)]
                return contact.how if may_use(frame, contact) else ""
            case "role":
                return frame.view.incident.roles.get(which, "")
            case _:
                return ""

    def on_block_list_entered(self, event: BlockList.Entered) -> None:
        """Enter on a link opens it, or copies it where nothing can; on anything else it copies."""
        kind, _, which = event.key.partition(":")
        if kind != "link" or self.frame is None:
            self.action_copy_row()
            return
        url = self.frame.runbook.links[int(which)].url
        command, why = opening.opener(os.environ)
        if not opening.is_address(url):
            self.say("this is no address that can be opened")
        elif command:
            self.say("opening ...")
            self.war_room.in_background(lambda: opening.open_address(command, url), self.war_room.say)
        else:
            self.war_room.copy(url)
            self.say(f"{why}; copied instead")


def may_use(frame: Frame, contact: Contact) -> bool:
    """Whether this contact is for the severity that there is. Without an incident only those that are for any."""
    incident = frame.view.incident
    if not incident.declared:
        return len(contact.severities) == len(SEVERITIES)
    return incident.severity in contact.severities


def _roles(frame: Frame, width: int) -> Iterator[Block]:
    incident = frame.view.incident
    what = dict(frame.runbook.roles)
    names = tuple(dict.fromkeys(("commander", *what, *incident.roles)))
    yield Block("", [_heading("ROLES", "who holds them" if incident.declared else "no incident is open")])
    for name in names:
        holder = incident.roles.get(name, "")
        said = what.get(name, "")
        rows = _rows(name, holder or f"{UNKNOWN} nobody", width, known=bool(holder))
        if said:
            rows += labelled("", said, width, indent=_name_cells(width) + 3, ink="dim")
        yield Block(f"role:{name}", rows, words=f"{name} {holder} {said}")


def _contacts(frame: Frame, width: int) -> Iterator[Block]:
    incident = frame.view.incident
    if not frame.runbook.contacts:
        return
    which = f"at {incident.severity}" if incident.declared else "at any severity"
    yield Block("", [(), _heading("CONTACTS", which)])
    for number, contact in enumerate(frame.runbook.contacts):
        may = may_use(frame, contact)
        said = contact.how if may else f"only at {', '.join(contact.severities)}"
        yield Block(f"contact:{number}", _rows(contact.name, said, width, known=may), words=f"{contact.name} {said}")


def _links(frame: Frame, width: int) -> Iterator[Block]:
    group: str | None = None
    for number, link in enumerate(frame.runbook.links):
        if link.group != group:
            group = link.group
            yield Block("", [(), _heading("LINKS", group)])
        rows = _link_rows(link, width)
        yield Block(f"link:{number}", rows, words=f"{link.group} {link.name} {link.url}")


def _link_rows(link: Link, width: int) -> list[Line]:
    """The address on one row, where that is possible at all: a terminal makes only such a one a link."""
    if cells(link.url) <= width - _name_cells(width) - 3:
        return _rows(link.name, link.url, width, known=True)
    named: Line = (Span(f"   {cut(link.name, width - 3)}", "strong"),)
    return [named, *labelled("", link.url, width, indent=max(0, min(5, width - cells(link.url))))]


def _heading(name: str, more: str) -> Line:
    return (Span(f" {name} ", "title"), Span(more, "dim"))


def _rows(name: str, said: str, width: int, *, known: bool) -> list[Line]:
    indent = _name_cells(width) + 3
    head: list[Line] = []
    if cells(name) >= _name_cells(width):
        head, name = [(Span(f"   {cut(name, width - 3)}", "strong"),)], ""
    said_in: Ink = "text" if known else "dim"
    return head + labelled(f"   {name}", said, width, indent=indent, ink=said_in, label_ink="strong")


def _name_cells(width: int) -> int:
    return _NAME if width >= 100 else _NARROW_NAME
