"""All routes of the console."""

from fastapi import APIRouter

from web.console import (
    account,
    ack_link,
    assets,
    audit,
    content,
    conversation,
    insights,
    on_call,
    queue,
    sign_in,
    staff,
)

PARTS = (sign_in, account, queue, conversation, on_call, staff, audit, insights, content, ack_link, assets)


def console_routers() -> list[APIRouter]:
    return [part.router for part in PARTS]
