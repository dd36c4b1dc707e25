"""The part of a form that keeps what is written in it until it is entered or dropped, whatever ends the console."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, cast

from textual.await_complete import AwaitComplete

from wfconsole.redaction import is_secret_key
from wfconsole.session.drafts import Draft, DraftBook
from wfconsole.tui.forms.choice import Choice
from wfconsole.tui.forms.fields import Field, Words
from wfconsole.tui.ink import Line, Span
from wfconsole.tui.left_over import left_over_words, not_kept_words
from wfconsole.tui.wrapping import wrapped

if TYPE_CHECKING:
    from wfconsole.tui.forms.form import Form


class KeptWords:
    """`DRAFT` names the words in the console's drafts; a form without one keeps nothing. `OF_ONE_THING`: its `goto` is
    what the words are about, and for each such thing they are kept apart."""

    DRAFT: ClassVar[str] = ""
    OF_ONE_THING: ClassVar[bool] = False

    _keeps = False
    _offered: Mapping[str, str] = {}  # what the form itself fills in
    _stands: Mapping[str, str] = {}  # what is written now, as far as that was heard
    _told: tuple[tuple[str, bool], ...] | None = None  # what stands above the fields, and whether it is bad

    def draft_name(self) -> str:
        return f"{self.DRAFT} {self._form.goto}".rstrip() if self.OF_ONE_THING else self.DRAFT

    def written(self) -> dict[str, str]:
        """All that `fill` needs to show the form as it stands."""
        fields = {field.id or "": field.value for field in self._form.query(Field) if _is_plain(field)}
        return fields | {choice.id or "": choice.value for choice in self._form.query(Choice)}

    def fill(self, written: Mapping[str, str]) -> None:
        """Show what was written. What has no place any more is left out."""
        for choice in self._form.query(Choice):
            choice.choose(written.get(choice.id or "", choice.value))
        for field in filter(_is_plain, self._form.query(Field)):
            text = written.get(field.id or "", field.value)
            if text != field.value:
                field.go_on_from(text)

    def offer_left_over(self) -> None:
        """What an earlier console left; from here on every change is kept."""
        if not self.draft_name():
            return
        self._offered = self.written()
        draft = self._drafts.get(self.draft_name())
        if draft is not None:
            self.fill(draft.fields)
        self._stands = self.written()  # not always all that was left: an option may be gone by now
        self._keeps = True
        self._tell(draft)

    def dismiss(self, result: None = None) -> AwaitComplete:
        """It was entered, or dropped by whoever wrote it."""
        if self._keeps:
            self._keeps = False
            self._drafts.drop(self.draft_name())
        gone: AwaitComplete = super().dismiss(result)  # type: ignore[misc]  # the screen's own
        return gone

    def on_input_changed(self) -> None:
        self._words_changed()

    def on_choice_moved(self) -> None:
        self._words_changed()

    def _words_changed(self) -> None:
        if not self._keeps or (written := self.written()) == self._stands:
            return
        self._stands = written
        if written == self._offered:
            self._drafts.drop(self.draft_name())
        else:
            self._drafts.keep(self.draft_name(), written)
        self._tell(self._drafts.get(self.draft_name()))

    def _tell(self, draft: Draft | None) -> None:
        """Where the words come from, and whether they are safe: above the fields."""
        told: tuple[tuple[str, bool], ...] = ()
        if draft is not None and draft.left_over:
            told += ((f"{left_over_words(draft, self._form.frame)}; Esc drops it", False),)
        if self._drafts.trouble:
            told += ((not_kept_words(self._drafts), True),)
        if told != self._told:
            self._told = told
            kept = self._form.query_one("#kept", Words)
            kept.display = bool(told)
            kept.set(lambda width: _rows(told, width))

    @property
    def _form(self) -> Form:
        return cast("Form", self)

    @property
    def _drafts(self) -> DraftBook:
        return self._form.war_room.session.drafts


def _is_plain(field: Field) -> bool:
    """Whether it holds no secret."""
    return not (field.password or is_secret_key(field.id or ""))


def _rows(told: tuple[tuple[str, bool], ...], width: int) -> list[Line]:
    return [(Span(row, "warn" if bad else "strong"),) for text, bad in told for row in wrapped(text, width)]
