"""Structured logs: one JSON object a line on standard error."""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

# user:password@ in a URL, and the ticket in a media path
_SECRETS = re.compile(r"(?<=://)[^/@\s]+(?=@)|(?<=/hls/)[^/\s]+|(?<=/snapshot/)[^/\s]+")


def configure_logs(level: str) -> None:
    """Set the process's log output up, once, from its `__main__`."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _redact,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)


def _redact(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for name, value in event.items():
        if isinstance(value, str) and "/" in value:
            event[name] = _SECRETS.sub("***", value)
    return event
