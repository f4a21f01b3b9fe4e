"""Rasa's command line with its mouth shut: once it serves, a log line holds a place in the code and nothing said.

Rasa writes message text and sender ids to its log at DEBUG, and whole trackers at ERROR. Use: the same arguments as `rasa`.
"""

from __future__ import annotations

import logging
import sys
from typing import Any

# Rasa logs this just before it accepts messages; from then on a record may hold what somebody typed.
SERVING = "Loading model"
_state = {"serving": False}


class QuietRecord(logging.LogRecord):
    """A log record that, while serving, says where it comes from and which exception it was, never what."""

    def getMessage(self) -> str:
        """The message before serving; afterwards `silenced` with the exception's type."""
        if not _state["serving"]:
            message = super().getMessage()
            _state["serving"] = SERVING in message
            return message
        error = self.exc_info[0].__name__ if self.exc_info and self.exc_info[0] else ""
        self.exc_info = self.exc_text = self.stack_info = None
        return f"silenced {self.name}:{self.lineno} {error}".rstrip()


def check_answers_quickly() -> None:
    """Checks what the action server sends with a schema that was itself checked once, not again at every answer.

    Rasa 3.6 lets jsonschema check the schema each time (rasa/core/actions/action.py): four fifths of its time under load.
    """
    from jsonschema import Draft7Validator
    from rasa.core.actions.action import RemoteAction

    validator = Draft7Validator(RemoteAction.action_response_format_spec())

    def check(_: Any, result: Any) -> bool:
        validator.validate(result)
        return True

    RemoteAction._validate_action_result = check


def main() -> None:
    """Runs Rasa's own main with quiet records and without DEBUG, whatever the arguments say."""
    logging.setLogRecordFactory(QuietRecord)
    logging.disable(logging.DEBUG)
    logging.captureWarnings(True)
    sys.excepthook = _quiet_excepthook
    check_answers_quickly()
    from rasa.__main__ import main as rasa_main

    rasa_main()


def _quiet_excepthook(kind: Any, error: Any, trace: Any) -> None:
    if _state["serving"]:
        print(f"rasa stopped: {kind.__name__}", file=sys.stderr)  # noqa: T201
    else:
        sys.__excepthook__(kind, error, trace)


if __name__ == "__main__":
    main()
