"""The crisis reply when the database did not take the escalation in time."""

import asyncio
from datetime import timedelta
from typing import Any

import structlog
from sqlalchemy.exc import SQLAlchemyError

from clinic.clock import iso, utc_now
from clinic.faults import fault
from clinic.handoff.crisis_turn import also_said
from clinic.handoff.finding import Finding
from clinic.handoff.oncall import is_anybody_reachable
from clinic.handoff.protocol import People, crisis_reply
from clinic.handoff.spool import Spooled, store_spooled
from clinic.models import Role
from web.context import Context
from web.metrics import SPOOLED

log = structlog.get_logger(__name__)
RETRY_SECONDS = 2.0
DRAIN_SECONDS, LEFT = 5.0, timedelta(seconds=20)  # the worker looks every 2 s
RETRIES = 1_800  # an hour: a full disk is mended or the process is restarted by then
_waiting: set[asyncio.Task[None]] = set()


async def answer_unstored(
    context: Context,
    conversation_id: str,
    token: str,
    client_id: str,
    text: str,
    finding: Finding,
    *,
    is_minor: bool,
) -> list[dict[str, Any]]:
    """Spool the escalation and answer with the resources, saying that the clinic was not reached.

    The messages have no id (null): they are not stored yet. The worker stores them from the spool.
    """
    now = iso(utc_now()) or ""
    entry = Spooled(conversation_id, token, client_id, text, finding, received_at=now)
    try:
        await asyncio.wait_for(asyncio.to_thread(context.spool.put, entry), 0.2)
        fault("web.crisis_spooled")
        SPOOLED.labels("written").inc()
    except (OSError, TimeoutError) as problem:
        SPOOLED.labels("in_memory").inc()
        log.critical("spool.not_written", conversation=conversation_id, error=type(problem).__name__)
        task = asyncio.create_task(_keep_trying(context, entry))
        _waiting.add(task)
        task.add_done_callback(_waiting.discard)
    reply = crisis_reply(finding, people=People.not_reached, also=also_said(text, is_minor=is_minor))
    asked = {
        "id": None,
        "role": Role.visitor,
        "kind": None,
        "topic": None,
        "text": text,
        "buttons": [],
        "sources": [],
    }
    said = {"id": None, "role": Role.assistant, **reply.as_json()}
    return [{**asked, "created_at": now, "client_id": client_id}, {**said, "created_at": now}]


async def drain(context: Context) -> None:
    """Runs for ever: stores what has lain in the spool for some time. A worker that shares the folder is faster;
    without one on this machine nobody else would.
    """
    while True:
        await asyncio.sleep(DRAIN_SECONDS)
        try:
            await asyncio.to_thread(_store_old, context)
        except (SQLAlchemyError, OSError) as problem:
            log.warning("spool.not_stored", error=type(problem).__name__)


def _store_old(context: Context) -> None:
    now = utc_now()
    if context.spool.waits_since(now=now) < LEFT:
        return
    with context.database.reading() as session:
        reachable = is_anybody_reachable(session, alert_urls=context.settings.alert_urls)
    people = People.trying if reachable else People.queued
    count = store_spooled(context.database, context.spool, people=people, now=now)
    log.info("spool.stored", count=count)


async def _keep_trying(context: Context, entry: Spooled) -> None:
    for _ in range(RETRIES):
        await asyncio.sleep(RETRY_SECONDS)
        try:
            await asyncio.to_thread(context.spool.put, entry)
            return
        except OSError:
            continue
    log.critical("spool.given_up", conversation=entry.conversation_id)
