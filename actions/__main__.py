"""The action server: `python -m actions`. Loopback only; no visitor's words in its log."""

import logging

from rasa_sdk.endpoint import create_app
from rasa_sdk.executor import ActionExecutor
from sanic import Request, Sanic
from sanic.response import HTTPResponse, json

from actions import runtime
from clinic.logs import configure_logging
from clinic.migrate import migrate
from clinic.settings import Settings


def build(settings: Settings) -> Sanic:
    runtime.start(settings)
    executor = ActionExecutor()
    executor.register_package("actions")
    app = create_app(executor, cors_origins=[])

    # rasa_sdk answers a failed action with the whole request, the visitor's words included.
    @app.on_response
    async def say_no_words(_request: Request, response: HTTPResponse) -> HTTPResponse | None:
        return json({"error": "action failed"}, status=500) if response.status == 500 else None

    return app


def main() -> None:
    settings = Settings()
    configure_logging("actions", settings.log_level)
    for noisy in ("sanic.root", "sanic.error", "sanic.access", "rasa_sdk"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    migrate(settings.database)
    app = build(settings)
    app.config.KEEP_ALIVE_TIMEOUT = 75
    app.run(host=settings.actions_host, port=settings.actions_port, single_process=True, access_log=False, motd=False)


if __name__ == "__main__":
    main()
