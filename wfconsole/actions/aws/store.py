"""Secrets Manager in one region, for one who acts. A value that it gives out is a `Secret` from its first line on.

Every version is asked for by its id: what a stage means may change between two calls.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from wfconsole.actions.contract import Unknown
from wfconsole.clock import SECOND, Millis
from wfconsole.config.systems import AwsSettings
from wfconsole.incident.plan import Permission
from wfconsole.secret import Secret
from wfconsole.sources.aws import failures
from wfconsole.sources.aws.region import RegionPoll
from wfconsole.sources.contract import SourceError
from wfconsole.text import safe

CURRENT: Final = "AWSCURRENT"
PENDING: Final = "AWSPENDING"
PREVIOUS: Final = "AWSPREVIOUS"

RIGHTS: Final = (
    "secretsmanager:DescribeSecret",
    "secretsmanager:GetSecretValue",
    "secretsmanager:PutSecretValue",
    "secretsmanager:UpdateSecretVersionStage",
)
GRANT: Final = "allow it in the policy of this identity: see acting-policy.json"

_CALL_MS: Final[Millis] = 10 * SECOND
_NEVER_LEFT: Final = frozenset(
    {"ConnectTimeoutError", "EndpointConnectionError", "ProxyConnectionError", "SSLError", "NoCredentialsError"}
    | {"PartialCredentialsError", "ProfileNotFound", "ParamValidationError"}
)


class Description(msgspec.Struct, frozen=True):
    """A secret without its value. `stages` by version id; `rotated_by`: what rotates it without us, "" where nothing
    does; `owner`: the service that it belongs to; `primary`: the region where it is changed, where that is another."""

    arn: str
    name: str
    stages: Mapping[str, tuple[str, ...]]
    deleted: bool = False
    rotates: bool = False
    rotated_by: str = ""
    owner: str = ""
    primary: str = ""

    def version(self, stage: str) -> str:
        """The version that has this stage, "" where none has, or several have."""
        found = [version for version, stages in self.stages.items() if stage in stages]
        return found[0] if len(found) == 1 else ""

    @property
    def told(self) -> str:
        """`AWSCURRENT 1a2b3c4d, AWSPREVIOUS 5e6f7a8b`: which version has which stage."""
        each = sorted((stage, short(version)) for version, stages in self.stages.items() for stage in stages)
        return ", ".join(f"{safe(stage, 60)} {version}" for stage, version in each) or "no version has a stage"


class SecretStore(RegionPoll):
    """One call after the other, each within its deadline and sent once. Reads raise SourceError; writes raise Unknown
    too, where nobody knows whether they came about."""

    service = "secretsmanager"

    def __init__(self, settings: AwsSettings, region: str) -> None:
        acting = msgspec.structs.replace(settings, profile=settings.acting_profile or settings.profile)
        super().__init__("secrets", acting, region, _CALL_MS)
        self.action = ""
        self._ask: Callable[[Any], Mapping[str, Any]]
        self._answer: Mapping[str, Any] = {}
        self._refused_as = ""  # the code of the last error
        self._never_left = False

    @property
    def where(self) -> str:
        return safe(f"AWS {self.region}" + (f" at {self.settings.endpoint_url}" if self.settings.endpoint_url else ""))

    def read(self) -> None:
        with self.client() as client:
            self._answer = self._ask(client)

    def explain(self, error: Exception) -> SourceError:
        response = getattr(error, "response", None)
        self._refused_as = str(response.get("Error", {}).get("Code", "")) if isinstance(response, dict) else ""
        self._never_left = any(kind.__name__ in _NEVER_LEFT for kind in type(error).__mro__)
        told = failures.explain(error, self.region, self.action)
        told.remedy = told.remedy.replace("reading-policy.json", "acting-policy.json")
        return told

    # --- reading

    def describe(self, name: str) -> Description:
        """What is known of it without its value. Raises SourceError, with code 400 where there is none."""
        told = self._call("DescribeSecret", lambda client: client.describe_secret(SecretId=name))
        stages = told.get("VersionIdsToStages") or {}
        primary = str(told.get("PrimaryRegion") or "")
        return Description(
            arn=str(told["ARN"]),
            name=str(told["Name"]),
            stages={str(version): tuple(map(str, names)) for version, names in stages.items()},
            deleted=told.get("DeletedDate") is not None,
            rotates=bool(told.get("RotationEnabled")),
            rotated_by=safe(str(told.get("RotationLambdaARN") or ""), 200),
            owner=safe(str(told.get("OwningService") or ""), 100),
            primary=primary if primary != self.region else "",
        )

    def value(self, arn: str, version: str) -> Secret:
        """What one version holds. Raises SourceError where that is no text."""
        told = self._call("GetSecretValue", lambda client: client.get_secret_value(SecretId=arn, VersionId=version))
        text = told.get("SecretString")
        self._answer = {}
        if not isinstance(text, str):
            raise SourceError("not-served", f"version {short(version)} holds bytes, and no text")
        return Secret(text)

    def who(self) -> str:
        """The ARN of the identity that acts, "" where it cannot be had: `aws sts get-caller-identity`."""
        try:
            return safe(str(self._of("sts", "GetCallerIdentity", lambda sts: sts.get_caller_identity()).get("Arn", "")))
        except SourceError:
            return ""

    def permissions(self, arn: str) -> tuple[Permission, ...]:
        """Each right that it takes, as the simulator of IAM says; None where that may not be asked."""
        who = self.who()
        try:
            told = self._of(
                "iam",
                "SimulatePrincipalPolicy",
                lambda iam: iam.simulate_principal_policy(
                    PolicySourceArn=_principal(who), ActionNames=list(RIGHTS), ResourceArns=[arn]
                ),
            )
            decided = {each["EvalActionName"]: each["EvalDecision"] for each in told["EvaluationResults"]}
        except (SourceError, KeyError, TypeError):
            decided = {}
        # What was used a moment ago is known without a simulator.
        known = {"secretsmanager:DescribeSecret": "allowed", "secretsmanager:GetSecretValue": "allowed"}
        return tuple(_permission(right, {**decided, **known}.get(right, ""), who) for right in RIGHTS)

    # --- changing

    def put_pending(self, arn: str, version: str, value: Secret) -> None:
        """Keep `value` as a new version of this id, as AWSPENDING. The same again changes nothing."""
        self._write(
            "PutSecretValue",
            lambda client: client.put_secret_value(
                SecretId=arn, ClientRequestToken=version, SecretString=value.reveal(), VersionStages=[PENDING]
            ),
            f"put version {short(version)} as {PENDING}",
        )

    def promote(self, arn: str, to: str, away: str) -> None:
        """AWSCURRENT goes from one version to the other; the one before becomes AWSPREVIOUS by itself."""
        self._write(
            "UpdateSecretVersionStage",
            lambda client: client.update_secret_version_stage(
                SecretId=arn, VersionStage=CURRENT, MoveToVersionId=to, RemoveFromVersionId=away
            ),
            f"move {CURRENT} from {short(away)} to {short(to)}",
        )

    def take_stage(self, arn: str, stage: str, version: str) -> None:
        """A version loses a stage; one without any is as good as deleted."""
        self._write(
            "UpdateSecretVersionStage",
            lambda client: client.update_secret_version_stage(
                SecretId=arn, VersionStage=stage, RemoveFromVersionId=version
            ),
            f"take {stage} from {short(version)}",
        )

    # --- one call

    def _write(self, action: str, ask: Callable[[Any], Mapping[str, Any]], what: str) -> None:
        try:
            self._call(action, ask)
        except SourceError as error:
            # Services repeat in their messages what they do not like: that could be the value.
            said = safe(self._refused_as, 60) or error.kind
            if 400 <= error.code < 500 or self._never_left:
                raise SourceError(
                    error.kind, f"{what}: {self.region}: {said}", remedy=error.remedy, code=error.code
                ) from None
            raise Unknown(f"{what}: no answer that can be relied on ({said})") from None

    def _call(self, action: str, ask: Callable[[Any], Mapping[str, Any]]) -> Mapping[str, Any]:
        self.action, self._ask, self._answer = f"{self.service}:{action}", ask, {}
        self._refused_as, self._never_left = "", False
        self.step(lambda: None)
        return self._answer

    def _of(self, service: str, action: str, ask: Callable[[Any], Mapping[str, Any]]) -> Mapping[str, Any]:
        """A call of another service."""
        mine, self.service = self.service, service
        try:
            return self._call(action, ask)
        finally:
            self.service = mine


def short(version: str) -> str:
    """A version as people tell it."""
    return safe(version[:8], 8) or "none"


def version_of(incident: str, receipt: str) -> str:
    """The version that an action makes: the same in every attempt, another one for any other action."""
    # As a UUID: from 32 characters on the service takes it, and it is what it would choose itself.
    text = hashlib.sha256(f"wfconsole {incident} {receipt}".encode()).hexdigest()
    return f"{text[:8]}-{text[8:12]}-5{text[13:16]}-8{text[17:20]}-{text[20:32]}"


def _principal(arn: str) -> str:
    """The role behind a session of it, which is what IAM has policies of."""
    if ":assumed-role/" not in arn:
        return arn
    account, _, rest = arn.partition(":assumed-role/")
    return f"{account.replace(':sts:', ':iam:')}:role/{rest.partition('/')[0]}"


def _permission(right: str, decided: str, who: str) -> Permission:
    if not decided:
        return Permission(f"{right}: not known, IAM's simulator does not answer us", None)
    allowed = decided == "allowed"
    return Permission(right, allowed, "" if allowed else f"{GRANT} ({who})")
