"""The web server: `python -m web`."""

import uvicorn

from clinic.logs import configure_logging
from clinic.settings import Settings
from web.app import create_app


def main() -> None:
    settings = Settings()
    configure_logging("web", settings.log_level)
    uvicorn.run(
        create_app(settings),
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=8,
        proxy_headers=True,
        forwarded_allow_ips="127.0.0.1",
    )


if __name__ == "__main__":
    main()
