r"""The one gate that outside text passes, and the plain-text formats that everybody shares.

Pod names, log lines, SQL, user names and alert texts are written by strangers. `safe` turns whatever arrives into one
line that a terminal can only print: control characters, invisible characters and characters that reorder text become
visible (`␛`, `\u{202e}`), nothing is interpreted as markup, and the length is bounded. It shows rather than deletes,
because an operator must see that a label is hostile.

`cells` measures what `safe` lets through exactly as Textual will (a test compares every code point), so that a column
is straight without this module knowing Textual or Rich. The character classes follow Unicode's default-ignorable list
and width comparisons between wcwidth, Rich and tmux 3.3a: where terminals disagree about an emoji, it is written out.
"""

import functools
import math
import re
import unicodedata
from datetime import UTC, datetime
from typing import Final

ELLIPSIS: Final = "…"
UNKNOWN: Final = "--"  # not a number, and never zero: what nobody knows
LIMIT: Final = 8192  # characters of one line, after making it visible
MARKS_IN_A_ROW: Final = 4  # combining marks on one character; real writing needs no more
# All others take one cell for certain: letters with accents, punctuation, arrows, frames and bars.
_PERHAPS_NOT_ONE_CELL: Final = re.compile("[^ -\u02ff\u2010-\u2027\u2190-\u21ff\u2500-\u25fc\u2800-\u28ff]")
_MEMO: Final = 4096  # characters remembered, so that a flood of odd ones cannot grow the memory

# Printable by Python's rule, but blank, invisible, or of a width on which terminals disagree: first and last of each.
_DISTRUSTED: Final = (
    *("\u034f", "\u1160\u11ff", "\ud7b0\ud7fb", "\u115f", "\u17b4\u17b5", "\u180b\u180f", "\u2800", "\u3164", "\uffa0"),
    *("\ufe00\ufe0f", "\U000e0000\U000e0fff", "\u2630\u2637", "\u268a\u268f", "\u3248\u324f", "\u4dc0\u4dff"),
    *("\u302e\u302f", "\U00016ff0\U00016ff1", "\U0001d300\U0001d376", "\U0001f1e6\U0001f1ff", "\U0001f3fb\U0001f3ff"),
    *("\U0001f6dc\U0001f6df", "\U0001fa70\U0001faff"),
)
_LINE_END: Final = "⏎"
_NAMED: Final = {"\n": _LINE_END, "\t": "⇥", "\x7f": "␡"}


class _Forms(dict[str, str]):
    """What one character becomes: itself, a visible form, or "" for a combining mark (judged by its neighbours)."""

    def __missing__(self, char: str) -> str:
        form = _form(char)
        if len(self) < _MEMO:
            self[char] = form
        return form


def _form(char: str) -> str:
    if char < " ":
        return _NAMED.get(char) or chr(0x2400 + ord(char))
    if char in _NAMED:
        return _NAMED[char]
    if not char.isprintable():
        return "␣" if unicodedata.category(char) == "Zs" else _code(char)
    if any(pair[0] <= char <= pair[-1] for pair in _DISTRUSTED):
        return _code(char)
    return "" if unicodedata.category(char)[0] == "M" else char


def _code(char: str) -> str:
    return f"\\u{{{ord(char):x}}}"


_FORMS: Final = _Forms()


# The patterns are compiled when the first text needs them: that takes 2 ms, and the console's first frame needs none.


@functools.cache
def _plain() -> re.Pattern[str]:
    """Assigned, printable, alone on its cell, unchanged by NFC: nearly all text that is not ASCII matches whole."""
    return re.compile(
        "[ -~\u00a1-\u00ac\u00ae-\u02ff\u0391-\u03a1\u03a3-\u03ce\u0400-\u0482\u048a-\u052f\u1e00-\u1e99"
        "\u2010-\u2027\u2030-\u203b\u20a0-\u20bf\u2190-\u21ff\u2200-\u22ff\u2400-\u2426\u2500-\u2613\u2713-\u2718"
        "\u3041-\u3096\u30a1-\u30fa\u4e00-\u9ffc\uac00-\ud7a3]*"
    )


