"""Text that strangers put where a console will show it: each entry has broken some terminal program before.

`CANARY` is in every entry that a person must still be able to see, so a test can ask whether it was shown at all.
"""

from typing import Final

CANARY: Final = "zq"

_TAG_LETTERS = "".join(chr(0xE0000 + ord(letter)) for letter in "rm -rf")

ESCAPES: Final = {
    "colour": "zq\x1b[31mred\x1b[0m",
    "clear screen": "zq\x1b[2J\x1b[H",
    "cursor away": "zq\x1b[999;999H",
    "cursor report asks for input": "zq\x1b[6n",
    "device attributes ask for input": "zq\x1b[c\x1b[>c",
    "leave the alternate screen": "zq\x1b[?1049l",
    "hide the cursor": "zq\x1b[?25l",
    "mouse off": "zq\x1b[?1000l",
    "bracketed paste off": "zq\x1b[?2004l",
    "scroll region": "zq\x1b[1;2r",
    "insert lines": "zq\x1b[99L",
    "reset terminal": "zq\x1bc",
    "alternate character set": "zq\x1b(0lqqqk\x1b(B",
    "shift out": "zq\x0elqqk\x0f",
    "window title": "zq\x1b]0;owned\x07",
    "window title with string terminator": "zq\x1b]2;owned\x1b\\",
    "clipboard write": "zq\x1b]52;c;b3duZWQ=\x07",
    "clipboard read": "zq\x1b]52;c;?\x07",
    "hyperlink": "zq\x1b]8;;https://example.invalid/\x1b\\click\x1b]8;;\x1b\\",
    "palette": "zq\x1b]4;1;rgb:00/00/00\x07",
    "unfinished OSC": "zq\x1b]0;swallows what follows",
    "device control string": "zq\x1bP+q544e\x1b\\",
    "tmux passthrough": "zq\x1bPtmux;\x1b\x1b]52;c;b3duZWQ=\x07\x1b\\",
    "application program command": "zq\x1b_Ga=T\x1b\\",
    "privacy message": "zq\x1b^hidden\x1b\\",
    "lone escape at the end": "zq\x1b",
    "C1 CSI": "zq\x9b31mred",
    "C1 OSC": "zq\x9d0;owned\x9c",
    "C1 DCS": "zq\x90q\x9c",
    "C1 next line": "zq\x85below",
    "all of C1": "zq" + "".join(map(chr, range(0x80, 0xA0))),
}

CONTROLS: Final = {
    "bell": "zq\x07\x07\x07",
    "backspace over": "good\x08\x08\x08\x08zq",
    "carriage return over": "all is well\rzq",
    "form feed": "zq\x0cpage",
    "vertical tab": "zq\x0bdown",
    "null": "zq\x00end",
    "delete": "zq\x7f\x7f",
    "new lines": "zq\nsecond line\r\nthird",
    "tabs": "zq\tcolumn\t\tcolumn",
    "all of C0": "zq" + "".join(map(chr, range(0x20))),
}

DECEPTION: Final = {
    "right-to-left override": "zq\u202egnp.exe",
    "bidi isolates": "zq\u2066a\u2067b\u2068c\u2069",
    "bidi marks": "zq\u200e\u200f\u061c",
    "zero width": "zq\u200b\u200c\u200d\u2060\ufeff",
    "soft hyphens": "zq\u00ad\u00ad",
    "tag characters": "zq" + _TAG_LETTERS,
    "variation selectors": "zq\ufe0f\ufe00\U000e0100",
    "line and paragraph separators": "zq\u2028two\u2029three",
    "interlinear annotation": "zq\ufff9a\ufffab\ufffb",
    "invisible operators": "zq\u2061\u2062\u2063\u2064",
    "Hangul fillers": "zq\u115f\u1160\u3164\uffa0",
    "Braille blank": "zq\u2800\u2800",
    "odd spaces": "zq\u00a0\u2003\u3000\u202f",
    "zalgo": "zq" + "".join(chr(0x300 + index % 0x6F) for index in range(60)),
    "leading mark": "\u0301zq",
    "lone surrogates": "zq\ud800\udfff",
    "noncharacters": "zq\ufffe\uffff\ufdd0\U0010ffff",
    "private use": "zq\ue0b0\U000f0000",
}

WIDTHS: Final = {
    "emoji presentation": "zq \u2764\ufe0f \u260e\ufe0f \u26a0\ufe0f",
    "keycap": "zq 1\ufe0f\u20e3",
    "skin tone": "zq \U0001f44d\U0001f3fd",
    "family": "zq \U0001f468\u200d\U0001f469\u200d\U0001f467",
    "flag": "zq \U0001f1e9\U0001f1ea",
    "half a flag": "zq \U0001f1e9",
    "new emoji": "zq \U0001fae8 \U0001fadf",
    "wide": "zq 日本語のポッド",
    "hexagrams": "zq \u4dc0\u2630\U0001d306",
    "Devanagari": "zq क्षि",
    "Arabic": "zq مرحبا",
}

MARKUP: Final = {
    "closing tag": "zq[/]",
    "closing tag in words": "zq GET [/healthz] 500",
    "open bracket": "zq [",
    "half a tag": "zq [/red",
    "style": "zq admin[red]istrator",
    "click action": "zq [@click=app.owned]OK[/]",
    "click action without end": "zq [@click=app.owned]OK",
    "link": "zq [link=https://example.invalid]x[/link]",
    "theme variable": "zq [$error]x[/]",
    "trailing backslash": "zq log [b\\",
    "like pattern": "zq LIKE '[a-z'",
    "json": 'zq {"a": ["b", {"c": null}]}',
    "type parameters": "zq [type=x, v={'a[0]'}]",
    "emoji code": "zq :skull: :warning:",
    "template": "zq $name ${HOME} {0} %s",
    "html": "zq <b onclick=alert(1)>x</b>",
}

LENGTHS: Final = {
    "long": "zq" + "x" * 100_000,
    "long and wide": "zq" + "漢" * 20_000,
    "long run of marks": "zq" + "\u0301\u0316" * 20_000,
    "many brackets": "zq" + "[" * 5_000,
    "empty": "",
    "spaces": "zq" + " " * 500,
}

HOSTILE: Final = ESCAPES | CONTROLS | DECEPTION | WIDTHS | MARKUP | LENGTHS

HOSTILE_BYTES: Final = {
    "not UTF-8": b"zq\xff\xfe\xc0\x80",
    "overlong slash": b"zq\xc0\xaf",
    "cut in the middle of a character": "zq日".encode()[:-1],
    "C1 as single bytes": b"zq\x9b31m\x9d0;owned\x9c",
    "encoded surrogate": b"zq\xed\xa0\x80",
}
