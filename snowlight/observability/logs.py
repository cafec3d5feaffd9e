"""Structured logs: one JSON object a line on standard error."""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog
from structlog.typing import Processor

# user:password@ in a URL, the ticket in a media path, what an object's address is signed with, a token in a
# header, and tokens and tickets (RFC 7519) wherever else they stand
_SECRETS = re.compile(
    r"(?<=://)[^/@\s]+(?=@)|(?<=/hls/)[^/\s]+|(?<=/snapshot/)[^/\s]+|(?<=X-Amz-Signature=)\w+"
    r"|(?<=\bBearer )\s*[^\s\"']+|\beyJ[\w-]+\.[\w-]+\.[\w-]*",
    re.IGNORECASE,
)


def configure_logs(level: str) -> None:
    """Set the process's log output up, once, from its `__main__`. What libraries log through `logging` looks
    the same and is redacted alike."""
    marks: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    output: list[Processor] = [
        structlog.processors.format_exc_info,
        _redact,
        structlog.processors.JSONRenderer(ensure_ascii=False),
    ]
    structlog.configure(
        processors=[*marks, *output],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
    libraries = logging.StreamHandler(sys.stderr)
    libraries.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*marks, structlog.stdlib.add_logger_name],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *output],
        )
    )
    logging.basicConfig(level=logging.WARNING, handlers=[libraries])


def _redact(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for name, value in event.items():
        if isinstance(value, str):
            event[name] = _SECRETS.sub("***", value)
    return event
