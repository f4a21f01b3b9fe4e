"""Each message once, each person in order, over processes and crashes; and nothing on disk that tells on anybody."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from channels.ledger import GONE_SECONDS, Claim, KeyFileError, Ledger, read_keys
from channels.limits import DEDUPE_SECONDS

KEYS = [b"k" * 32]


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def open_ledger(tmp_path: Path, clock: Clock, name: str = "a", keys: list[bytes] = KEYS) -> Ledger:
    return Ledger(tmp_path / "ledger.sqlite", name, keys, clock)


def claimed(ledger: Ledger, message: str, person: str = "p") -> Claim:
    claim = ledger.claim("telegram", message, person)
    assert isinstance(claim, Claim)
    return claim


def test_a_message_is_claimed_once_and_answered_once(tmp_path: Path, clock: Clock) -> None:
    """False while another process is at it, True once it was answered, also after a restart."""
    one, two = open_ledger(tmp_path, clock), open_ledger(tmp_path, clock, "b")
    claim = claimed(one, "1")
    assert two.claim("telegram", "1", "p") is False
    one.answered(claim)
    assert two.claim("telegram", "1", "p") is True
    assert open_ledger(tmp_path, clock).claim("telegram", "1", "p") is True
    assert isinstance(two.claim("whatsapp", "1", "p"), Claim)


def test_a_message_that_was_not_answered_may_come_again(tmp_path: Path, clock: Clock) -> None:
    """Released, it is claimed anew."""
    ledger = open_ledger(tmp_path, clock)
    ledger.release(claimed(ledger, "1"))
    claimed(ledger, "1")


def test_a_person_is_answered_in_order_and_others_do_not_wait(tmp_path: Path, clock: Clock) -> None:
    """Over both processes."""
    one, two = open_ledger(tmp_path, clock), open_ledger(tmp_path, clock, "b")
    first, second, other = claimed(one, "1"), claimed(two, "2"), claimed(two, "3", "somebody else")
    assert one.is_first(first) and not two.is_first(second) and two.is_first(other)
    one.answered(first)
    assert two.is_first(second)


def test_what_a_dead_process_held_is_free_again(tmp_path: Path, clock: Clock) -> None:
    """At once when it starts again under its name, and after a while when it does not."""
    dead = open_ledger(tmp_path, clock)
    claimed(dead, "1")
    claimed(open_ledger(tmp_path, clock), "1")
    other = open_ledger(tmp_path, clock, "b")
    assert other.claim("telegram", "1", "p") is False
    clock.now += GONE_SECONDS + 1
    other.beat()
    claimed(other, "1")


def test_answered_messages_are_remembered_for_eight_days(tmp_path: Path, clock: Clock) -> None:
    """Meta brings a message again for seven."""
    ledger = open_ledger(tmp_path, clock)
    ledger.answered(claimed(ledger, "1"))
    clock.now += DEDUPE_SECONDS - 1
    ledger.beat()
    assert ledger.claim("telegram", "1", "p") is True
    clock.now += 2
    ledger.beat()
    claimed(ledger, "1")


def test_nothing_on_disk_names_a_person_or_a_message(tmp_path: Path, clock: Clock) -> None:
    """Neither id, also not while the answer is under way; and nobody else may read the file."""
    ledger = open_ledger(tmp_path, clock)
    claimed(ledger, "message-4711", "+31612345678")
    ledger.answered(claimed(ledger, "message-4712", "+31687654321"))
    files = [path for path in tmp_path.iterdir() if path.is_file()]
    assert files and all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in files if path.suffix == ".sqlite")
    written = b"".join(path.read_bytes() for path in files)
    assert not [name for name in (b"4711", b"4712", b"612345678", b"687654321", b"telegram") if name in written]


def test_the_key_changes_and_old_duplicates_are_still_known(tmp_path: Path, clock: Clock) -> None:
    """A new key every eight days; the one before is kept for what was answered under it."""
    first = read_keys(tmp_path / "key.json", clock)
    assert read_keys(tmp_path / "key.json", clock) == first
    ledger = open_ledger(tmp_path, clock, keys=first)
    ledger.answered(claimed(ledger, "1"))
    clock.now += DEDUPE_SECONDS
    second = read_keys(tmp_path / "key.json", clock)
    assert second[0] not in first and second[1] == first[0] and len(second[0]) == 32
    assert stat.S_IMODE((tmp_path / "key.json").stat().st_mode) == 0o600
    assert open_ledger(tmp_path, clock, keys=second).claim("telegram", "1", "p") is True


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"made": 1, "keys": ["xyz"]}', "\x00"])
def test_a_broken_key_file_is_named_with_its_remedy(tmp_path: Path, content: str) -> None:
    """It is not overwritten."""
    path = tmp_path / "key.json"
    path.write_text(content)
    with pytest.raises(KeyFileError, match=r"key\.json cannot be read as keys: remove it"):
        read_keys(path)
    assert path.read_text() == content
