"""The accounts of the editors' desk: what is kept of them, which code counts, and what ends a session."""

from __future__ import annotations

import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pyotp
import pytest
from argon2 import PasswordHasher

from channels.desk.accounts import NAME, ROLES, STEP_SECONDS, AccountError, Accounts, DeskFile, otpauth
from channels.desk.signing import Sessions

# The real Argon2id, as weak as it can be: a test has no secrets.
QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
PASSWORD = "vier losse woorden samen"
NOW = 1_800_000_000.0


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def accounts(tmp_path: Path, clock: Clock) -> Iterator[Accounts]:
    made = Accounts(DeskFile(tmp_path / "state" / "desk.sqlite"), clock, QUICK)
    yield made
    made.file.close()


def code_of(secret: str, at: float) -> str:
    return pyotp.TOTP(secret).at(int(at))


def test_password_and_code_together_prove_an_account(accounts: Accounts, clock: Clock) -> None:
    """Both right: the account. One of them wrong, or a name nobody has: nothing."""
    secret = accounts.add("ada", PASSWORD, "editor")
    code = code_of(secret, clock.now)
    wrong = f"{(int(code) + 1) % 10**6:06}"
    assert accounts.prove("ada", PASSWORD + "!", code) is None
    assert accounts.prove("ada", PASSWORD, wrong) is None
    assert accounts.prove("ada", PASSWORD, "") is None
    assert accounts.prove("bob", PASSWORD, code) is None
    found = accounts.prove("ada", PASSWORD, code)
    assert found is not None and (found.name, found.role) == ("ada", "editor")


