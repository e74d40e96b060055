"""Logs: one JSON object a line on standard error, ours and those of the libraries alike.

Nothing here knows of requests. Whoever logs leaves out query strings, tokens and e-mail addresses.
"""

import logging
import sys

import structlog
from structlog.typing import Processor

TALKATIVE = ("apscheduler", "httpcore", "httpx", "urllib3")
"""Libraries that say at level info what is of no interest, or addresses that are nobody's business."""


def configure_logs(level: str) -> None:
    """Sends every log from `level` (debug, info, warning, error) on to standard error as JSON, with the time in UTC."""
    number = logging.getLevelNamesMapping().get(level.upper(), logging.INFO)
    common: list[Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    as_json = structlog.processors.JSONRenderer(ensure_ascii=False)
    structlog.configure(
        processors=[structlog.contextvars.merge_contextvars, *common, as_json],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *common],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, as_json],
        )
    )
    logging.root.handlers = [handler]
    logging.root.setLevel(number)
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(max(number, logging.WARNING))
