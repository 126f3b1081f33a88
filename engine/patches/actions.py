"""Calls of the action servers: connections stay open, only what actions read is sent, one stands in for another."""

from __future__ import annotations

import asyncio
import itertools
import time
from typing import Any, Dict, List, Optional, Text

import aiohttp
import rasa.core.actions.action
import rasa.utils.endpoints
from rasa.core.actions.action import RemoteAction
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import Event, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker, EventVerbosity
from rasa.utils.endpoints import ClientResponseError, EndpointConfig

TIMEOUT_SECONDS = 5  # web waits 6 for the whole turn; Rasa's own limit is 300
KEPT_OPEN_SECONDS = 60  # the action server closes after 75; the first to close must not be the one that is asked
DOMAIN_MISSING = 449  # the action server's answer where it does not hold the domain of this digest
CONNECT_SECONDS = 1
REST_SECONDS = 5.0  # one that could not be reached is asked last for so long

stock_request = EndpointConfig.request
stock_check = RemoteAction._validate_action_result


class Call(dict):
    """The body of an action call, without the domain; `domain` is sent where the action server asks for it."""

    domain: Domain


def call(self: RemoteAction, tracker: DialogueStateTracker, domain: Domain) -> Call:
    """Rasa posts the domain and every event of the conversation with each call.

    Our actions read slots, the latest message, the sender and, of the events, those that follow that message.
    """
    state = tracker.current_state(EventVerbosity.NONE)
    state["events"] = [event.as_dict() for event in _since_the_visitor_spoke(tracker)]
    body = Call(
        next_action=self.name(),
        sender_id=tracker.sender_id,
        tracker=state,
        version=rasa.__version__,
        domain_digest=_digest(domain),
    )
    body.domain = domain
    return body


def _since_the_visitor_spoke(tracker: DialogueStateTracker) -> List[Event]:
    recent: List[Event] = []
    for event in reversed(tracker.events):
        recent.append(event)
        if isinstance(event, UserUttered):
            break
    return recent[::-1]


def _digest(domain: Domain) -> Text:
    digest = getattr(domain, "digest", None)
    if digest is None:
        digest = domain.digest = domain.fingerprint()
    return digest


async def request(
    self: EndpointConfig,
    method: Text = "post",
    subpath: Optional[Text] = None,
    content_type: Optional[Text] = "application/json",
    compress: bool = False,
    **kwargs: Any,
) -> Optional[Any]:
    body = kwargs.get("json")
    if not isinstance(body, Call) or self.cafile:
        return await stock_request(self, method, subpath, content_type, compress, **kwargs)
    status, answer = await _post(self, body)
    if status == DOMAIN_MISSING:
        status, answer = await _post(self, {**body, "domain": body.domain.as_dict()})
    if status >= 400:
        raise ClientResponseError(status, "", answer)
    return answer


async def _post(endpoint: EndpointConfig, body: Dict[Text, Any]) -> tuple:
    """The status, and the answer: decoded where all is well, as it came otherwise.

    Where a connection cannot be made or breaks, the next server is asked. What an action stores is bound to the
    visitor's message, so that it is stored once (docs/decisions/0016-several-machines.md).
    """
    failed: Optional[aiohttp.ClientConnectionError] = None
    for url in _order(endpoint):
        try:
            async with _session(endpoint).post(url, json=body, params=endpoint.combine_parameters()) as response:
                return response.status, await (response.read() if response.status >= 400 else response.json())
        except aiohttp.ClientConnectionError as problem:  # not: it is there and says nothing for TIMEOUT_SECONDS
            failed = problem
        _resting[url] = time.monotonic() + REST_SECONDS
    raise failed


_turns = itertools.count()
_resting: Dict[Text, float] = {}


def _order(endpoint: EndpointConfig) -> List[Text]:
    """The addresses in turn, those that rest last. A single one twice: several servers may be behind it."""
    urls = [one.strip() for one in endpoint.url.split(",")]
    start, now = next(_turns) % len(urls), time.monotonic()
    order = sorted(urls[start:] + urls[:start], key=lambda url: _resting.get(url, 0.0) > now)
    return order if len(order) > 1 else order * 2


def _session(endpoint: EndpointConfig) -> aiohttp.ClientSession:
    """One for each endpoint and event loop."""
    loop = asyncio.get_running_loop()
    opened, session = getattr(endpoint, "opened", (None, None))
    if opened is not loop or session.closed:
        auth = endpoint.basic_auth and aiohttp.BasicAuth(
            endpoint.basic_auth["username"], endpoint.basic_auth["password"]
        )
        session = aiohttp.ClientSession(
            headers=endpoint.headers,
            auth=auth or None,
            timeout=aiohttp.ClientTimeout(total=TIMEOUT_SECONDS, sock_connect=CONNECT_SECONDS),
            connector=aiohttp.TCPConnector(keepalive_timeout=KEPT_OPEN_SECONDS),
            cookie_jar=aiohttp.DummyCookieJar(),
        )
        endpoint.opened = (loop, session)
    return session


def check(self: RemoteAction, result: Any) -> bool:
    """What is plainly right passes; everything else goes to Rasa's JSON schema, which takes 2 ms."""
    return _plainly_right(result) or stock_check(self, result)


def _plainly_right(result: Any) -> bool:
    return (
        isinstance(result, dict)
        and all(isinstance(response, dict) for response in _listed(result, "responses"))
        and all(
            isinstance(event, dict)
            and event.get("event") in ("slot", "reset_slots")
            and isinstance(event.get("timestamp"), (int, float, type(None)))
            and isinstance(event.get("metadata"), (dict, type(None)))
            and (event["event"] != "slot" or (isinstance(event.get("name"), str) and "value" in event))
            for event in _listed(result, "events")
        )
    )


def _listed(result: Dict[Text, Any], key: Text) -> List[Any]:
    """The list under `key`; one that is surely wrong where there is something else."""
    found = result.get(key, [])
    return found if isinstance(found, list) else [None]


def apply() -> None:
    rasa.utils.endpoints.DEFAULT_REQUEST_TIMEOUT = TIMEOUT_SECONDS
    rasa.core.actions.action.DEFAULT_REQUEST_TIMEOUT = TIMEOUT_SECONDS
    RemoteAction._action_call_format = call
    RemoteAction._validate_action_result = check
    EndpointConfig.request = request
