"""What the errors of AWS and of its client mean to an operator."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from wfconsole.observations.snapshot import FailureKind
from wfconsole.sources.contract import SourceError
from wfconsole.sources.http_headers import retry_after_ms
from wfconsole.text import safe

_SHOWN: Final = 240
_AGAIN: Final = "It is tried again by itself."
_LOG_IN: Final = "Log in again (aws sso login), or give new credentials in the environment or the shared files."
_KEYS: Final = "Check the credentials; a region that the account did not enable answers like this too."
_CLOCK: Final = "Set this machine's clock right: AWS takes five minutes of difference at most."
_SKEWED: Final = ("Signature not yet current", "Signature expired")  # of a signature that is right otherwise
_NO_CREDENTIALS: Final = "Give credentials in the environment, in the shared files, or as a role of this machine."


class _Meaning(NamedTuple):
    kind: FailureKind
    remedy: str


_NOT_AWS: Final = _Meaning("bad-answer", "Is this address AWS, or something on the way to it?")
# By the code of the answer. {action} and {region} are put in.
_CODES: Final[dict[str, _Meaning]] = {
    **dict.fromkeys(("ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired"), _Meaning("denied", _LOG_IN)),
    **dict.fromkeys(
        (
            "InvalidClientTokenId",
            "UnrecognizedClientException",
            "AuthFailure",
            "MissingAuthenticationToken",
            "MissingAuthenticationTokenException",
            "IncompleteSignature",
            "SignatureDoesNotMatch",
            "InvalidSignatureException",
            "OptInRequired",
        ),
        _Meaning("denied", _KEYS),
    ),
    **dict.fromkeys(("RequestExpired", "RequestTimeTooSkewed"), _Meaning("denied", _CLOCK)),
    **dict.fromkeys(
        ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "UnauthorizedAccess"),
        _Meaning("denied", "Allow {action} in the policy of this identity: see reading-policy.json."),
    ),
    "InvalidAccessException": _Meaning(
        "not-served", "Enable Security Hub in {region}, or take the region out of aws.regions."
    ),
    **dict.fromkeys(
        (
            "Throttling",
            "ThrottlingException",
            "ThrottledException",
            "RequestThrottled",
            "RequestLimitExceeded",
            "TooManyRequestsException",
            "LimitExceededException",
            "SlowDown",
        ),
        _Meaning("rate-limited", "It is asked less often by itself; a longer interval helps."),
    ),
}
# By the class of the client's exception.
_CLASSES: Final[dict[str, _Meaning]] = {
    "NoCredentialsError": _Meaning("denied", _NO_CREDENTIALS),
    "PartialCredentialsError": _Meaning("denied", _NO_CREDENTIALS),
    "CredentialRetrievalError": _Meaning("denied", _LOG_IN),
    "MetadataRetrievalError": _Meaning("denied", _NO_CREDENTIALS),
    "TokenRetrievalError": _Meaning("denied", _LOG_IN),
    "SSOTokenLoadError": _Meaning("denied", _LOG_IN),
    "UnauthorizedSSOTokenError": _Meaning("denied", _LOG_IN),
    "LoginRefreshRequired": _Meaning("denied", _LOG_IN),
    "ProfileNotFound": _Meaning("configuration", "Check aws.profile, and the shared files."),
    "ConfigParseError": _Meaning("configuration", "Mend the shared file of AWS (~/.aws/config)."),
    "ConfigNotFound": _Meaning("configuration", "Check AWS_CONFIG_FILE."),
    "InvalidRegionError": _Meaning("configuration", "Check aws.regions."),
    "SSLError": _Meaning(
        "configuration",
        "Check aws.ca_file (or AWS_CA_BUNDLE), the name in the certificate, and whether TLS is spoken there at all.",
    ),
    "ProxyConnectionError": _Meaning("refused", "Check HTTPS_PROXY and the proxy."),
    "ConnectTimeoutError": _Meaning("timeout", "Check the way to AWS: route, proxy, VPC endpoint. " + _AGAIN),
    "ReadTimeoutError": _Meaning("timeout", "The service or the way to it hangs. " + _AGAIN),
    "EndpointConnectionError": _Meaning("refused", "Check aws.regions, aws.endpoint_url, and the way to AWS."),
    "ConnectionClosedError": _Meaning("bad-answer", "The connection ended in the middle of the answer. " + _AGAIN),
    "ResponseStreamingError": _Meaning("bad-answer", "The connection ended in the middle of the answer. " + _AGAIN),
    "ProtocolError": _Meaning("bad-answer", "The connection ended in the middle of the answer. " + _AGAIN),
    "IncompleteRead": _Meaning("bad-answer", "The connection ended in the middle of the answer. " + _AGAIN),
    "ResponseParserError": _NOT_AWS,
    "InvalidHeader": _NOT_AWS,
    "BadAnswerError": _NOT_AWS,
    # Of the client's parser, or of ours, over an answer of another shape.
    **dict.fromkeys(("TypeError", "ValueError", "KeyError", "AttributeError", "RecursionError"), _NOT_AWS),
}


def explain(error: Exception, region: str, action: str) -> SourceError:
    """`error` in words; `action` is what the policy must allow for the call that failed."""
    said = safe(" ".join(str(error).split()), _SHOWN) or type(error).__name__
    response = getattr(error, "response", None)
    if isinstance(response, dict) and "Error" in response:
        return _of_answer(response, said, region, action)
    for kind in type(error).__mro__:
        meaning = _CLASSES.get(kind.__name__)
        if meaning is not None:
            return SourceError(meaning.kind, f"{region}: {said}", remedy=meaning.remedy)
    return SourceError("refused", f"{region}: {said}", remedy=_AGAIN)


def _of_answer(response: dict[str, Any], said: str, region: str, action: str) -> SourceError:
    told = response["Error"]
    code = str(told.get("Code", ""))
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    message = f"{region}: {safe(code, 60)}: {safe(' '.join(str(told.get('Message', '')).split()), _SHOWN)}"
    meaning = _CODES.get(code) or _of_status(status)
    if any(words in said for words in _SKEWED):
        meaning = _Meaning("denied", _CLOCK)
    remedy = meaning.remedy.format(action=action, region=region)
    right = f"{action} in {region}" if meaning is _CODES["AccessDenied"] else ""
    after = retry_after_ms(response.get("ResponseMetadata", {}).get("HTTPHeaders", {}))
    return SourceError(meaning.kind, message, remedy=remedy, retry_after_ms=after, code=status, right=right)


def _of_status(status: int) -> _Meaning:
    if status == 429:
        return _CODES["Throttling"]
    if status >= 500:
        return _Meaning("server-error", "The service is in trouble: see the AWS health page. " + _AGAIN)
    if status in (401, 403):
        return _CODES["AccessDenied"]
    return _NOT_AWS
