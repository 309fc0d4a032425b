"""Writes the package of a plugin that passes its contract as it is, to begin one from."""

import ast
import keyword
import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from string import Template

from ftbench.errors import StorageError, UsageError
from ftbench.plugin import API
from ftbench.roles import ROLES

ROLES_TO_BEGIN = ("backend", "attack", "defense", "judge", "dataset", "audit", "publisher")
_KIT = Path(__file__).parent / "kit"
_WORD = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_LONGEST = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """What a new plugin is called."""

    role: str
    name: str

    @property
    def module(self) -> str:
        """What is imported."""
        return f"ftbench_{self.name}"

    @property
    def distribution(self) -> str:
        """What pip installs."""
        return self.module.replace("_", "-")

    @property
    def cls(self) -> str:
        """The class of its component."""
        return "".join(part.capitalize() for part in self.name.split("_"))


def write_package(role: str, name: str, place: Path, *, taken: Collection[str] = ()) -> Path:
    """Write the package of a new plugin into a folder of its own under a place; returns it.

    ``taken`` are the names that this role has already. Raises UsageError for a role that there is
    not, a name that cannot be one, and a folder that is there already; StorageError where it cannot
    be written.
    """
    if role not in ROLES_TO_BEGIN:
        raise UsageError(f"There is no role {role!r}. Roles: {', '.join(ROLES_TO_BEGIN)}.")
    package = Package(role=role, name=name)
    _refuse(package, taken)
    folder = place / package.distribution
    if folder.exists():
        raise UsageError(f"There is a {folder} already. Choose another name, or --out.")
    try:
        for path, text in _files(package).items():
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
    except OSError as error:
        raise StorageError(f"{folder} cannot be written: {error.strerror}.") from error
    return folder


def _refuse(package: Package, taken: Collection[str]) -> None:
    """Raise UsageError for a name that no component, class or package can have."""
    name, role = package.name, package.role
    is_word = _WORD.fullmatch(name) and len(name) <= _LONGEST
    if not is_word or keyword.iskeyword(name) or keyword.iskeyword(package.cls):
        raise UsageError(
            f"{name!r} is no name: use small letters, digits and single _, as in my_{role}, "
            f"at most {_LONGEST}."
        )
    if name in taken or _is_installed(package.distribution):
        raise UsageError(
            f"{role}={name} or {package.distribution} is installed already: see "
            "ftbench plugins, and choose another name."
        )
    if package.cls in _imported(_filled(role, replace(package, name=f"my_{role}"))):
        raise UsageError(f"A class {package.cls} is what every {role} uses. Choose another name.")


def _is_installed(distribution: str) -> bool:
    try:
        version(distribution)
    except PackageNotFoundError:
        return False
    return True


def _imported(source: str) -> set[str]:
    """The names that a module takes from others."""
    nodes = (node for node in ast.walk(ast.parse(source)) if isinstance(node, _IMPORTS))
    return {alias.asname or alias.name for node in nodes for alias in node.names}


_IMPORTS = (ast.Import, ast.ImportFrom)


def _files(package: Package) -> dict[str, str]:
    own_test = f"test_{package.role}"
    test = own_test if (_KIT / f"{own_test}.txt").is_file() else "test"
    return {
        "pyproject.toml": _filled("pyproject", package),
        "README.md": _filled("readme", package),
        f"{package.module}/__init__.py": _filled("init", package),
        f"{package.module}/{package.name}.py": _filled(package.role, package),
        f"{package.module}/py.typed": "",
        f"tests/test_{package.name}.py": _filled(test, package),
    }


def _filled(template: str, package: Package) -> str:
    text = (_KIT / f"{template}.txt").read_text(encoding="utf-8")
    base = ROLES[package.role].__name__
    return Template(text).substitute(
        role=package.role,
        name=package.name,
        cls=package.cls,
        module=package.module,
        distribution=package.distribution,
        base=base,
        contract=f"{base}Contract",
        summary=f"The {package.role} {package.name} for ftbench.",
        api=API,
        version=version("ftbench"),
    )
