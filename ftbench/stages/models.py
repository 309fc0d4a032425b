"""The models of a run as its config describes them."""

from dataclasses import replace

from ftbench.config.schema import ModelConfig
from ftbench.plugin.catalog import Catalog
from ftbench.records import Model
from ftbench.roles import Backend


def described(wanted: ModelConfig, catalog: Catalog) -> Model:
    """A model as the config describes it: one of a plugin's, a folder, or an id on the hub."""
    shipped = catalog.models.get(wanted.name)
    if shipped:
        return Model(
            location=str(shipped.folder),
            digest="",
            family=wanted.family or shipped.family,
            system_role=shipped.system_role,
            family_data=wanted.family_data or str(shipped.family_data or ""),
        )
    return Model(
        location=wanted.name,
        digest="",
        revision=wanted.revision or "",
        family=wanted.family or "default",
        system_role=wanted.system_role.value,
        family_data=wanted.family_data or _of_family(wanted.family, catalog),
    )


def brought(tuned: str | None, base: Model, backend: Backend) -> Model | None:
    """The model that is tuned already; the backend finds out whether it is only an adapter."""
    if tuned is None:
        return None
    return backend.resolve(replace(base, location=tuned, digest="", revision="", base=base))


def _of_family(family: str | None, catalog: Catalog) -> str:
    """The data of a family that a plugin ships models of; another copy of one has the same."""
    shipped = [model.family_data for model in catalog.models.values() if model.family == family]
    return str(next(filter(None, shipped), ""))
