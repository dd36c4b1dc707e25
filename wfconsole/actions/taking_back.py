"""Taking back what was run: by its inverse, planned from what is there now, as a person would."""

from __future__ import annotations

import time
from typing import Final

import msgspec

from wfconsole.actions.catalogue import action_named
from wfconsole.actions.contract import BadRequestError, NothingToDo, Say, Stale, Unknown
from wfconsole.actions.systems import Systems
from wfconsole.decoding import decoder_of
from wfconsole.incident.plan import Outcome, Plan, Request
from wfconsole.sources.contract import SourceError

# Each try looks at what is there first, so that none does anything twice.
_PAUSES_S: Final = (0.0, 1.0, 3.0, 6.0, 10.0)


def as_kept(plan: Plan) -> Plan:
    """The plan as it comes back from the record."""
    return decoder_of(Plan).decode(msgspec.json.encode(plan))


def take_back(inverse: Request, systems: Systems, say: Say) -> Outcome:
    """Run the inverse. What only a person may override is overridden: nobody is there to ask."""
    outcome = Outcome("failed", "it was not tried")
    for pause in _PAUSES_S:
        time.sleep(pause)
        outcome = _once(inverse, systems, say)
        if outcome.result in ("done", "partial") or outcome.text.startswith("refused: "):
            return outcome
        say(f"not taken back yet: {outcome.text}")
    return outcome


def _once(inverse: Request, systems: Systems, say: Say) -> Outcome:
    action = action_named(inverse.action)
    try:
        plan = as_kept(action.plan(inverse, systems, systems.now()))
        if plan.colour == "REFUSE" and not plan.overridable:
            return Outcome("failed", f"refused: {'; '.join(plan.refusals)}")
        return action.run(plan, systems, say)
    except NothingToDo as nothing:
        return Outcome("done", f"nothing was left to take back: {nothing}")
    except BadRequestError as error:
        return Outcome("failed", f"refused: {error}")
    except Stale as error:
        return Outcome("stale", str(error))
    except Unknown as error:
        return Outcome("unknown", str(error))
    except SourceError as error:
        return Outcome("failed", f"{error.message}. {error.remedy}".strip())
    except Exception as error:  # noqa: BLE001  whatever it is, the next try begins with what is there
        return Outcome("unknown", f"a fault of the console itself: {type(error).__name__}")
