"""A knowledge base of one's own in git, accounts, and pages signed in: for tests, pictures and benchmarks of the desks."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pyotp
from playwright.sync_api import Browser, Page, ViewportSize, expect

from kompas.settings import ROOT

PASSWORD = "a long password for tests"


def own_knowledge(folder: Path) -> Path:
    """A copy of the real knowledge base under `folder`, not committed to anything yet."""
    copy = folder / "knowledge"
    shutil.copytree(ROOT / "knowledge", copy, ignore=shutil.ignore_patterns("*.py", "__pycache__", "proposals"))
    return copy


def into_git(folder: Path) -> None:
    """Makes a repository of a folder, with one commit."""
    who = ("-c", "user.name=begin", "-c", "user.email=begin@desk.invalid")
    for arguments in (("init", "-q"), ("add", "-A"), (*who, "commit", "-qm", "begin")):
        subprocess.run(["git", *arguments], cwd=folder, check=True)


def make_account(settings: Path, name: str, role: str) -> str:
    """Makes an account as an operator does; gives the secret of its second factor."""
    command = [sys.executable, "-m", "kompas.cli", "--settings", str(settings), "desk", "add", name, "--role", role]
    made = subprocess.run(command, cwd=ROOT, input=PASSWORD + "\n", capture_output=True, text=True, check=True)
    return re.search(r"^secret: (\w+)$", made.stdout, flags=re.M)[1]  # type: ignore[index]


def sign_in(browser: Browser, url: str, name: str, secret: str, viewport: ViewportSize) -> Page:
    """A page of somebody who signed in, in English."""
    page = browser.new_context(locale="en-GB", viewport=viewport, accept_downloads=True).new_page()
    page.goto(f"{url}/desk")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("Code").fill(pyotp.TOTP(secret).now())
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(f"{url}/desk")
    return page


def save(page: Page) -> None:
    """Presses the button of an entry's page, or of a collision's."""
    page.get_by_role("button", name="Save", exact=True).first.click()
