"""The change of a secret, step by step, in the only order in which nobody is locked out longer than he must be:

pending in the store -> in the database -> tried -> current in the store -> synced -> each consumer restarted

What fails before the store gives the new one out is taken back by itself; what fails after it is told, with what
takes it back. Every step is the same however often it is done.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from wfconsole.actions.aws import syncing
from wfconsole.actions.aws.material import Material, MaterialError, generated
from wfconsole.actions.aws.steps import Steps
from wfconsole.actions.aws.store import CURRENT, PENDING, Description, short
from wfconsole.actions.contract import Say, Stale, Unknown
from wfconsole.actions.kubernetes.cluster import Call, Unchanged
from wfconsole.actions.postgres.role import Answer, OwnPassword, logs_in
from wfconsole.actions.systems import Systems
from wfconsole.clock import Millis
from wfconsole.decoding import convert
from wfconsole.incident.plan import Outcome, Plan, Request
from wfconsole.secret import Secret
from wfconsole.sources.contract import SourceError
from wfconsole.text import safe


class _Stop(Exception):  # noqa: N818  how it ended
    def __init__(self, outcome: Outcome) -> None:
        super().__init__()
        self.outcome = outcome


class Rotation:
    """One run of a plan. `changed_at`: when the database took the new password, by its own clock; 0 before."""

    def __init__(self, plan: Plan, systems: Systems, say: Say) -> None:
        self._steps = convert(plan.calls, Steps)
        self._systems = systems
        self._store = systems.secrets(self._steps.region)
        self._say = say
        self._back = convert(plan.calls["back"], Request)
        self._done: list[str] = []
        self.changed_at: Millis = 0
        self._half = False  # the database could not be given the old one again
        self._old: Secret  # logs in before
        self._new: Secret

    def through(self) -> Outcome:
        """All steps. Raises Stale, Unknown and SourceError as `contract.Action.run`."""
        steps = self._steps
        self._old, self._new = self._pending()
        try:
            with self._logged_in() as own:
                self._change(own)
                self._promote(own)
        except _Stop as stop:
            return stop.outcome
        except Exception as error:  # noqa: BLE001  whatever it is: where it stands must be said, and nothing of its text
            said = f"a fault of the console itself ({type(error).__name__}) in the middle of it"
            return Outcome("unknown", said, tuple(self._done), inverse=self._back)
        lines = [*self._finish(), *syncing.sync(self._systems, steps.synced, self._say)]
        behind = {line.about for line in lines if line.failed and line.about}
        lines += self._restart(behind)
        told = tuple(self._done + [line.text for line in lines])
        if any(line.failed for line in lines):
            said = "the new one is in the database and in the store, but not everybody has it"
            return Outcome("partial", said, told, inverse=self._back)
        count = len(steps.consumers)
        return Outcome("done", f"{CURRENT} is {short(steps.to)} now, and {count} consumers are restarting", told)

    # --- pending

    def _pending(self) -> tuple[Secret, Secret]:
        """The password that logs in, and the new one, which the store keeps. Raises as `through`."""
        steps, store = self._steps, self._store
        described = store.describe(steps.arn)
        self._still_so(described)
        old = self._password(steps.login)
        if not steps.makes or steps.to in described.stages:
            return old, self._password(steps.to)
        new = generated()
        whole = self._material(steps.current).with_text(steps.field, new)
        self._say(f"keep version {short(steps.to)} as {PENDING}")
        try:
            store.put_pending(steps.arn, steps.to, whole)
        except Unknown as error:
            if steps.to not in self._described().stages:
                raise Unknown(f"{error}; neither the database nor {CURRENT} was touched") from None
        self._done.append(f"version {short(steps.to)} is kept as {PENDING}, with all fields of {short(steps.current)}")
        return old, new

    def _still_so(self, described: Description) -> None:
        steps = self._steps
        if described.version(CURRENT) != steps.current:
            raise Stale(f"{CURRENT} was moved since the plan was made: {described.told}")
        pending = described.version(PENDING)
        if pending != steps.pending and not (steps.makes and pending == steps.to):
            raise Stale(f"{PENDING} was moved since the plan was made: {described.told}")

    # --- the database

    @contextlib.contextmanager
    def _logged_in(self) -> Iterator[OwnPassword]:
        """The role itself, until the store gives the new one out: whoever is in needs no password to take it back."""
        own = OwnPassword(self._systems.settings.database, self._steps.role, self._old)
        try:
            own.connection.__enter__()
        except SourceError as error:
            raise self._abandoned(error.message) from None
        try:
            yield own
        finally:
            own.connection.__exit__(None, None, None)

    def _change(self, own: OwnPassword) -> None:
        role = safe(self._steps.role, 63)
        self._say(f"change it in the database, as {role}")
        try:
            self.changed_at = own.set(self._new)
        except SourceError as error:
            raise self._abandoned(error.message) from None
        except Unknown as error:
            if not self._lets_in(self._new):
                raise self._taken_back(own, str(error)) from None
        self._done.append(f"{role} has the new one in the database")
        self._say("log in with it")
        if not self._lets_in(self._new):
            raise self._taken_back(own, f"the database does not let {role} in with the new one")
        self._done.append(f"{role} logs in with it")

    def _promote(self, own: OwnPassword) -> None:
        steps = self._steps
        if steps.to == steps.current:
            return
        self._say(f"make {short(steps.to)} {CURRENT}")
        try:
            self._store.promote(steps.arn, steps.to, steps.current)
        except SourceError as error:
            raise self._taken_back(own, error.message) from None
        except Unknown as error:
            self._after_unknown(own, str(error))
        self._done.append(f"{short(steps.to)} is {CURRENT}, {short(steps.current)} is AWSPREVIOUS")

    def _after_unknown(self, own: OwnPassword, said: str) -> None:
        try:
            now = self._described().version(CURRENT)
        except SourceError as error:
            told = f"{said}, and it cannot be asked: {error.message}. The database has the new one"
            raise _Stop(Outcome("partial", told, tuple(self._done), inverse=self._back)) from None
        if now != self._steps.to:
            raise self._taken_back(own, said)

    # --- taking back

    def _abandoned(self, why: str) -> _Stop:
        """The database is as it was: what is pending in the store goes."""
        left = self._unpend()
        if left:
            told = f"{why}; the database and {CURRENT} are as they were, and {left}"
            return _Stop(Outcome("partial", told, tuple(self._done)))
        return _Stop(Outcome("failed", f"{why}; nothing is changed", tuple(self._done)))

    def _taken_back(self, own: OwnPassword, why: str) -> _Stop:
        """The database gets the old password again, which is tried before anything is said of it."""
        role = safe(self._steps.role, 63)
        self._say(f"{why}: take it back in the database")
        try:
            own.set(self._old)
        except (SourceError, Unknown):
            self._set_back_anew()
        answer = self._answer(self._old)
        if answer == "no" or (answer == "unknown" and self._half):
            told = f"{why}; {role} does not log in with the old one either: new logins fail"
            return _Stop(Outcome("partial", told, tuple(self._done), inverse=self._back))
        self.changed_at = 0
        logs = "logs in with it" if answer == "yes" else "could not be tried just now"
        self._done.append(f"taken back: {role} has the old one in the database, and {logs}")
        return self._abandoned(why)

    def _set_back_anew(self) -> None:
        """Our connection is gone: somebody ended it, or the server. Whoever has the new one gets in again."""
        anew = OwnPassword(self._systems.settings.database, self._steps.role, self._new)
        try:
            with anew.connection:
                anew.set(self._old)
        except (SourceError, Unknown) as error:
            self._half = True
            self._done.append(f"it could not be taken back: {error}")

    def _unpend(self) -> str:
        """What we have put into the store has no stage any more; why not, otherwise."""
        steps = self._steps
        if not steps.makes:
            return ""
        try:
            self._store.take_stage(steps.arn, PENDING, steps.to)
        except (SourceError, Unknown) as error:
            return f"{short(steps.to)} may still be {PENDING}: {error}"
        self._done.append(f"{short(steps.to)} is not {PENDING} any more")
        return ""

    # --- after it is current

    def _finish(self) -> Iterator[syncing.Line]:
        """A version that was left pending and has no use any more loses its stage."""
        steps = self._steps
        if not steps.leaves:
            return
        try:
            self._store.take_stage(steps.arn, PENDING, steps.leaves)
            yield syncing.Line(f"{short(steps.leaves)} is not {PENDING} any more")
        except (SourceError, Unknown) as error:
            yield syncing.Line(f"{short(steps.leaves)} may still be {PENDING}: {error}", failed=True)

    def _restart(self, behind: set[str]) -> Iterator[syncing.Line]:
        """One that fails does not hold up the others: each that is not restarted fails at its next login."""
        for each in self._steps.consumers:
            late = sorted(behind & set(each.waits_for))
            if late:
                yield syncing.Line(f"{each.what} was not restarted: {', '.join(late)} is not synced", failed=True)
                continue
            self._say(f"restart {each.what}")
            try:
                call, unchanged = convert(each.call, Call), convert(each.unchanged, Unchanged)
                self._systems.cluster.send_unchanged(call, unchanged)
                yield syncing.Line(f"{each.what} restarts")
            except (SourceError, Stale, Unknown) as error:
                yield syncing.Line(f"{each.what} was not restarted: {error}", failed=True)

    # --- small

    def _described(self) -> Description:
        return self._store.describe(self._steps.arn)

    def _material(self, version: str) -> Material:
        try:
            return Material(self._store.value(self._steps.arn, version))
        except MaterialError as error:
            raise SourceError("bad-answer", f"version {short(version)}: {error}") from None

    def _password(self, version: str) -> Secret:
        found = self._material(version).text(self._steps.field)
        if found is None:
            raise Stale(f"version {short(version)} has no such field any more")
        return found

    def _lets_in(self, password: Secret) -> bool:
        """Whether it logs in, and the server has asked for it; where it asks nobody, as the plan has said."""
        answer = self._answer(password)
        return answer == "yes" or (answer == "unchecked" and self._steps.unchecked)

    def _answer(self, password: Secret) -> Answer:
        return logs_in(self._systems.settings.database, self._steps.role, password)[0]
