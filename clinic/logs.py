"""Structured logs of the app's processes: one JSON object a line, ids only."""

import logging
import sys

import structlog
from structlog.types import EventDict, WrappedLogger


class _Wordless(logging.Formatter):
    """Lines of libraries (uvicorn, sanic, sqlalchemy): where and what kind of error, never its text.

    A library's error text may quote a statement's parameters or a request, and so a visitor.
    """

    def __init__(self, process: str) -> None:
        super().__init__()
        self._process = process
        self._render = structlog.processors.JSONRenderer()

    def format(self, record: logging.LogRecord) -> str:
        event: EventDict = {
            "timestamp": self.formatTime(record),
            "level": record.levelname.lower(),
            "process": self._process,
            "logger": record.name,
        }
        if record.exc_info and record.exc_info[0]:
            event["error"] = record.exc_info[0].__name__
        if record.levelno < logging.WARNING or not record.exc_info:
            event["event"] = str(record.msg)  # the pattern, without its arguments
        return str(self._render(logging.getLogger(), "", event))


def configure_logging(process: str, level: str) -> None:
    """For this whole process: structlog for ours, the same JSON without arguments for libraries."""

    def name_process(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        event["process"] = process
        return event

    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            name_process,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.PrintLoggerFactory(sys.stdout),
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(_Wordless(process))
    logging.basicConfig(handlers=[handler], level=level, force=True)
    logging.getLogger("httpx").setLevel(logging.WARNING)  # a line a request
    logging.captureWarnings(True)