@functools.cache
def _picture_wishes() -> re.Pattern[str]:
    """Skin tones, and the selectors that ask for an emoji picture of a symbol: terminals disagree on the width, the
    symbol alone says the same. A selector anywhere else is hostile and becomes visible."""
    return re.compile(
        "[\U0001f3fb-\U0001f3ff]"
        "|(?<=[\u00a9\u00ae\u203c\u2049\u2122\u2139\u2190-\u2bff\u3030\u303d\u3297\u3299\U0001f000-\U0001faff])"
        "[\ufe0e\ufe0f]+"
        "|(?<=[0-9#*])\ufe0f(?=\u20e3)"
    )


def safe(raw: str | bytes | None, limit: int = LIMIT) -> str:
    """Outside text as one inert line of at most `limit` characters; `None` is the empty line.

    Bytes are read as UTF-8 with replacement. What is cut off is counted: `…(+91808)`. Doing it twice changes nothing.
    """
    if raw is None:
        return ""
    if isinstance(raw, str):
        if len(raw) <= limit and ((raw.isascii() and raw.isprintable()) or _plain().fullmatch(raw)):
            return raw
        head, whole = raw[: 2 * limit], len(raw) <= 2 * limit
    else:
        head, whole = raw[: 8 * limit].decode(errors="replace"), len(raw) <= 8 * limit
    pieces = _visible(head)
    if whole and sum(map(len, pieces)) <= limit:
        return "".join(pieces)
    return _shortened(pieces, limit, len(raw))


def safe_block(
    raw: str | bytes | None, limit: int = LIMIT, lines: int = 2000, *, tail: bool = False
) -> tuple[str, ...]:
    """Outside text of several lines (a log, a query): at most `lines` safe lines of at most `limit` characters each.

    Keeps the first lines, or the last ones with `tail`; an extra line says how many were left out. Tabs become spaces.
    """
    if raw is None:
        return ()
    text = raw if isinstance(raw, str) else raw.decode(errors="replace")
    rows = text.removesuffix("\n").split("\n") if text else []
    left_out = max(0, len(rows) - lines)
    kept = rows[left_out:] if tail else rows[: len(rows) - left_out]
    shown = [safe(row.removesuffix("\r").replace("\t", "    "), limit) for row in kept]
    if left_out:
        shown.insert(0 if tail else len(shown), f"{ELLIPSIS}(+{left_out} lines)")
    return tuple(shown)


def is_safe(text: str) -> bool:
    """Whether `text` is something that `safe` would return: for asserts where text is about to be shown."""
    return bool(_plain().fullmatch(text)) or safe(text, max(1, len(text))) == text


def may_reach_terminal(text: str) -> bool:
    """Whether each character alone is harmless, whatever its neighbours: what the last net before the terminal asks."""
    return all(_FORMS[char] in (char, "") for char in set(text))


def _visible(text: str) -> list[str]:
    """One piece for each character. Runs of marks are capped before NFC too: it sorts them in quadratic time."""
    trimmed = _picture_wishes().sub("", text.replace("\r\n", "\n"))
    return _pieces(unicodedata.normalize("NFC", _capped(trimmed)))


def _capped(text: str) -> str:
    if text.isascii():
        return text
    kept: list[str] = []
    run = 0
    for char in text:
        run = 0 if _FORMS[char] else run + 1
        if run <= MARKS_IN_A_ROW:
            kept.append(char)
        elif run == MARKS_IN_A_ROW + 1:
            kept.append(ELLIPSIS)
    return "".join(kept)


