"""Read and write the native files (YAML and JSON) and turn form errors into findings."""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from pmo_optimizer.model.errors import Finding, InvalidInput, Severity
from pmo_optimizer.model.form import LONGEST, form_findings

MAX_BYTES = 64 * 1024 * 1024
"""Larger files are refused."""

MAX_ALIAS_GROWTH = 10
"""Aliases may make a YAML file at most this many times larger (and 10,000 values)."""

MAX_DEPTH = 60
"""Deepest nesting of a file."""

BRACKETS = re.compile(r"[][{}]")
DASHES = re.compile(r"(?:[-?:] +){30}")

Model = TypeVar("Model", bound=BaseModel)


MAX_MERGED = 100_000
"""Most fields that merge keys may bring together in a YAML file."""


class _YamlLoader(yaml.CSafeLoader):
    """Safe loader with exact numbers; a key that stands twice in a mapping is an error."""

    merged = 0

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        """Apply merge keys, as long as they do not blow the file up."""
        before = len(node.value)
        super().flatten_mapping(node)
        self.merged += max(0, len(node.value) - before)
        if self.merged > MAX_MERGED:
            raise yaml.constructor.ConstructorError(
                None, None, "merge keys blow the file up", node.start_mark
            )


def _number(loader: _YamlLoader, node: yaml.ScalarNode) -> Decimal:
    text = loader.construct_scalar(node).replace("_", "").lower()
    special = {".inf": "Infinity", "+.inf": "Infinity", "-.inf": "-Infinity", ".nan": "NaN"}
    try:
        return Decimal(special.get(text, text))
    except InvalidOperation:
        return Decimal(repr(loader.construct_yaml_float(node)))


def _date(loader: _YamlLoader, node: yaml.ScalarNode) -> date | str:
    """Return a date, or the text of one that the calendar does not have.

    The model then finds it in its place, among all other findings.
    """
    try:
        found: date = loader.construct_yaml_timestamp(node)
    except (ValueError, OverflowError):
        return str(loader.construct_scalar(node))
    return found


def _mapping(loader: _YamlLoader, node: yaml.MappingNode) -> dict[Any, Any]:
    seen: set[object] = set()
    for key_node, _ in node.value:
        if key_node.tag == "tag:yaml.org,2002:merge":
            continue
        key = loader.construct_object(key_node, deep=True)
        if not isinstance(key, str | int | bool | Decimal) and key is not None:
            raise yaml.constructor.ConstructorError(
                None, None, "a key must be a text or a number", key_node.start_mark
            )
        if key in seen:
            raise yaml.constructor.ConstructorError(
                None, None, f"the key {key!r} stands twice", key_node.start_mark
            )
        seen.add(key)
    loader.flatten_mapping(node)
    return dict(loader.construct_mapping(node, deep=True))


Construct = Callable[[_YamlLoader, yaml.ScalarNode], Any]

SCALARS: Mapping[str, Construct] = MappingProxyType(
    {
        "bool": _YamlLoader.construct_yaml_bool,
        "float": _number,
        "int": _YamlLoader.construct_yaml_int,
        "timestamp": _date,
    }
)
"""What makes a value out of a text, by the type that the text has or is given by a tag."""


def _placed(kind: str, construct: Construct) -> Construct:
    """Return a constructor that says where a text is that it can make nothing of.

    Those of PyYAML take it for granted that a text looks like its type, which one with a tag
    need not: they fail as the text has it, without a place.
    """

    def made(loader: _YamlLoader, node: yaml.ScalarNode) -> object:
        try:
            return construct(loader, node)
        except (ValueError, LookupError, AttributeError, OverflowError) as error:
            raise yaml.constructor.ConstructorError(
                None, None, f"{str(node.value)[:LONGEST]!r} is no {kind}", node.start_mark
            ) from error

    return made


for _kind, _construct in SCALARS.items():
    _YamlLoader.add_constructor(f"tag:yaml.org,2002:{_kind}", _placed(_kind, _construct))
_YamlLoader.add_constructor("tag:yaml.org,2002:map", _mapping)


def refused(rule: str, path: str, message: str, fix: str) -> InvalidInput:
    """Return an InvalidInput with one error."""
    return InvalidInput((Finding(Severity.ERROR, rule, path, message, fix),))


def unreadable(path: Path, error: OSError) -> InvalidInput:
    """Return what is said of a file that the system does not let be read."""
    return refused(
        "file-unreadable",
        path.name,
        f"{path}: {error.strerror}.",
        "Check the path and its rights.",
    )


def size_of(path: Path) -> int:
    """Return the bytes of a file; InvalidInput where it is missing or cannot be looked at."""
    try:
        if not path.is_file():
            raise refused("file-missing", path.name, f"There is no file {path}.", "Check the path.")
        return path.stat().st_size
    except OSError as error:
        raise unreadable(path, error) from error


def require_file(path: Path, most: int, fix: str) -> None:
    """Refuse a file before it is read.

    Parameters
    ----------
    path
        The file.
    most
        Bytes up to which it is read.
    fix
        What to do about one that is larger.

    Raises
    ------
    InvalidInput
        It is missing, cannot be looked at, or is too large.
    """
    size = size_of(path)
    if size > most:
        raise refused(
            "file-too-large",
            path.name,
            f"The file has {size:,} bytes; at most {most:,} are read.",
            fix,
        )


