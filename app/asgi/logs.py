"""Logs: one JSON object a line on standard error, ours and those of the libraries alike, warnings of Python and what
ends the process among them.

Nothing here knows of requests. Whoever logs leaves out query strings, tokens and e-mail addresses.
"""

import logging
import sys
import threading
from types import TracebackType

import structlog
from structlog.typing import Processor

TALKATIVE = ("httpcore", "httpx", "urllib3")
"""Libraries that say at level info what is of no interest, or addresses that are nobody's business."""


def configure_logs(level: str) -> None:
    """Sends every log from `level` (debug, info, warning, error) on to standard error as JSON, with the time in UTC.
    From then on nothing else is written there.
    """
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
    logging.captureWarnings(True)
    sys.excepthook = _crashed
    threading.excepthook = _thread_crashed


def _crashed(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return
    structlog.get_logger().critical("crashed", exc_info=(kind, error, trace))


def _thread_crashed(what: threading.ExceptHookArgs) -> None:
    if what.exc_value is not None and not isinstance(what.exc_value, SystemExit):
        name = what.thread.name if what.thread else ""
        structlog.get_logger().critical("thread_crashed", thread=name, exc_info=what.exc_value)
