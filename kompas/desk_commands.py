"""`kompas desk ...`: who may sign in to the editors' desk. Accounts are made here and nowhere else."""

from __future__ import annotations

import argparse
import getpass
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from kompas.settings import Settings

if TYPE_CHECKING:
    from channels.desk.signing import Signing

Add = Callable[..., argparse.ArgumentParser]


def add_to(commands: Any, add: Add) -> None:
    """Adds `desk` and what stands under it to the command line."""
    desk = commands.add_parser("desk", help="accounts of the editors' desk")
    what = desk.add_subparsers(required=True, metavar="WHAT")
    add_parser = add("add", add_account, "a new account: asks for a password, shows the second factor", what)
    add("list", list_accounts, "all accounts, their roles and open sessions", what)
    role_parser = add("role", set_role, "another role; ends the account's sessions", what)
    named = {
        "password": (set_password, "another password; ends the account's sessions"),
        "totp": (new_totp, "a new second factor, for a new telephone; ends the account's sessions"),
        "off": (close_account, "closes an account for good and ends its sessions"),
        "sign-out": (sign_out, "ends all sessions of an account"),
    }
    parsers = [add(name, run, text, what) for name, (run, text) in named.items()]
    for one in (add_parser, role_parser, *parsers):
        one.add_argument("name", metavar="NAME", help="2 to 31 small letters, digits and hyphens")
    add_parser.add_argument("--role", required=True, metavar="ROLE", help="editor, reviewer or admin")
    role_parser.add_argument("role", metavar="ROLE", help="editor, reviewer or admin")


def add_account(options: argparse.Namespace, settings: Settings) -> int:
    """`kompas desk add NAME --role ROLE`."""
    signing = _open(settings)
    secret = signing.accounts.add(options.name, _password(), options.role)
    _say(f"account {options.name} ({options.role}) is made")
    _show_factor(options.name, secret)
    return 0


def list_accounts(options: argparse.Namespace, settings: Settings) -> int:
    """`kompas desk list`."""
    signing = _open(settings)
    for account in signing.accounts.all():
        state = "closed" if account.closed else f"{len(signing.sessions.of(account.name))} sessions"
        _say(f"{account.name:<32}{account.role:<10}{state}")
    return 0


def set_role(options: argparse.Namespace, settings: Settings) -> int:
    """`kompas desk role NAME ROLE`."""
    _open(settings).accounts.set_role(options.name, options.role)
    _say(f"{options.name} is {options.role} now, and signs in again")
    return 0


def set_password(options: argparse.Namespace, settings: Settings) -> int:
    """`kompas desk password NAME`."""
    _open(settings).accounts.set_password(options.name, _password())
    _say(f"{options.name} has another password now, and signs in again")
    return 0


def new_totp(options: argparse.Namespace, settings: Settings) -> int:
    """`kompas desk totp NAME`."""
    secret = _open(settings).accounts.new_totp(options.name)
    _say(f"{options.name} has a new second factor, and signs in again; the codes of the old one are worth nothing")
    _show_factor(options.name, secret)
    return 0


def close_account(options: argparse.Namespace, settings: Settings) -> int:
    """`kompas desk off NAME`."""
    _open(settings).accounts.close_account(options.name)
    _say(f"{options.name} is closed, and signed out everywhere")
    return 0


def sign_out(options: argparse.Namespace, settings: Settings) -> int:
    """`kompas desk sign-out NAME`."""
    _open(settings).accounts.end_sessions(options.name)
    _say(f"{options.name} is signed out everywhere")
    return 0


def _open(settings: Settings) -> Signing:
    from channels.desk.signing import open_signing

    return open_signing(settings.state)


def _password() -> str:
    """Typed twice and not shown; one line where nobody types. Raises AccountError."""
    from channels.desk.accounts import AccountError

    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    password = getpass.getpass("Password (12 characters or more): ")
    if getpass.getpass("The same once more: ") != password:
        raise AccountError("the two passwords are not the same: nothing was changed")
    return password


def _show_factor(name: str, secret: str) -> None:
    import segno

    from channels.desk.accounts import otpauth

    _say("For the app that makes the codes. It is shown this once; give it to nobody else.")
    _say(f"secret: {secret}")
    _say(otpauth(name, secret))
    segno.make(otpauth(name, secret), micro=False).terminal(compact=True)


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - a command prints
