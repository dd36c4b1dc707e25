"""Where messages go: Slack, PagerDuty, a status page, a folder. Tokens stand in files of their own. No secrets."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Struct

from wfconsole.config.about import PATH, about

_BASE = "an address such as https://api.example.com, without a name or a password in it"
_BASE_FORM = r"^https?://[^@/?#\s]+(/[^@?#\s]*)?$"
_CHANNEL_FORM = r"^(#?[a-z0-9_-]{1,80}|[CG][A-Z0-9]{6,20})?$"
ComponentState = Literal["operational", "degraded_performance", "partial_outage", "major_outage", "under_maintenance"]


class SlackHandle(Struct, frozen=True, forbid_unknown_fields=True):
    """Who is meant by a name in a message: only these people are ever mentioned."""

    name: Annotated[str, about("the name as messages have it", "a name", min_length=1, max_length=60)]
    user: Annotated[str, about("the member ID in Slack", "an ID such as U012AB3CD", pattern=r"^[UW][A-Z0-9]{6,20}$")]


class SlackSettings(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The Slack workspace. Its bot needs the scope chat:write; with channels:manage it opens a channel for each
    incident, with channels:read and channels:history it finds out whether a message arrived before it is sent again."""

    token_file: Annotated[
        str, about("a file that holds the bot's token and nothing else; empty: off", PATH, path=True)
    ] = ""
    channel: Annotated[
        str,
        about(
            "where messages go; empty: a channel of each incident's own, such as inc-20260107-0312",
            "the name or the ID of a channel",
            pattern=_CHANNEL_FORM,
        ),
    ] = ""
    restricted_channel: Annotated[
        str,
        about(
            "where they go while an incident is restricted, a private one; empty: nowhere",
            "the ID of a channel",
            pattern=_CHANNEL_FORM,
        ),
    ] = ""
    base_url: Annotated[str, about("where Slack's API is", _BASE, pattern=_BASE_FORM, max_length=500)] = (
        "https://slack.com/api/"
    )
    handles: Annotated[
        tuple[SlackHandle, ...],
        about("who can be mentioned, by name", "tables [[slack.handles]] with name and user", max_length=500),
    ] = ()

    @property
    def configured(self) -> bool:
        return bool(self.token_file)


class PagedPerson(Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody with a service of their own in PagerDuty: an event for the service that has the alert already calls
    nobody anew."""

    name: Annotated[
        str, about("who it is, as the severity policy says it", "a name such as CTO", min_length=1, max_length=100)
    ]
    routing_key_file: Annotated[
        str, about("a file that holds the integration key of their service and nothing else", PATH, path=True)
    ]


class PagerDutySettings(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The PagerDuty service that is alerted, through its integration for the Events API v2."""

    routing_key_file: Annotated[
        str, about("a file that holds the integration key and nothing else; empty: off", PATH, path=True)
    ] = ""
    source: Annotated[
        str, about("what PagerDuty shows as the source of the alert", "a name", min_length=1, max_length=100)
    ] = "wfconsole"
    base_url: Annotated[str, about("where the Events API is", _BASE, pattern=_BASE_FORM, max_length=500)] = (
        "https://events.pagerduty.com"
    )
    ca_file: Annotated[str, about("the authority that signed its certificate", PATH, path=True)] = ""
    people: Annotated[
        tuple[PagedPerson, ...],
        about(
            "who has a service of their own, for escalations",
            "tables [[pagerduty.people]] with name and routing_key_file",
            max_length=50,
        ),
    ] = ()

    @property
    def configured(self) -> bool:
        return bool(self.routing_key_file)

    def person(self, name: str) -> PagedPerson | None:
        """Who is called so, whatever the case."""
        return next((each for each in self.people if each.name.casefold() == name.casefold()), None)


class Component(Struct, frozen=True, forbid_unknown_fields=True):
    """A component of the status page that an incident touches."""

    id: Annotated[str, about("its ID on the status page", "letters and digits", pattern=r"^[A-Za-z0-9_-]{1,64}$")]
    broken: Annotated[
        ComponentState,
        about("its state until somebody fixed it", "major_outage, partial_outage or degraded_performance"),
    ] = "major_outage"
    watched: Annotated[
        ComponentState, about("its state while the fix is watched", "operational or degraded_performance")
    ] = "degraded_performance"


class StatusPageSettings(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The public status page, one that speaks Statuspage's API."""

    page: Annotated[
        str, about("the ID of the page; empty: off", "letters and digits", pattern=r"^[A-Za-z0-9_-]{0,64}$")
    ] = ""
    token_file: Annotated[str, about("a file that holds the API key and nothing else", PATH, path=True)] = ""
    headline: Annotated[
        str,
        about(
            "what an incident is called there: the title that the room uses never leaves it",
            "a few words",
            min_length=1,
            max_length=120,
        ),
    ] = "Service disruption"
    notify: Annotated[bool, about("send mail to the subscribers, too", "true or false")] = True
    base_url: Annotated[str, about("where its API is", _BASE, pattern=_BASE_FORM, max_length=500)] = (
        "https://api.statuspage.io"
    )
    ca_file: Annotated[str, about("the authority that signed its certificate", PATH, path=True)] = ""
    components: Annotated[
        tuple[Component, ...],
        about(
            "what is shown as broken; when it is resolved, as operational",
            "tables [[status_page.components]] with id, broken and watched",
            max_length=50,
        ),
    ] = ()

    @property
    def configured(self) -> bool:
        return bool(self.page and self.token_file)


class MessagesSettings(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What holds for all messages."""

    folder: Annotated[
        str, about("where messages to a file go; empty: the folder outbox in the state folder", PATH, path=True)
    ] = ""
    deadline: Annotated[
        float,
        about("seconds for one attempt to send, all in all", "a number from 1 to 60", ge=1, le=60),
    ] = 10.0


__all__ = [
    "Component",
    "MessagesSettings",
    "PagedPerson",
    "PagerDutySettings",
    "SlackHandle",
    "SlackSettings",
    "StatusPageSettings",
]
