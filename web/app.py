"""The public process, put together: `create_app(settings)`."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware

import screen
from clinic.clock import utc_now
from clinic.db import Database
from clinic.handoff.spool import Spool
from clinic.migrate import migrate
from clinic.opening import is_open
from clinic.settings import Settings
from web import pages, texts
from web.api import conversations, drill, health
from web.calls import routes as calls
from web.console.parts import make_parts
from web.console.routes import console_routers
from web.context import Context
from web.errors import install_error_handlers
from web.fanout import FanOut
from web.library import routes as library
from web.limits import RateLimits
from web.live import LiveHub
from web.rasa import RasaClient
from web.refusals import Refusals
from web.security import SecurityHeaders
from web.turns import Turns
from web.unstored import drain


def create_app(settings: Settings) -> FastAPI:
    """Connects to nothing until it is started."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        await asyncio.to_thread(migrate, settings.database)
        await asyncio.to_thread(screen.warm_up)
        is_open(settings.clinic, utc_now())  # the year's holidays are worked out once, not in somebody's crisis
        database = Database(settings.database)
        rasa = RasaClient(settings.rasa, seconds=settings.turn_seconds)
        redis = settings.redis_url.get_secret_value()
        fanout = FanOut(redis) if redis else None
        hub = LiveHub(database, fanout)
        context = Context(
            settings=settings,
            database=database,
            rasa=rasa,
            hub=hub,
            limits=RateLimits(settings),
            spool=Spool(settings.spool_dir),
            refusals=Refusals(database),
        )
        app.state.context, app.state.turns = context, Turns(context)
        app.state.console = staff = await asyncio.to_thread(make_parts, settings, context)
        loops = [hub.poll(), staff.hub.poll(), context.refusals.keep_writing(), drain(context)]
        if fanout:
            loops.append(fanout.run(hub.hear))
        running = [asyncio.create_task(one) for one in loops]
        yield
        await app.state.turns.close()
        for task in running:
            task.cancel()
        await context.refusals.write()
        await rasa.close()
        await context.limits.close()
        database.close()

    app = FastAPI(title="Lotus Guide", lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(SecurityHeaders)
    app.add_middleware(
        CORSMiddleware,
        allow_origins=settings.allowed_origins,
        allow_methods=["GET", "POST"],
        allow_headers=["Authorization", "Content-Type", "Last-Event-ID"],
        max_age=600,
    )
    install_error_handlers(app)
    app.include_router(conversations.router)
    app.include_router(drill.router)
    app.include_router(health.router)
    app.include_router(library.router)
    app.include_router(calls.router)
    app.include_router(texts.router)
    app.include_router(pages.router)
    for router in console_routers():
        app.include_router(router)
    return app