def _pieces(text: str) -> list[str]:
    pieces: list[str] = []
    run = 0
    for char in text:
        form = _FORMS[char]
        if form:
            run = 0
        elif pieces:
            run += 1
            form = char if run <= MARKS_IN_A_ROW else ELLIPSIS if run == MARKS_IN_A_ROW + 1 else ""
        else:  # a mark with nothing to sit on would sit on whatever we draw before it
            form = _code(char)
        pieces.append(form)
    return pieces


def _shortened(pieces: list[str], limit: int, length: int) -> str:
    room = limit - len(f"{ELLIPSIS}(+{length})")
    if room < 1:
        return ELLIPSIS[:limit]
    used = 0
    for count, piece in enumerate(pieces):
        used += len(piece)
        if used > room:
            return "".join(pieces[:count]) + f"{ELLIPSIS}(+{length - count})"
    return "".join(pieces) + f"{ELLIPSIS}(+{length - len(pieces)})"


# --- widths ---------------------------------------------------------------------------------------------------------


def cells(text: str) -> int:
    """Terminal cells that safe `text` takes: combining marks 0, East Asian wide and full-width 2, all else 1."""
    if text.isascii() or not _PERHAPS_NOT_ONE_CELL.search(text):
        return len(text)
    return sum(map(_width, text))


@functools.lru_cache(_MEMO)
def _width(char: str) -> int:
    if char < "\u0300":
        return 1
    if unicodedata.category(char)[0] == "M":
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def cut(text: str, width: int, ellipsis: str = ELLIPSIS) -> str:
    """Safe `text` in at most `width` cells; what does not fit ends in `ellipsis`."""
    if cells(text) <= width:
        return text
    room = width - cells(ellipsis)
    if room < 0:
        return ""
    used = 0
    for index, char in enumerate(text):
        used += _width(char)
        if used > room:
            return text[:index] + ellipsis
    return text


def cut_middle(text: str, width: int, ellipsis: str = ELLIPSIS) -> str:
    """As `cut`, but of what is cut the end stays too: names of one kind often differ there."""
    if cells(text) <= width:
        return text
    end = text
    while cells(end) > width // 2:
        end = end[1:]
    return cut(text, width - cells(end), ellipsis) + end


def fit(text: str, width: int, *, right: bool = False, ellipsis: str = ELLIPSIS) -> str:
    """Safe `text` in exactly `width` cells: cut, or filled with spaces (on the left side with `right`)."""
    shown = cut(text, width, ellipsis)
    fill = " " * (width - cells(shown))
    return fill + shown if right else shown + fill


_ASCII_FORMS: Final = str.maketrans(
    "■▲◆·≈×►◄║●…⏎⇥␣␛←→↑↓–—‘’“”•─━╌╍═│┃╎╏┌┐└┘├┤┬┴┼┏┓┗┛┣┫▁▂▃▄▅▆▇█▌▐▏▎▍▊▉▋▕▔",
    "#!o.~x><|*~/>_^<>^v--''\"\"*-----||||+++++++++++++++_.:-=+*#|||||||||-",
)


def to_ascii(text: str) -> str:
    """Safe `text` in ASCII and in the same number of cells, for terminals that cannot show more."""
    if text.isascii():
        return text
    return "".join(map(_ascii_form, text.translate(_ASCII_FORMS)))


def _ascii_form(char: str) -> str:
    if char.isascii():
        return char
    width = _width(char)
    base = unicodedata.normalize("NFKD", char)[0]
    return base if width == 1 and base.isascii() else "?" * width


# --- times and numbers ----------------------------------------------------------------------------------------------


def age(ms: int | None) -> str:
    """How long ago: `3s` `4m12s` `2h05m` `3d04h`. A clock that jumped back never makes it negative."""
    if ms is None:
        return UNKNOWN
    seconds = max(0, ms) // 1000
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(minutes, 60)
    days, hour = divmod(hours, 24)
    if days:
        return f"{days}d{hour:02}h"
    if hours:
        return f"{hours}h{minute:02}m"
    return f"{minutes}m{second:02}s" if minutes else f"{second}s"


