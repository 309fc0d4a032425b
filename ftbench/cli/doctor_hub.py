"""What the doctor asks of the hub: whether there is a token, and what it opens."""

import re
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.client import HTTPException
from importlib.resources import files
from typing import Literal
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import yaml

from ftbench.plugin.catalog import Catalog
from ftbench.redaction import hub_token

from .choices import choices_of
from .doctor_check import Check
from .tasks import task_folders

_SOURCE = re.compile(r"\*\*Source\*\*.*?`([\w.-]+/[\w.-]+)`")
_HUB = re.compile(r"^hub: *[\"']?([\w.-]+/[\w.-]+)", re.MULTILINE)
_OFFLINE = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")
_YES = {"1", "on", "yes", "true"}
_ENDPOINT = "https://huggingface.co"
_NOT_SHOWN = {401, 403, 404}
_AT_ONCE, _PATIENCE_SECONDS = 8, 10


@dataclass(frozen=True, slots=True, kw_only=True)
class HubPlace:
    """Something on the hub that a shipped choice needs."""

    choice: str
    hub_id: str
    kind: Literal["model", "dataset"]

    @property
    def page(self) -> str:
        """Where its licence is read and accepted."""
        return f"{_ENDPOINT}/{'datasets/' if self.kind == 'dataset' else ''}{self.hub_id}"


def token(variables: Mapping[str, str]) -> Check:
    """Whether there is a token; never which."""
    if hub_token(variables):
        return Check(name="hub token", found="present")
    advice = "For gated models and data sets set HF_TOKEN, or run: hf auth login"
    return Check(name="hub token", state="warning", found="absent", advice=advice)


def access(catalog: Catalog, variables: Mapping[str, str]) -> list[Check]:
    """Whether each model and data set of the shipped choices can be had from the hub."""
    places = list(hub_places(catalog))
    if any(variables.get(name, "").lower() in _YES for name in _OFFLINE):
        return [_not_checked(place, "offline") for place in places]
    given, endpoint = hub_token(variables), variables.get("HF_ENDPOINT", _ENDPOINT).rstrip("/")
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return list(pool.map(lambda place: _asked(place, given, endpoint), places))


def hub_places(catalog: Catalog) -> Iterator[HubPlace]:
    """What the model configs, the data sets and the tasks of all packages name on the hub."""
    for choice in choices_of("model", catalog).values():
        entries = yaml.safe_load(choice.file.read_text(encoding="utf-8")) if choice.file else {}
        hub_id = str((entries or {}).get("name", ""))
        if "/" in hub_id:
            yield HubPlace(choice=f"model={choice.name}", hub_id=hub_id, kind="model")
    for name, offer in catalog.components["dataset"].items():
        if hub_id := _hub_of_dataset(name, offer.thing):
            yield HubPlace(choice=f"dataset={name}", hub_id=hub_id, kind="dataset")
    for task in task_folders(catalog):
        readme = task.folder / "README.md"
        if readme.is_file() and (found := _SOURCE.search(readme.read_text(encoding="utf-8"))):
            yield HubPlace(choice=f"task {task.folder.name}", hub_id=found[1], kind="dataset")


def _hub_of_dataset(name: str, component: type) -> str:
    """The ``hub:`` that a package says in the YAML file called as its component."""
    package = files(component.__module__.partition(".")[0])
    for place in (package, package / "data"):
        file = place / f"{name}.yaml"
        if file.is_file() and (found := _HUB.search(file.read_text(encoding="utf-8"))):
            return found[1]
    return ""


def _asked(place: HubPlace, given: str, endpoint: str) -> Check:
    request = Request(f"{endpoint}/api/{place.kind}s/{place.hub_id}/auth-check")
    if given:
        request.add_unredirected_header("Authorization", f"Bearer {given}")
    try:
        with urlopen(request, timeout=_PATIENCE_SECONDS):
            return Check(name=place.choice, found="access")
    except HTTPError as error:
        if error.headers.get("X-Error-Code") == "GatedRepo":
            advice = f"Accept the licence at {place.page}, with the account of your token."
            return Check(name=place.choice, state="warning", found="gated", advice=advice)
        if error.code in _NOT_SHOWN:
            advice = f"See {place.page}; for a private or gated one give your token as HF_TOKEN."
            return Check(name=place.choice, state="warning", found="not shown", advice=advice)
        return _not_checked(place, f"the hub answers {error.code}")
    except (OSError, HTTPException):
        return _not_checked(place, "the hub cannot be reached")


def _not_checked(place: HubPlace, reason: str) -> Check:
    return Check(name=place.choice, state="unknown", found=f"not checked: {reason}")
