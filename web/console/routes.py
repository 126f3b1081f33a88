"""All routes of the console."""

from fastapi import APIRouter

from web.console import (
    account,
    ack_link,
    assets,
    audit,
    call,
    call_export,
    call_hours,
    calls,
    content,
    conversation,
    insights,
    on_call,
    queue,
    sign_in,
    staff,
)

# `call` takes any name after /console/calls/, so it comes after those that take certain ones.
CALLS = (calls, call_hours, call_export, call)
PARTS = (sign_in, account, queue, conversation, *CALLS, on_call, staff, audit, insights, content, ack_link, assets)


def console_routers() -> list[APIRouter]:
    return [part.router for part in PARTS]
