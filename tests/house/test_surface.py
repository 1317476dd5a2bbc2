"""The public names, what importing them costs, and that their examples are true."""

from __future__ import annotations

import ast
import doctest
import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import pmo_optimizer

ENGINES = ("ortools", "pulp", "highspy", "networkx", "pandas", "numpy")

SERVICE = ("fastapi", "starlette", "uvicorn", "sqlalchemy", "alembic", "pydantic_settings")

HEAVY = (*ENGINES, *SERVICE, "httpx", "yaml")

FUNCTIONS = {
    "check",
    "check_data",
    "discount",
    "optimize",
    "people",
    "HireWorth",
    "hire_worth",
    "referee",
    "require_valid",
    "staff",
    "suggestion",
}

PACKAGES = ("pmo_optimizer", "pmo_solvers", "pmo_scenarios")


def modules() -> Iterator[str]:
    """Return the name of every module of the three packages."""
    for package in PACKAGES:
        yield package
        path = importlib.import_module(package).__path__
        yield from (info.name for info in pkgutil.walk_packages(path, f"{package}."))


def test_public_names_are_pinned(root: Path) -> None:
    """The public names are the listed ones: those of the model and a few more."""
    from pmo_optimizer import model

    listed = (root / "tests" / "house" / "public_names.txt").read_text().split()
    assert sorted(pmo_optimizer.__all__) == listed
    assert set(listed) == set(model.__all__) | FUNCTIONS


def test_every_public_name_can_be_loaded() -> None:
    """Whatever is in __all__ exists, and dir() lists it."""
    assert all(getattr(pmo_optimizer, name) is not None for name in pmo_optimizer.__all__)
    assert set(pmo_optimizer.__all__) <= set(dir(pmo_optimizer))


def test_unknown_names_are_refused() -> None:
    """A typo is an AttributeError, as in any module."""
    with pytest.raises(AttributeError, match="optimise"):
        pmo_optimizer.optimise  # type: ignore[attr-defined]  # noqa: B018


def test_type_checkers_see_what_is_loaded(root: Path) -> None:
    """The imports for type checkers and __all__ list the same names."""
    tree = ast.parse((root / "pmo_optimizer" / "__init__.py").read_text())
    blocks = [node for node in tree.body if isinstance(node, ast.If)]
    seen = {
        alias.name
        for node in blocks[0].body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert seen == set(pmo_optimizer.__all__)


@pytest.mark.parametrize("name", ["optimize", "staff"])
@pytest.mark.parametrize(
    "first",
    [
        "import pmo_optimizer.{}",  # the module of the same name is loaded first
        "from pmo_optimizer.{0} import {0}",
        "from pmo_optimizer import {}",
        "import pmo_optimizer.staff, pmo_optimizer.optimize",  # which loads the other
        "import pmo_optimizer",
    ],
)
def test_functions_hide_their_modules(python: Callable[[str], str], first: str, name: str) -> None:
    """`optimize` and `staff` are the functions even if their modules were imported before."""
    code = f"{first.format(name)}\nimport pmo_optimizer\nprint(callable(pmo_optimizer.{name}))"
    assert python(code) == "True\n"


@pytest.mark.parametrize(
    "code",
    [
        "import pmo_optimizer",
        "from pmo_optimizer import Portfolio, Plan, EngineError",
        "from pmo_optimizer.cli import app",
        "import sys; from pmo_optimizer.cli import main; sys.argv = ['x', '--help']\n"
        "try:\n    main()\nexcept SystemExit:\n    pass",
    ],
)
def test_importing_and_help_load_nothing_heavy(python: Callable[[str], str], code: str) -> None:
    """Neither the import nor --help loads a solver, NetworkX, pandas or NumPy."""
    heavy = [name for name in HEAVY if name != "yaml" or "Portfolio" not in code]
    ask = f"{code}\nimport sys\nprint('loaded:', [m for m in {heavy} if m in sys.modules])"
    assert python(ask).endswith("loaded: []\n")


def test_the_client_loads_neither_engines_nor_the_service(python: Callable[[str], str]) -> None:
    """Who only asks needs httpx and the model, and can do without the rest."""
    heavy = (*ENGINES, *SERVICE)
    ask = f"import pmo_optimizer.client, sys\nprint([m for m in {heavy} if m in sys.modules])"
    assert python(ask) == "[]\n"


def test_public_names_of_the_client_are_pinned(root: Path) -> None:
    """The names of pmo_optimizer.client are the listed ones, and each can be loaded."""
    from pmo_optimizer import client

    listed = (root / "tests" / "house" / "client_names.txt").read_text().split()
    assert sorted(client.__all__) == listed
    assert all(getattr(client, name) is not None for name in listed)


def test_importing_the_package_loads_no_model(python: Callable[[str], str]) -> None:
    """A bare import does not even load pydantic: names are loaded when they are used."""
    ask = "import pmo_optimizer, sys\nprint('pydantic' in sys.modules)"
    assert python(ask) == "False\n"


def test_examples_in_docstrings_are_true() -> None:
    """Every doctest of the three packages passes."""
    attempted = 0
    for name in modules():
        result = doctest.testmod(importlib.import_module(name))
        assert result.failed == 0, name
        attempted += result.attempted
    assert attempted > 10


def test_public_functions_take_no_keyword_collectors() -> None:
    """No public function has **kwargs, in which a typo would vanish."""
    for name in modules():
        module = importlib.import_module(name)
        for label, item in inspect.getmembers(module, inspect.isfunction):
            if item.__module__ != name or label.startswith("_"):
                continue
            kinds = {p.kind for p in inspect.signature(item).parameters.values()}
            assert inspect.Parameter.VAR_KEYWORD not in kinds, f"{name}.{label}"


def test_every_module_has_a_docstring() -> None:
    """Every module says what it is for."""
    assert [name for name in modules() if not importlib.import_module(name).__doc__] == []