@pytest.mark.parametrize(("steps", "counts"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_telephone_may_be_one_step_off(accounts: Accounts, clock: Clock, steps: int, counts: bool) -> None:
    """30 seconds early or late count, a minute does not."""
    secret = accounts.add("ada", PASSWORD, "editor")
    found = accounts.prove("ada", PASSWORD, code_of(secret, clock.now + steps * STEP_SECONDS))
    assert (found is not None) is counts


def test_a_code_counts_once(accounts: Accounts, clock: Clock) -> None:
    """Neither the same code again nor an older one that would still be near enough; the next one does."""
    secret = accounts.add("ada", PASSWORD, "editor")
    code, older = code_of(secret, clock.now), code_of(secret, clock.now - STEP_SECONDS)
    assert accounts.prove("ada", PASSWORD, code)
    assert accounts.prove("ada", PASSWORD, code) is None
    assert accounts.prove("ada", PASSWORD, older) is None
    clock.now += STEP_SECONDS
    assert accounts.prove("ada", PASSWORD, code_of(secret, clock.now))


def test_of_two_who_bring_one_code_at_once_one_comes_in(accounts: Accounts, clock: Clock) -> None:
    """Eight threads with the same right code: one account, seven times nothing."""
    code = code_of(accounts.add("ada", PASSWORD, "editor"), clock.now)
    found: list[object] = []
    threads = [threading.Thread(target=lambda: found.append(accounts.prove("ada", PASSWORD, code))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8 and sum(one is not None for one in found) == 1


def test_a_wrong_password_uses_up_no_code(accounts: Accounts, clock: Clock) -> None:
    """Somebody who only has the code cannot spend it for the person it belongs to."""
    code = code_of(accounts.add("ada", PASSWORD, "editor"), clock.now)
    assert accounts.prove("ada", "something else entirely", code) is None
    assert accounts.prove("ada", PASSWORD, code)


def test_an_unknown_name_costs_as_much_as_a_known_one(tmp_path: Path, clock: Clock) -> None:
    """One comparison of hashes each time: nobody, a closed account, a wrong password, a wrong code."""

    class Counting(PasswordHasher):
        calls = 0

        def verify(self, hash: str | bytes, password: str | bytes) -> bool:
            Counting.calls += 1
            return super().verify(hash, password)

    accounts = Accounts(DeskFile(tmp_path / "desk.sqlite"), clock, Counting(time_cost=1, memory_cost=8, parallelism=1))
    accounts.add("ada", PASSWORD, "editor")
    accounts.add("bob", PASSWORD, "editor")
    accounts.close_account("bob")
    for name, password in (("nobody", PASSWORD), ("bob", PASSWORD), ("ada", "wrong"), ("ada", PASSWORD)):
        before = Counting.calls
        assert accounts.prove(name, password, "000000") is None
        assert Counting.calls == before + 1
    accounts.file.close()


def test_the_same_letters_from_another_keyboard_are_the_same_password(accounts: Accounts, clock: Clock) -> None:
    """A letter with its comma below as one character or as two."""
    secret = accounts.add("ada", "șapte țări și o mare", "editor")
    assert accounts.prove("ada", "s\u0326apte t\u0326a\u0306ri s\u0326i o mare", code_of(secret, clock.now))


@pytest.mark.parametrize("name", ["a", "Ada", "1ada", "-ada", "ada lovelace", "ada/../x", "a" * 32, "żaneta", "", "ada\n"])
def test_a_name_is_a_short_plain_word(accounts: Accounts, name: str) -> None:
    """It stands in addresses and in the history, so that nothing else is taken."""
    with pytest.raises(AccountError, match="small letters"):
        accounts.add(name, PASSWORD, "editor")
    assert accounts.all() == [] and not NAME.fullmatch(name)


@pytest.mark.parametrize("password", ["", "elf letters", "ada lovelace 1815", "My name is ADA, hello"])
def test_a_weak_password_is_refused_without_being_quoted(accounts: Accounts, password: str) -> None:
    """Under twelve characters, or with the name in it."""
    with pytest.raises(AccountError) as refused:
        accounts.add("ada", password, "editor")
    assert not password or password not in str(refused.value)
    assert accounts.get("ada") is None


def test_a_name_is_given_once(accounts: Accounts) -> None:
    """Also a closed account's: the history names it."""
    accounts.add("ada", PASSWORD, "editor")
    accounts.close_account("ada")
    with pytest.raises(AccountError, match="already"):
        accounts.add("ada", PASSWORD, "admin")
    assert [(one.name, one.role, one.closed) for one in accounts.all()] == [("ada", "editor", True)]


@pytest.mark.parametrize("role", ["", "owner", "Editor"])
def test_there_are_three_roles(accounts: Accounts, role: str) -> None:
    """Each may do all that the one before it may; any other word is refused."""
    with pytest.raises(AccountError, match="editor, reviewer, admin"):
        accounts.add("ada", PASSWORD, role)
    assert ROLES["editor"] < ROLES["reviewer"] < ROLES["admin"]


CHANGES = {
    "role": lambda accounts: accounts.set_role("ada", "reviewer"),
    "password": lambda accounts: accounts.set_password("ada", "another set of words"),
    "totp": lambda accounts: accounts.new_totp("ada"),
    "off": lambda accounts: accounts.close_account("ada"),
    "sign-out": lambda accounts: accounts.end_sessions("ada"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_ends_the_accounts_sessions_and_nobody_elses(accounts: Accounts, clock: Clock, change: str) -> None:
    """Role, password, second factor, closing, signing out; also a session that is opened just afterwards by an old proof."""
    sessions = Sessions(accounts.file, clock)
    secret = accounts.add("ada", PASSWORD, "editor")
    accounts.add("bob", PASSWORD, "editor")
    proved, other = accounts.prove("ada", PASSWORD, code_of(secret, clock.now)), accounts.get("bob")
    assert proved and other
    before, bobs = sessions.open(proved), sessions.open(other)
    assert sessions.find(before) and sessions.find(bobs)
    CHANGES[change](accounts)
    assert sessions.find(before) is None
    assert sessions.find(sessions.open(proved)) is None
    assert sessions.find(bobs)
    with pytest.raises(AccountError, match="no open account"):
        accounts.set_role("nobody", "editor")


def test_a_closed_account_proves_nothing_and_is_changed_no_more(accounts: Accounts, clock: Clock) -> None:
    """Right password, right code, and yet nothing."""
    secret = accounts.add("ada", PASSWORD, "editor")
    accounts.close_account("ada")
    assert accounts.prove("ada", PASSWORD, code_of(secret, clock.now)) is None
    with pytest.raises(AccountError, match="no open account"):
        accounts.set_password("ada", "another set of words")


def test_a_new_second_factor_replaces_the_old_one(accounts: Accounts, clock: Clock) -> None:
    """The old codes are worth nothing; the new ones count at once, also in the step that was used."""
    old = accounts.add("ada", PASSWORD, "editor")
    assert accounts.prove("ada", PASSWORD, code_of(old, clock.now))
    new = accounts.new_totp("ada")
    assert accounts.prove("ada", PASSWORD, code_of(old, clock.now + STEP_SECONDS)) is None
    assert accounts.prove("ada", PASSWORD, code_of(new, clock.now))
    assert otpauth("ada", new) == f"otpauth://totp/Kompas:ada?secret={new}&issuer=Kompas"


def test_a_password_is_hashed_anew_under_newer_parameters(accounts: Accounts, clock: Clock) -> None:
    """At the next sign-in, without ending a session; the password stays the same."""

    def kept() -> str:
        return str(accounts.file.read("select password from accounts")[0][0])

    sessions = Sessions(accounts.file, clock)
    secret = accounts.add("ada", PASSWORD, "editor")
    account = accounts.get("ada")
    assert account
    token, before = sessions.open(account), kept()
    newer = Accounts(accounts.file, clock, PasswordHasher(time_cost=2, memory_cost=16, parallelism=1))
    assert newer.prove("ada", PASSWORD, code_of(secret, clock.now))
    assert before != kept() and kept().startswith("$argon2id$v=19$m=16,t=2,p=1$")
    assert sessions.find(token)
    assert newer.prove("ada", PASSWORD, code_of(secret, clock.now + STEP_SECONDS))


def test_the_hashes_are_what_argon2_cffi_recommends(tmp_path: Path) -> None:
    """Argon2id with the library's defaults unless a test says otherwise."""
    accounts = Accounts(DeskFile(tmp_path / "desk.sqlite"))
    accounts.add("ada", PASSWORD, "editor")
    kept = accounts.file.read("select password from accounts")[0][0]
    assert kept.startswith("$argon2id$") and not PasswordHasher().check_needs_rehash(kept)
    accounts.file.close()


def test_the_file_is_ours_alone_and_holds_no_password(accounts: Accounts, clock: Clock, tmp_path: Path) -> None:
    """0600 for the file and for what SQLite lays beside it; no password and no session's token in any of them."""
    accounts.add("ada", PASSWORD, "editor")
    account = accounts.get("ada")
    assert account
    token = Sessions(accounts.file, clock).open(account)
    files = list((tmp_path / "state").iterdir())
    assert {file.name for file in files} >= {"desk.sqlite", "desk.sqlite-wal"}
    for file in files:
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert PASSWORD.encode() not in file.read_bytes() and token.encode() not in file.read_bytes()


def test_a_file_that_is_no_database_is_said_in_one_sentence(tmp_path: Path) -> None:
    """What is wrong with which file."""
    (tmp_path / "desk.sqlite").write_text("no database, and longer than a header of SQLite would be " * 4)
    with pytest.raises(AccountError, match=r"desk\.sqlite cannot be opened"):
        DeskFile(tmp_path / "desk.sqlite")
