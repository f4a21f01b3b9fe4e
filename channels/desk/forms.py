"""An entry's content as form fields and back. Content may break any rule: a half-written one is shown and kept as it is."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from knowledge.entry import LANGUAGES, Claim, Entry, Evidence, Text
from knowledge.library import Library
from knowledge.merging import Content

Form = Mapping[str, str]

TEXT_FIELDS = ("question", "answer", "phrasings")
RECORD_FIELDS = ("scope", "audience", "letters", "see_also", "risk", "valid_until", "claims")
# Fields that hold a list, one item a line.
LISTS = {"letters", "see_also", "phrasings"}
# Empty rows at the end of the claims, and at the end of each claim's evidence.
SPARE = 1
_CLAIM = re.compile(r"^claims\.(\d{1,3})\.(text|evidence\.(\d{1,3})\.(source|at))$")


@dataclass(frozen=True)
class ClaimRow:
    """A claim as the form shows it: its text, and (source, at) of each piece of evidence, spare rows included."""

    text: str
    evidence: tuple[tuple[str, str], ...]


def field_names() -> list[str]:
    """Every field of an entry that can be edited, dotted, the five languages first."""
    return [f"{language}.{name}" for language in LANGUAGES for name in TEXT_FIELDS] + list(RECORD_FIELDS)


def value_at(content: Content, field: str) -> Any:
    """The value of a dotted field, None where there is none."""
    head, _, rest = field.partition(".")
    value = content.get(head)
    return (value.get(rest) if isinstance(value, dict) else None) if rest else value


def put(content: Content, field: str, value: Any) -> None:
    """Sets a dotted field."""
    head, _, rest = field.partition(".")
    if not rest:
        content[head] = value
        return
    inner = content.get(head)
    content[head] = {**inner, rest: value} if isinstance(inner, dict) else {rest: value}


def as_typed(field: str, value: Any) -> str:
    """A value as one text to edit or to compare; claims one a line, each piece of evidence on a line under it."""
    if field == "claims":
        return "\n".join(
            f"{row.text}\n" + "\n".join(f"  {source}, {at}" for source, at in row.evidence)
            for row in claim_rows({"claims": value}, spare=0)
        )
    if value is None:
        return ""
    return "\n".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def claim_rows(content: Content, spare: int = SPARE) -> list[ClaimRow]:
    """The claims with `spare` empty rows behind."""
    empty = (("", ""),) * spare
    rows = [
        ClaimRow(str(claim.get("text") or ""), tuple(_source_at(item) for item in _dicts(claim.get("evidence"))) + empty)
        for claim in _dicts(content.get("claims"))
    ]
    return [*rows, *[ClaimRow("", empty)] * spare]


def read_content(form: Form, base: Content) -> Content:
    """What stands in a form, on top of `base`; a field that the form lacks, or that says the same, stays as it is there."""
    content = deepcopy(base)
    for field in field_names():
        if field != "claims" and field in form:
            _replace(content, field, _typed(field, form[field]))
    if any(_CLAIM.match(name) for name in form):
        _replace(content, "claims", _claims(form, base))
    return content


def read_json(text: str) -> Content:
    """A content that a page of ours carried along. Raises ValueError when it is none."""
    found = json.loads(text)
    if not isinstance(found, dict):
        raise ValueError("no content")
    return found


def as_json(value: Any) -> str:
    """A value for a hidden field."""
    return json.dumps(value, ensure_ascii=False, default=str)


def parse_typed(field: str, text: str) -> Any:
    """The value that a person typed for a field other than claims."""
    return _typed(field, text)


def _replace(content: Content, field: str, value: Any) -> None:
    before = value_at(content, field)
    same = _plain_claims(before) == _plain_claims(value) if field == "claims" else _tidy(field, before) == value
    if not same:
        put(content, field, value)


def _tidy(field: str, value: Any) -> Any:
    return _typed(field, as_typed(field, value))


def _typed(field: str, text: str) -> Any:
    text = text.replace("\r\n", "\n").strip()
    name = field.rpartition(".")[2]
    if name in LISTS:
        return [line.strip() for line in text.split("\n") if line.strip()]
    if name == "risk":
        return text or None
    return text if name == "answer" else " ".join(text.split())


def _claims(form: Form, base: Content) -> list[dict[str, Any]]:
    prints = {
        _source_at(item): item["print"]
        for claim in _dicts(base.get("claims"))
        for item in _dicts(claim.get("evidence"))
        if item.get("print")
    }
    texts: dict[int, str] = {}
    items: dict[int, dict[int, dict[str, str]]] = {}
    for name, text in form.items():
        if not (match := _CLAIM.match(name)):
            continue
        number, typed = int(match[1]), " ".join(text.split())
        if match[2] == "text":
            texts[number] = typed
        else:
            items.setdefault(number, {}).setdefault(int(match[3]), {})[match[4]] = typed
    claims = []
    for number in sorted(texts.keys() | items.keys()):
        rows = [row for _, row in sorted(items.get(number, {}).items()) if any(row.values())]
        evidence = [_evidence(row, prints) for row in rows]
        if texts.get(number) or evidence:
            claims.append({"text": texts.get(number, ""), "evidence": evidence})
    return claims


def _evidence(row: Mapping[str, str], prints: Mapping[tuple[str, str], str]) -> dict[str, str]:
    """The fingerprint stays as long as it is of the same place."""
    source, at = row.get("source", ""), row.get("at", "")
    kept = prints.get((source, at))
    return {"source": source, "at": at} | ({"print": kept} if kept else {})


def _plain_claims(value: Any) -> list[tuple[str, list[tuple[str, str]]]]:
    return [
        (" ".join(str(claim.get("text") or "").split()), [_source_at(item) for item in _dicts(claim.get("evidence"))])
        for claim in _dicts(value)
    ]


def _source_at(item: Mapping[str, Any]) -> tuple[str, str]:
    return " ".join(str(item.get("source") or "").split()), " ".join(str(item.get("at") or "").split())


def _dicts(value: Any) -> Iterable[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list | tuple) else []


def loose_entry(content: Content, library: Library, today: dt.date) -> Entry:
    """An entry to look at only, whatever rules the content breaks. Evidence in unknown sources is left out."""
    claims = tuple(
        Claim.model_construct(
            text=str(claim.get("text") or ""),
            evidence=tuple(
                Evidence.model_construct(source=source, at=at, print=None)
                for source, at in map(_source_at, _dicts(claim.get("evidence")))
                if source in library.sources
            ),
        )
        for claim in _dicts(content.get("claims"))
    )
    texts: Any = {language: _loose_text(content, language) for language in LANGUAGES}
    return Entry.model_construct(
        id=str(content.get("id") or "new"),
        topic=str(content.get("topic") or ""),
        scope="municipality" if content.get("scope") == "municipality" else "national",
        audience="everyone",
        letters=(),
        see_also=(),
        risk=None,
        checked_on=today,
        valid_until=today,
        claims=claims,
        **texts,
    )


def _loose_text(content: Content, language: str) -> Text:
    typed = {name: as_typed(name, value_at(content, f"{language}.{name}")) for name in TEXT_FIELDS}
    phrasings = tuple(line for line in typed["phrasings"].split("\n") if line)
    return Text.model_construct(
        status="checked", question=typed["question"], answer=typed["answer"].strip(), phrasings=phrasings
    )
