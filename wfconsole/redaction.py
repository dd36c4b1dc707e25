"""Takes secrets out of values that are about to be written down: a list of key names, and patterns in texts.

Runs on JSON-like values before they reach the journal, a recording, a log or the clipboard. It rather takes too much
than too little, but not what identifies things: ids, hashes, names of Secrets. Doing it twice changes nothing.
Token forms: AWS IAM identifiers, RFC 7519 (JWT), RFC 7468 (PEM), and the prefixes that GitHub, GitLab, Slack, Google,
HashiCorp Vault, npm and Docker document for their tokens.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import msgspec

from wfconsole.text import safe

REDACTED: Final = "(redacted)"
_ERROR_SHOWN: Final = 200

_WORDS: Final = (
    r"(?<!by)(?<!com)(?<!tres)pass(?:word|wd|phrase|code)?|pwd|secret|token|api[_-]?key|access[_-]?key"
    r"|private[_-]?key|secret[_-]?key|signing[_-]?key|encryption[_-]?key|master[_-]?key|auth[_-]?key|routing[_-]?key"
    r"|integration[_-]?key|credentials?|connection[_-]?string"
)
# The end of a name decides: `db_password` and `clientSecret` hold a secret; `secretName` and `token_count` do not.
_SECRET_KEY: Final = re.compile(
    rf"(?:{_WORDS}|authorization|cookie)(?:[_-]?(?:value|base64|b64|hash))?$", re.IGNORECASE
)

# No pattern and no name matches without one of these, in lower case: one cheap look spares nearly all texts.
_HINTS: Final = (
    *("pass", "pwd", "secret", "token", "key", "bearer", "credential", "authorization", "cookie", "connection"),
    *("identified", "://", "-----begin", "eyj", "akia", "asia", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"),
    *("glpat-", "xox", "aiza", "hvs.", "hvb.", "npm_", "dckr_pat_", "hooks.slack", "sk-"),
)
_HINT_BYTES: Final = tuple(hint.encode("ascii") for hint in _HINTS)

# A look at all of that for each hint is most of what a recording costs. So what is in no hint is sifted out first, and
# some of the commonest letters, from text and hints alike: what holds a hint still holds what is left of it.
_LOWER: Final = bytes(range(256)).lower()
_SIFTED_IN: Final = set(b"".join(_HINT_BYTES)) - set(b"ednl:")
_SIFTED_OUT: Final = bytes(byte for byte in range(256) if _LOWER[byte] not in _SIFTED_IN)


def _sifted(text: bytes) -> bytes:
    return text.translate(_LOWER, _SIFTED_OUT)


_SIFTED_HINTS: Final = tuple(set(map(_sifted, _HINT_BYTES)))

_VALUE: Final = (
    r'("(?:\\.|[^"\\])*(?:"|$)'  # "quoted", closed or cut off
    r"|'(?:\\.|[^'\\])*(?:'|$)"
    r'|\\+"(?:(?!\\+").)*(?:\\+"|$)'  # \"quoted\" inside JSON inside a text
    r"|(?:\\[ \t]|[^\s⏎&\"'])+)"
)
_OPENS: Final = re.compile(r"\\*[\"']")
_CLOSES: Final = re.compile(r"\\*[\"']$")


# The name of a secret of AWS is none: `arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/database-a1b2c3`.
_ARN: Final = re.compile(r"\barn:[\w-]{1,20}:secretsmanager:[\w-]{0,30}:\d{0,12}:\Z")
_ARN_SHOWN: Final = 80
_NO_SECRET: Final = re.compile(r"[\w/+.@-]+")


def _without_value(match: re.Match[str]) -> str:
    """The name and the quotes stay, so that JSON inside a text is still JSON."""
    name, value = match[1], match[2]
    before = match.string[max(0, match.start() - _ARN_SHOWN) : match.start()]
    if name == "secret:" and _ARN.search(before) and _NO_SECRET.fullmatch(value.rstrip("):,;.")):
        return match[0]
    opens = _OPENS.match(value)
    closes = _CLOSES.search(value, opens.end()) if opens else None
    return f"{name}{opens[0] if opens else ''}{REDACTED}{closes[0] if closes else ''}"


_PATTERNS: Final[tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...]] = (
    (
        re.compile(r"(-----BEGIN [A-Z0-9 ]*PRIVATE KEY[A-Z0-9 ]*-----).*?(-----END [A-Z0-9 ]*-----|\Z)", re.DOTALL),
        rf"\1{REDACTED}\2",
    ),
    # user:password@ in any URL; the last @ before the path ends it, since passwords may hold one
    (re.compile(r"(?<=://)([^\s/@:]*):[^\s/]*@"), rf"\1:{REDACTED}@"),
    (re.compile(r"(hooks\.slack\.com/services/)\S+"), rf"\1{REDACTED}"),
    (re.compile(r"(?i)\b((?:set-)?cookie\\?[\"']?\s*:\s*)[^\r\n⏎]+"), rf"\1{REDACTED}"),
    (
        re.compile(r"(?i)\b(authorization\\?[\"']?\s*[:=]\s*\\?[\"']?(?:digest|aws4-hmac-sha256)\s+)[^\r\n⏎]+"),
        rf"\1{REDACTED}",
    ),
    (
        re.compile(
            r"(?i)\b(authorization\\?[\"']?\s*[:=]\s*\\?[\"']?(?:(?:basic|bearer|negotiate|token)\s+)?)"
            r"(?!(?:digest|aws4-hmac-sha256)\b)[^\s⏎\"'\\]+"
        ),
        rf"\1{REDACTED}",
    ),
    (re.compile(r"(?i)\b(bearer\s+)(?=\S*[0-9._~+/=-]|\S{20})[\w.~+/=-]{6,}"), rf"\1{REDACTED}"),
    (re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"), REDACTED),
    (re.compile(r"\beyJ[\w-]{5,}\.[\w-]{5,}(?:\.[\w-]*)*"), REDACTED),
    (
        re.compile(
            r"\b(?:gh[pousr]_\w{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|xox[abeoprs]-[\w-]{10,}|AIza[\w-]{30,}"
            r"|hv[sb]\.[\w-]{20,}|npm_\w{30,}|dckr_pat_[\w-]{20,}|sk-[\w-]{20,})"
        ),
        REDACTED,
    ),
    (re.compile(rf"(?i)((?:{_WORDS})(?:\\*[\"'])?\s*(?:=|:(?!//))\s*){_VALUE}"), _without_value),
    (re.compile(rf"(?i)((?:^|(?<=[\s\"']))--?(?:\w+-)*(?:{_WORDS})[ \t]+)(?!-){_VALUE}"), _without_value),
    (re.compile(r"(?i)\b(password\s+|identified\s+by\s+)'(?:''|[^'])*(?:'|$)"), rf"\1'{REDACTED}'"),
)
_FLAG: Final = re.compile(rf"--?(?:\w+-)*(?:{_WORDS})", re.IGNORECASE)
_PEM_OPENS: Final = re.compile(r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY")
_PEM_CLOSES: Final = re.compile(r"-----END [A-Z0-9 ]*-----")


def redact(value: Any) -> Any:
    """A copy of a JSON-like value without its secrets: mappings, lists, tuples and texts; all else is kept as it is."""
    if isinstance(value, str):
        return redact_text(value)
    if isinstance(value, Mapping):
        return _redact_mapping(value)
    if isinstance(value, (list, tuple)):
        return list(_redact_items(value))
    return value


def redact_text(text: str) -> str:
    """A text without the secrets that its form gives away."""
    lower = text.lower()
    if not any(hint in lower for hint in _HINTS):
        return text
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    return text


def words_of(error: Exception) -> str:
    """An error that nobody expected, for a screen: its kind and its own words, which may quote what it was given."""
    return redact_text(f"{type(error).__name__}: {safe(str(error), _ERROR_SHOWN)}")


def redact_json(body: bytes) -> bytes:
    """One JSON value, encoded; the very same bytes where there is nothing to hide. Raises msgspec.DecodeError."""
    sifted = _sifted(body)
    if not any(hint in sifted for hint in _SIFTED_HINTS):
        return body
    lower = body.lower()
    if not any(hint in lower for hint in _HINT_BYTES):
        return body
    value = msgspec.json.decode(body)
    redacted = redact(value)
    return body if redacted == value else msgspec.json.encode(redacted)


class LineRedactor:
    """The lines of one text, one after the other: a key that goes over many of them is taken out whole."""

    def __init__(self) -> None:
        self._inside = False

    def line(self, text: str) -> str:
        """The next line without its secrets."""
        closes = _PEM_CLOSES.search(text)
        if self._inside:
            shown = REDACTED if closes is None else f"{REDACTED}{closes[0]}"
        else:
            shown = redact_text(text)
        self._inside = (self._inside or bool(_PEM_OPENS.search(text))) and not closes
        return shown


def is_secret_key(name: str) -> bool:
    """Whether what is kept under this name is a secret."""
    return bool(_SECRET_KEY.search(name))


def _redact_mapping(fields: Mapping[Any, Any]) -> dict[Any, Any]:
    kind = fields.get("kind")
    named = fields.get("name")
    redacted = {}
    for key, value in fields.items():
        hidden = is_secret_key(str(key))
        hidden |= kind == "Secret" and key in ("data", "stringData")  # a Kubernetes Secret: any key may be one
        hidden |= key == "value" and isinstance(named, str) and is_secret_key(named)  # {"name": "TOKEN", "value": …}
        redacted[key] = _blanked(value) if hidden else redact(value)
    return redacted


def _redact_items(items: list[Any] | tuple[Any, ...]) -> Iterator[Any]:
    after_flag = False  # ["--password", "x"]
    inside_pem = False  # a key whose lines are items
    for item in items:
        if not isinstance(item, str):
            after_flag = False
            yield redact(item)
            continue
        closes = _PEM_CLOSES.search(item)
        if inside_pem:  # the end of the key stays, so that a second time ends there too
            yield REDACTED if closes is None else closes[0] if closes[0] == item else f"{REDACTED}{closes[0]}"
        elif after_flag and not item.startswith("-"):
            yield REDACTED
        else:
            yield redact_text(item)
        inside_pem = (inside_pem or bool(_PEM_OPENS.search(item))) and not closes
        after_flag = bool(_FLAG.fullmatch(item))


def _blanked(value: Any) -> Any:
    """The same shape with nothing in it; whether something is set at all may be known."""
    if isinstance(value, Mapping):
        return {key: _blanked(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_blanked(inner) for inner in value]
    if value is None or isinstance(value, bool) or value == "":
        return value
    return REDACTED