def coarse_age(ms: int | None) -> str:
    """`<1m` `4m` `2h` `3d`: for rows of a table, which must not be drawn anew each second only because time passes."""
    if ms is None:
        return UNKNOWN
    minutes = max(0, ms) // 60_000
    if minutes < 1:
        return "<1m"
    if minutes < 60:
        return f"{minutes}m"
    return f"{minutes // 60}h" if minutes < 48 * 60 else f"{minutes // (24 * 60)}d"


def clock_time(ms: int | None) -> str:
    """The time of day of an instant, in UTC: `14:32:07Z`."""
    if ms is None:
        return UNKNOWN
    seconds = ms // 1000 % 86_400
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}Z"


def calendar_time(ms: int | None) -> str:
    """Day and time of an instant, in UTC: `2026-03-01 14:32:07Z`. Unknown outside the years 1 to 9999."""
    if ms is None:
        return UNKNOWN
    try:
        return f"{datetime.fromtimestamp(ms // 1000, UTC):%Y-%m-%d %H:%M:%SZ}"
    except (OverflowError, ValueError, OSError):
        return UNKNOWN


def elapsed(ms: int | None) -> str:
    """Time since the incident began: `T+00:18:40`, hours without a bound."""
    return UNKNOWN if ms is None else f"T+{_hours_minutes_seconds(max(0, ms))}"


def position(ms: int) -> str:
    """A place in a recording: `00:18:40`."""
    return _hours_minutes_seconds(max(0, ms))


def _hours_minutes_seconds(ms: int) -> str:
    seconds = ms // 1000
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def countdown(ms: int | None) -> str:
    """Time that is left: `06:12`, from an hour on `3h12`, from two days on `2d04h`; past its end `OVERDUE +01:20`."""
    if ms is None:
        return UNKNOWN
    return _span(ms) if ms >= 0 else f"OVERDUE +{_span(-ms)}"


def _span(ms: int) -> str:
    minutes, second = divmod(ms // 1000, 60)
    hours, minute = divmod(minutes, 60)
    if hours >= 48:
        return f"{hours // 24}d{hours % 24:02}h"
    return f"{hours}h{minute:02}" if hours else f"{minutes:02}:{second:02}"


def number(value: int | None) -> str:
    """A count with thousands apart: `10,000`."""
    return UNKNOWN if value is None else f"{value:,}"


def millicores(value: int | None) -> str:
    """CPU in Kubernetes' thousandths of a core: `250m`, from one core on in cores: `1.50`, `12.0`, `128`."""
    if value is None:
        return UNKNOWN
    if abs(value) < 1000:
        return f"{value}m"
    cores = value / 1000
    return f"{cores:.2f}" if cores < 10 else f"{cores:.1f}" if cores < 100 else f"{cores:.0f}"


def memory(value: int | None) -> str:
    """Bytes in Kubernetes' binary units, three digits: `512`, `1.50Ki`, `23.4Gi`."""
    if value is None:
        return UNKNOWN
    size: float = value
    for unit in ("", "Ki", "Mi", "Gi", "Ti"):
        if size < 999.5 or unit == "Ti":
            break
        size /= 1024
    if not unit:
        return f"{value}"
    return f"{size:.2f}{unit}" if size < 9.995 else f"{size:.1f}{unit}" if size < 99.95 else f"{size:.0f}{unit}"


def percent(part: float | None, whole: float = 1.0) -> str:
    """`part` of `whole` as `61%`, below ten with one decimal: `7.8%`. Unknown if the whole is nothing or no number."""
    if part is None or not whole or not math.isfinite(share := 100 * part / whole):
        return UNKNOWN
    return f"{share:.1f}%" if 0 < abs(share) < 9.95 else f"{share:.0f}%"
