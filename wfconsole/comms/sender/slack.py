"""A message to a Slack channel, through slack-sdk. Its own retries are off: the journal knows of every attempt.

Slack has no key that makes a post happen once, so each carries its id as metadata, and an attempt that may have
arrived is looked for in the channel before it is made again. docs.slack.dev: chat.postMessage, conversations.history.
"""

from __future__ import annotations

import http.client
import logging
import re
import socket
import ssl
import urllib.error
from collections.abc import Callable
from typing import Any, Final

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

from wfconsole.clock import SECOND, SystemClock
from wfconsole.comms.channels import is_channel_id
from wfconsole.comms.plan import Arrived, Outcome, Plan
from wfconsole.comms.sender.trouble import Trouble, retry_after, token
from wfconsole.comms.slack_text import plain, rich_text
from wfconsole.text import safe

EVENT_TYPE: Final = "wfconsole_message"
_WORD: Final = re.compile(r"[a-z0-9_]{1,80}")  # what Slack calls an error
_PAGES: Final = 5
_OK: Final = 200
_LIMITED: Final = 429
# Slack's words for troubles that pass by themselves; docs.slack.dev, "Errors" of chat.postMessage.
_PASSES: Final = frozenset(
    ("ratelimited", "rate_limited", "internal_error", "fatal_error", "service_unavailable", "request_timeout",
     "team_added_to_org", "message_limit_exceeded")
)  # fmt: skip
# After these it may have been posted.
_PERHAPS: Final = frozenset(("internal_error", "fatal_error", "request_timeout"))
_REMEDIES: Final = {
    "channel_not_found": "is the bot a member of this channel, and is its name right?",
    "not_in_channel": "invite the bot into the channel",
    "is_archived": "the channel is archived",
    "invalid_auth": "the token is not valid: mend the file that slack.token_file names",
    "not_authed": "the token is not valid: mend the file that slack.token_file names",
    "token_revoked": "the token was revoked: mend the file that slack.token_file names",
    "token_expired": "the token has expired: mend the file that slack.token_file names",
    "account_inactive": "the bot was removed from the workspace",
    "missing_scope": "the bot lacks the scope chat:write",
}


def send(plan: Plan, leaving: Callable[[], None]) -> Outcome:
    """Post it, once. Raises Trouble."""
    client = _client(plan)
    if plan.look != "no":
        found = _posted(client, plan)
        if found is not None:
            return Arrived(found, before=True)
    if not plan.restricted and not plan.slack.channel:
        _open_channel(client, plan)
    handles = {handle.name: handle.user for handle in plan.slack.handles}
    leaving()
    answer = _called(
        client.chat_postMessage,
        posts=True,
        channel=plan.place if is_channel_id(plan.place) else f"#{plan.place.lstrip('#')}",
        text=plain(plan.text),
        blocks=[rich_text(plan.text, handles)],
        metadata={"event_type": EVENT_TYPE, "event_payload": {"message": plan.message, "incident": plan.incident}},
        mrkdwn=False,
        parse="none",
        link_names=False,
        unfurl_links=False,
        unfurl_media=False,
    )
    return Arrived(f"{answer.get('channel') or plan.place}/{answer.get('ts') or ''}")


def _client(plan: Plan) -> WebClient:
    logger = logging.getLogger("wfconsole.slack")
    logger.addHandler(logging.NullHandler())
    logger.propagate = False
    return WebClient(
        token=token(plan.slack.token_file, "slack.token_file").reveal(),
        base_url=plan.slack.base_url,
        timeout=max(1, round(plan.deadline_ms / SECOND)),
        logger=logger,
        retry_handlers=[],
    )


def _open_channel(client: WebClient, plan: Plan) -> None:
    """The incident's own channel. Where the bot may not open one, somebody else has, or posting will say so."""
    try:
        _called(client.conversations_create, name=plan.place.lstrip("#"))
    except Trouble as trouble:
        if trouble.failed.again:
            raise


