"""``ftbench show attack=identity_shift`` or ``ftbench show runs/NAME``: one thing in full."""

import argparse
import inspect
from collections.abc import Sequence
from pathlib import Path

from ftbench.errors import UsageError
from ftbench.plugin.catalog import Catalog, Offer
from ftbench.roles import Method

from .choices import GROUPS, ROLE_OF_GROUP, choices_of
from .fields import Option, options_of
from .printable import printable
from .reveal import add_reveal_options, is_reveal, reveal
from .suggest import hint


def show(words: Sequence[str], catalog: Catalog) -> int:
    """Show a choice, such as attack=identity_shift, or the table of a finished run."""
    parser = argparse.ArgumentParser(prog="ftbench show", description=show.__doc__)
    parser.add_argument("what", help="group=name, or the folder of a run")
    parser.add_argument("more", nargs="*", type=Path, help="runs with other seeds, to sum up")
    parser.add_argument("--config-dir", type=Path, help="a config folder of your own")
    add_reveal_options(parser)
    options = parser.parse_args(words)
    group, equals, name = options.what.partition("=")
    if is_reveal(options):
        return reveal(options)
    if not equals:
        return _show_runs([Path(options.what), *options.more], catalog)
    folders = [options.config_dir] if options.config_dir else []
    return _show_choice({"method": "finetune"}.get(group, group), name, catalog, folders)


def _show_choice(group: str, name: str, catalog: Catalog, folders: list[Path]) -> int:
    if group not in GROUPS:
        raise UsageError(f"There is no group {group!r}. {hint(group, GROUPS)}")
    known = choices_of(group, catalog, folders)
    if name not in known:
        raise UsageError(f"There is no {group} {name!r}. {hint(name, known)}")
    choice = known[name]
    if choice.file is None:
        _print_component(group, catalog.components[ROLE_OF_GROUP[group]][name])
        return 0
    print(printable(f"{group}={name}  ({choice.source}, {choice.file})\n"))
    print(printable(choice.file.read_text(encoding="utf-8").rstrip()))
    if group == "model" and name in catalog.models:
        shipped = catalog.models[name]
        print(printable(f"\nweights: {shipped.folder}\nfamily: {shipped.family}"))
        print(printable(f"aligned from: {shipped.parent or 'not known'}"))
    return 0


def _print_component(group: str, offer: Offer) -> None:
    prefix = (
        f"{group}.{offer.name}" if group in ("defense", "audit", "judge", "publisher") else group
    )
    prefix = "finetune.method" if group == "finetune" else prefix
    print(printable(f"{group}={offer.name}  ({offer.package} {offer.version})\n"))
    print(printable(inspect.getdoc(offer.thing) or "It says nothing about itself."))
    if issubclass(offer.thing, Method):
        recipe = offer.thing.recipe
        print(
            f"\nDefaults: epochs {recipe.epochs}, learning rate {recipe.learning_rate}, "
            f"batch size {recipe.batch_size} ({recipe.source or 'no source given'})."
        )
    options = options_of(offer.thing)
    print("\nOptions:" if options else "\nNo options.")
    for option in options:
        print(printable(_option_lines(prefix, option)))


def _option_lines(prefix: str, option: Option) -> str:
    value = "=   (must be given)" if option.default is None else f"={option.default}"
    line = f"  {prefix}.{option.name}{value}   {option.type}"
    if option.transport:
        line += "   (cannot change a result)"
    return line + (f"\n      {option.meaning}" if option.meaning else "")


def _show_runs(folders: Sequence[Path], catalog: Catalog) -> int:
    """One run as it is; several that differ only in their seed summed up."""
    for folder in folders:
        if not folder.is_dir():
            raise UsageError(_no_folder(folder, catalog))
    from ftbench.archive.reading import read_result  # noqa: PLC0415, slow to import

    from .printing import print_result  # noqa: PLC0415, slow to import

    if len(folders) == 1:
        print_result(read_result(folders[0]))
        return 0
    from ftbench.archive.seeds import over_seeds_of  # noqa: PLC0415, slow to import

    print_result(over_seeds_of(folders))
    return 0


def _no_folder(folder: Path, catalog: Catalog) -> str:
    """What to say about a word that is neither a folder nor a choice."""
    groups = [group for group in GROUPS if str(folder) in choices_of(group, catalog)]
    if groups:
        ways = " or ".join(f"ftbench show {group}={folder}" for group in groups)
        return f"There is no folder {folder}. Did you mean: {ways}"
    return f"There is no folder {folder}. Show a choice as group=name, or the folder of a run."
