"""Broken packages are named, with the line that removes them; everybody else still works."""

import pytest

from tests.plugin.outside import ATTACK, BACKEND, attack_named, install, look, run, uninstall

BROKEN = {
    "outside-import": ("import no_such_module_anywhere", "ModuleNotFoundError"),
    "outside-exit": ("raise SystemExit(3)", "SystemExit: 3"),
    "outside-base": (
        """
        from ftbench import hookimpl

        class Stray:
            name = "stray"

        @hookimpl
        def ftbench_attacks():
            return (Stray,)
        """,
        "outside_base.Stray as attack, which is no Attack",
    ),
    "outside-abstract": (
        """
        from dataclasses import dataclass
        from ftbench import Backend, hookimpl

        @dataclass(kw_only=True)
        class Half(Backend):
            name = "half"

            def respond(self, requests, desk): ...

        @hookimpl
        def ftbench_backends():
            return (Half,)
        """,
        "outside_abstract.Half, which does not implement: fine_tune",
    ),
    "outside-misspelt": (
        attack_named("misspelt").replace("ftbench_attacks", "ftbench_atacks"),
        "ftbench_atacks",
    ),
    "outside-duplicate": (attack_named("none"), "'none', a name that 'ftbench' has already"),
    "outside-raising": (
        """
        from ftbench import hookimpl

        @hookimpl
        def ftbench_judges():
            raise RuntimeError("no licence found")
        """,
        "fails in ftbench_judges: RuntimeError: no licence found",
    ),
    "outside-exiting-hook": (
        """
        from ftbench import hookimpl

        @hookimpl
        def ftbench_datasets():
            yield from ()
            raise SystemExit("bye")
        """,
        "fails in ftbench_datasets: SystemExit: bye",
    ),
    "outside-instance": (
        attack_named("instance").replace("return (Offered,)", "return (Offered(),)"),
        "which is no class",
    ),
    "outside-nothing": (
        attack_named("nothing").replace("return (Offered,)", "return None"),
        "fails in ftbench_attacks: TypeError",
    ),
    "outside-nameless": (
        attack_named("x").replace('name = "x"', ""),
        "outside_nameless.Offered, which has no name",
    ),
    "outside-folder": (
        """
        from pathlib import Path
        from ftbench import hookimpl

        @hookimpl
        def ftbench_task_dirs():
            return (Path("nowhere at all"),)
        """,
        "in ftbench_task_dirs, which is no folder",
    ),
}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A folder of installed packages: every broken one, and two good ones."""
    folder = tmp_path_factory.mktemp("site")
    for package, (module, _) in BROKEN.items():
        install(folder, package, module)
    install(folder, "outside-attack", ATTACK, version="2.5")
    install(folder, "zz-outside-backend", BACKEND)
    return folder


@pytest.fixture(scope="module")
def seen(site):
    return look(site)


@pytest.mark.parametrize("package", BROKEN)
def test_a_broken_package_is_named_once_with_what_is_wrong(seen, package):
    complaints = seen.complaints(package)
    assert len(complaints) == 1
    assert BROKEN[package][1] in complaints[0]


@pytest.mark.parametrize("package", BROKEN)
def test_a_complaint_says_how_to_get_rid_of_the_package(seen, package):
    assert seen.complaints(package)[0].endswith(f"pip uninstall {package}")


def test_nobody_else_is_blamed(seen):
    assert {package for package, _ in seen.problems} == set(BROKEN)


def test_what_is_whole_can_be_chosen_with_its_version(seen):
    assert seen.versions["attack mine"] == "outside-attack 2.5"
    assert seen.versions["backend echo"] == "zz-outside-backend 1.0"


def test_what_is_broken_cannot_be_chosen(seen):
    broken = {"stray", "half", "misspelt", "instance", "nothing", "x"}
    assert not broken & {name for names in seen.names.values() for name in names}


def test_our_own_components_keep_their_names(seen):
    assert seen.versions["attack none"].startswith("ftbench ")
    assert seen.versions["method lora"].startswith("ftbench ")


def test_every_list_still_works(site):
    done = run(site, "-m", "ftbench", "list", "attacks")
    assert done.returncode == 0
    assert "mine" in done.stdout and "none" in done.stdout


def test_the_list_of_plugins_names_every_broken_package(site):
    done = run(site, "-m", "ftbench", "plugins")
    said = " ".join((done.stdout + done.stderr).split())
    assert not [package for package in BROKEN if f"pip uninstall {package}" not in said]


def test_a_run_names_every_broken_package_and_works_with_the_rest(site):
    done = run(site, "-m", "ftbench", "model=organism", "attack=mine", "--cfg", "job")
    assert done.returncode == 0, done.stderr
    assert "'n': 3" in done.stdout
    said = " ".join(done.stderr.split())
    assert not [package for package in BROKEN if f"pip uninstall {package}" not in said]


def test_a_name_that_a_broken_package_would_bring_cannot_be_chosen(site):
    done = run(site, "-m", "ftbench", "model=organism", "attack=misspelt", "--cfg", "job")
    assert done.returncode == 2
    assert "misspelt" in done.stderr and "Traceback" not in done.stderr


def test_an_uninstalled_package_is_gone(tmp_path):
    install(tmp_path, "outside-attack", ATTACK)
    assert "mine" in look(tmp_path).names["attack"]
    uninstall(tmp_path, "outside-attack")
    assert "mine" not in look(tmp_path).names["attack"]


def test_a_broken_package_that_is_uninstalled_is_forgotten(tmp_path):
    install(tmp_path, "outside-exit", "raise SystemExit(3)")
    assert look(tmp_path).complaints("outside-exit")
    uninstall(tmp_path, "outside-exit")
    assert not look(tmp_path).problems


def test_two_strangers_may_not_share_a_name_and_neither_wins(tmp_path):
    install(tmp_path, "outside-one", attack_named("twice"))
    install(tmp_path, "outside-two", attack_named("twice"))
    seen = look(tmp_path)
    assert "twice" not in seen.names["attack"]
    assert "'twice', a name that 'outside-one' has already" in seen.complaints("outside-two")[0]
