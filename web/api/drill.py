"""The door for `lotus drill`: it opens the escalation that a visitor in crisis would, and says that it is a drill."""

import asyncio

from fastapi import APIRouter
from pydantic import BaseModel, Field

from clinic.chat.conversations import open_conversation
from clinic.clock import utc_now
from clinic.handoff.drill import open_drill
from web.api.conversations import Held, Token

router = APIRouter(prefix="/api/conversations")


class Permission(BaseModel):
    """Signed with the service's own key (clinic/handoff/drill.py)."""

    permission: str = Field(max_length=400)


@router.post("/{conversation_id}/drill", status_code=201, include_in_schema=False)
async def drill(conversation_id: str, body: Permission, context: Held, token: Token) -> dict[str, str]:
    def begin() -> str:
        with context.database.transaction() as session:
            conversation = open_conversation(session, conversation_id=conversation_id, token=token)
            return open_drill(
                session,
                conversation=conversation,
                key=context.settings.secret,
                permission=body.permission,
                now=utc_now(),
            ).id

    return {"escalation_id": await asyncio.to_thread(begin)}
