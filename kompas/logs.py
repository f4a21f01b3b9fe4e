"""Logs that tell on nobody: our own modules say what happened; of all others only the place and the kind of error."""

from __future__ import annotations

import logging
import sys
import threading
from types import TracebackType

# These write their messages knowing that nothing of a person may stand in them.
OURS = ("kompas", "channels", "bot", "retrieval", "knowledge")


class QuietRecord(logging.LogRecord):
    """A record without tracebacks; one of somebody else's loggers without its message too, at any level."""

    def getMessage(self) -> str:
        """The message of ours, or `silenced`, with the kind of error."""
        error = self.exc_info[0].__name__ if self.exc_info and self.exc_info[0] else ""
        self.exc_info = self.exc_text = self.stack_info = None
        mine = self.name.split(".", maxsplit=1)[0] in OURS
        said = super().getMessage() if mine else f"silenced {self.name}:{self.lineno}"
        return f"{said} {error}".rstrip()


def keep_quiet(level: str = "WARNING") -> None:
    """From now on no library's message, no traceback and no warning with values reaches a log.

    What asyncio and uvicorn say of an exception goes the same way: they use logging too.
    """
    logging.setLogRecordFactory(QuietRecord)
    logging.basicConfig(level=level, format="%(levelname)s %(name)s %(message)s", force=True)
    logging.captureWarnings(True)
    sys.excepthook = _excepthook
    threading.excepthook = lambda args: _say(args.exc_type)
    sys.unraisablehook = lambda args: _say(args.exc_type)


def _excepthook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    _say(kind)


def _say(kind: type[BaseException] | None) -> None:
    print(f"ERROR uncaught {kind.__name__ if kind else 'error'}", file=sys.stderr)  # noqa: T201