def read(path: Path, *, begin: str = "`calendar:` and `projects:`") -> dict[str, Any]:
    """Return the content of a YAML or JSON file as plain data with exact numbers.

    Parameters
    ----------
    path
        The file.
    begin
        Fields with which such files begin, for the message about one of another shape.

    Raises
    ------
    InvalidInput
        The file is missing, too large, empty, not text, not YAML or JSON, not a mapping at
        the top, or its aliases blow up.
    """
    name = path.name
    require_file(path, MAX_BYTES, "Split it, or leave out what is not needed.")
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise unreadable(path, error) from error
    except UnicodeDecodeError as error:
        raise refused(
            "file-not-text", name, "The file is not UTF-8 text.", "Save it as UTF-8."
        ) from error
    data = parse_json(text, name) if path.suffix.lower() == ".json" else parse_yaml(text, name)
    if data is None:
        raise refused("file-empty", name, "The file is empty.", f"Begin with {begin}.")
    if not isinstance(data, dict):
        raise refused(
            "file-shape",
            name,
            f"The file holds a {type(data).__name__}, not a mapping of fields.",
            f"Begin with fields such as {begin}.",
        )
    return data


def parse_yaml(text: str, name: str) -> object:
    """Return the one YAML document in a text; InvalidInput with line and column otherwise."""
    try:
        deep = _too_nested(text)
        loader = _YamlLoader("" if deep else text)
        try:
            data = loader.get_single_data()
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f" in line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise refused(
            "file-syntax",
            name,
            f"Not valid YAML: {error.problem or error.context}{where}.",
            "Mend the line; indentation and colons matter.",
        ) from error
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        raise refused(
            "file-syntax", name, f"Not valid YAML: {str(error).splitlines()[0]}.", "Mend the file."
        ) from error
    except RecursionError as error:
        raise _too_deep(name) from error
    if deep:
        raise _too_deep(name)
    own, expanded = _sizes(data, name)
    if expanded > MAX_ALIAS_GROWTH * own + 10_000:
        raise refused(
            "alias-bomb",
            name,
            f"YAML aliases make {expanded:,} values out of {own:,}.",
            "Write repeated parts out, or use fewer aliases.",
        )
    return data


def _too_nested(text: str) -> bool:
    """Return whether a text nests too deep to be composed: the composer's stack has no guard.

    Brackets and runs of list dashes show where a file may be deep; only then it is parsed.
    """
    depth = deepest = 0
    for bracket in BRACKETS.finditer(text):
        depth = depth + 1 if bracket.group() in "[{" else max(depth - 1, 0)
        deepest = max(deepest, depth)
    if deepest <= MAX_DEPTH and DASHES.search(text) is None:
        return False
    depth = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        if isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                return True
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            depth -= 1
    return False


def parse_json(text: str, name: str) -> object:
    """Return the JSON value in a text with exact numbers; InvalidInput otherwise."""
    if not text.strip():
        return None
    try:
        data = json.loads(text, parse_float=Decimal, object_pairs_hook=_unique_keys)
    except json.JSONDecodeError as error:
        raise refused(
            "file-syntax",
            name,
            f"Not valid JSON: {error.msg} in line {error.lineno}, column {error.colno}.",
            "Mend the line.",
        ) from error
    except (ValueError, InvalidOperation) as error:
        raise refused("file-syntax", name, f"Not valid JSON: {error}.", "Mend the file.") from error
    except RecursionError as error:
        raise _too_deep(name) from error
    _sizes(data, name)
    return data


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for key, value in pairs:
        if key in out:
            raise ValueError(f"the key {key!r} stands twice in one object")
        out[key] = value
    return out


def _too_deep(name: str) -> InvalidInput:
    return refused(
        "file-too-deep",
        name,
        f"The file is nested more than {MAX_DEPTH} levels deep.",
        "A portfolio needs fewer than ten levels.",
    )


def _sizes(data: object, name: str) -> tuple[int, int]:
    """Return how many values the data holds, aliases counted once and expanded."""
    known: dict[int, int] = {}
    open_: set[int] = set()

    def size(value: object, depth: int) -> int:
        if not isinstance(value, dict | list):
            return 1
        key = id(value)
        if key in known:
            return known[key]
        if key in open_ or depth > MAX_DEPTH:
            raise _too_deep(name)
        open_.add(key)
        children = value.values() if isinstance(value, dict) else value
        total = 1 + sum(size(child, depth + 1) for child in children)
        open_.discard(key)
        known[key] = total
        return total

    expanded = size(data, 0)
    seen: set[int] = set()
    own, stack = 0, [data]
    while stack:
        value = stack.pop()
        own += 1
        if isinstance(value, dict | list) and id(value) not in seen:
            seen.add(id(value))
            stack.extend(value.values() if isinstance(value, dict) else value)
    return own, expanded


def validated(model: type[Model], data: Mapping[str, Any]) -> Model:
    """Return the data as a model, or every finding about its form.

    Unknown fields are findings, and the rest of the file is still read, so that all errors
    of form come out at once.
    """
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise InvalidInput(form_findings(error, data, model)) from error


def write(path: Path, data: Mapping[str, Any]) -> None:
    """Write plain data as YAML or JSON: into a file beside, which then takes the name."""
    if path.suffix.lower() == ".json":
        text = json.dumps(data, indent=1, ensure_ascii=False) + "\n"
    else:
        text = yaml.dump(
            dict(data), Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=True, width=100
        )
    write_text(path, text)


def write_text(path: Path, text: str) -> None:
    """Write a text file all at once, in UTF-8, with the line ends of the system."""
    with file_beside(path) as beside:
        beside.write_text(text, encoding="utf-8")


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file all at once."""
    with file_beside(path) as beside:
        beside.write_bytes(content)


@contextmanager
def file_beside(path: Path) -> Iterator[Path]:
    """Give an empty file beside a path, which takes the name at the end if all went well."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    os.close(handle)
    beside = Path(temporary)
    try:
        yield beside
        beside.chmod(0o666 & ~_umask())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
