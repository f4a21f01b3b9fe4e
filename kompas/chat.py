"""Talking to a running Kompas in the terminal, over the same door as the web page."""

from __future__ import annotations

import secrets
from typing import Any

import httpx

from kompas.settings import Settings

HINT = "Type a question, the number of a button, or an empty line to stop."


def chat(settings: Settings) -> int:
    """Reads lines until an empty one. Returns the exit code."""
    session = secrets.token_hex(16)
    buttons: list[dict[str, str]] = []
    print(f"Kompas at {settings.web_url}. {HINT}")
    with httpx.Client(base_url=settings.web_url, timeout=30.0, trust_env=False) as client:
        while text := _line():
            try:
                answer = client.post("/api/chat", json={"session": session, "text": _value(text, buttons)})
                answer.raise_for_status()
            except httpx.HTTPError:
                print(f"Nobody answers at {settings.web_url}. Start Kompas with `make run`. Danger now: call 112.")
                return 1
            buttons = show(answer.json())
    return 0


def show(answer: dict[str, Any]) -> list[dict[str, str]]:
    """Prints an answer, its buttons numbered; returns the buttons."""
    buttons: list[dict[str, str]] = []
    for message in answer["messages"]:
        print(f"\n[{answer['language']}] {message['text']}")
        for button in message["buttons"]:
            buttons.append(button)
            print(f"  {len(buttons)}. {button['title']}")
    return buttons


def _line() -> str:
    try:
        return input("\n> ").strip()
    except (EOFError, KeyboardInterrupt):
        return ""


def _value(text: str, buttons: list[dict[str, str]]) -> str:
    number = int(text) if text.isdecimal() and len(text) < 3 else 0
    return buttons[number - 1]["value"] if 1 <= number <= len(buttons) else text