def _posted(client: WebClient, plan: Plan) -> str | None:
    """Where an earlier attempt stands in the channel; None where it is not there.

    Raises Trouble where that cannot be found out and it must be.
    """
    try:
        channel = plan.place if is_channel_id(plan.place) else _channel_id(client, plan.place.lstrip("#"))
        if channel is None and (plan.slack.channel or plan.restricted):
            raise Trouble(f"{plan.place} is no public channel that the bot sees; give its ID in place of its name")
        if channel is None:
            return None  # the incident's own, which an attempt makes before it posts: it was never made
        cursor = ""
        for _ in range(_PAGES):
            page = _called(
                client.conversations_history, channel=channel, include_all_metadata=True, limit=200, cursor=cursor
            )
            for message in page.get("messages") or ():
                payload = (message.get("metadata") or {}).get("event_payload") or {}
                if payload.get("message") == plan.message:
                    return f"{channel}/{message.get('ts') or ''}"
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return None
    except Trouble as trouble:
        if plan.look == "must":
            reason = f"it may have arrived, and looking for it failed: {trouble.failed.reason}"
            raise Trouble(reason, again=trouble.failed.again, after_ms=trouble.failed.after_ms, unknown=True) from None
    return None


def _channel_id(client: WebClient, name: str) -> str | None:
    cursor = ""
    for _ in range(_PAGES):
        page = _called(client.conversations_list, exclude_archived=True, limit=1000, cursor=cursor)
        for channel in page.get("channels") or ():
            if channel.get("name") == name:
                return str(channel.get("id"))
        cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
        if not cursor:
            return None
    raise Trouble(f"#{name} is not among the first channels of the workspace; give slack.channel as an ID")


def _called(method: Callable[..., Any], *, posts: bool = False, **arguments: Any) -> dict[str, Any]:
    """One call, its answer as a mapping. `posts`: after a failure it may have been posted. Raises Trouble."""
    try:
        answer = method(**arguments)
    except SlackApiError as error:
        raise _refused(error, posts=posts) from None
    except urllib.error.URLError as error:
        raise _unreachable(error.reason, posts=posts) from None
    except (OSError, http.client.HTTPException, SlackClientError, ValueError) as error:
        said = "no answer in time" if isinstance(error, TimeoutError) else f"the connection broke: {_said(error)}"
        raise Trouble(said, again=True, unknown=posts) from None
    return dict(answer.data) if isinstance(answer.data, dict) else {}


def _unreachable(reason: object, *, posts: bool) -> Trouble:
    """urllib says so of what went wrong before the whole request was out, mostly before there was a connection."""
    if isinstance(reason, ssl.SSLCertVerificationError):
        return Trouble(f"the certificate is not trusted: {_said(reason)}")
    if isinstance(reason, TimeoutError):
        return Trouble("no connection in time", again=True)
    if isinstance(reason, ConnectionRefusedError | socket.gaierror | ssl.SSLError):
        return Trouble(f"no connection: {_said(reason)}", again=True)
    return Trouble(f"the connection broke: {_said(reason)}", again=True, unknown=posts)


def _refused(error: SlackApiError, *, posts: bool) -> Trouble:
    response: Any = error.response
    body = response if isinstance(response, dict) else getattr(response, "data", None)
    body = body if isinstance(body, dict) else {}
    status = getattr(response, "status_code", None) or body.get("status") or _OK
    headers = getattr(response, "headers", None) or body.get("headers") or {}
    said = str(body.get("error") or "")
    said = said if _WORD.fullmatch(said) else ""  # the SDK puts words of its own there where the answer is no JSON
    if status == _LIMITED or said in ("ratelimited", "rate_limited"):
        wait = retry_after(dict(headers), SystemClock().now() / SECOND)
        return Trouble("Slack asks to wait (429)", again=True, after_ms=wait or SECOND)
    if status >= 500 or said in _PASSES:
        perhaps = posts and (status >= 500 or said in _PERHAPS)
        return Trouble(f"Slack has trouble: {safe(said, 80) or status}", again=True, unknown=perhaps)
    if not said:
        return Trouble(
            f"Slack's answer was none of its API's (HTTP {status})",
            again=status == _OK,
            unknown=posts and status == _OK,
        )
    remedy = _REMEDIES.get(said, "")
    return Trouble(f"Slack refused it: {safe(said, 80)}{f'; {remedy}' if remedy else ''}")


def _said(error: object) -> str:
    return safe(" ".join(str(error).split()), 160) or type(error).__name__
