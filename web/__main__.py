"""The web server: `python -m web`."""

import socket

from clinic.logs import configure_logging
from clinic.settings import Settings


def main() -> None:
    settings = Settings()
    configure_logging("web", settings.log_level)
    # Listen first, load after: who comes while the app is loading waits a moment instead of being turned away.
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.create_server((settings.host, settings.port), family=family, backlog=2048)

    import uvicorn

    from web.app import create_app

    config = uvicorn.Config(
        create_app(settings),
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=8,
        proxy_headers=True,
        forwarded_allow_ips=settings.trusted_proxies,
    )
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main()
