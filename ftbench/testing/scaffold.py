"""Writes the package of a plugin that passes its contract as it is, to begin one from."""

import keyword
import re
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from string import Template

from ftbench.errors import UsageError
from ftbench.plugin import API
from ftbench.roles import ROLES

ROLES_TO_BEGIN = ("backend", "attack", "defense", "judge", "dataset", "audit", "publisher")
_KIT = Path(__file__).parent / "kit"
_WORD = re.compile(r"[a-z][a-z0-9_]*")


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


def write_package(role: str, name: str, place: Path) -> Path:
    """Write the package of a new plugin into a folder of its own under a place; returns it.

    Raises UsageError for a role that there is not, a name that is no word of the command line, and
    a folder that is there already.
    """
    if role not in ROLES_TO_BEGIN:
        raise UsageError(f"There is no role {role!r}. Roles: {', '.join(ROLES_TO_BEGIN)}.")
    if not _WORD.fullmatch(name) or keyword.iskeyword(name):
        raise UsageError(f"{name!r} is no name: use small letters, digits and _, as in my_{role}.")
    package = Package(role=role, name=name)
    folder = place / package.distribution
    if folder.exists():
        raise UsageError(f"There is a {folder} already. Choose another name, or --out.")
    for path, text in _files(package).items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    return folder


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
