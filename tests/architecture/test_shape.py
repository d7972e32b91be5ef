"""Know one service and you know all five: the same names at the top level, and nothing else."""

import ast

import pytest

from tests.architecture.sources import DROPPED, REPOSITORY, SERVICES, Source

FILES = {"README.md", "__init__.py", "__main__.py", "settings.py", "wiring.py"}
PACKAGES = {"domain", "usecases", "adapters", "rpc"}
# The proxy keeps its state in files: it has no database, and so nothing to migrate.
WITHOUT_DATABASE = {"proxy"}


def names_in(service: str) -> set[str]:
    return {path.name for path in (REPOSITORY / "services" / service).iterdir()} - DROPPED


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_has_the_names_of_the_house_and_no_others(service: str):
    migrations = set[str]() if service in WITHOUT_DATABASE else {"migrations"}
    assert names_in(service) == FILES | PACKAGES | migrations


@pytest.mark.parametrize("service", SERVICES)
def test_every_package_says_in_one_line_what_it_is(service: str):
    for package in (".", *sorted(PACKAGES)):
        file = REPOSITORY / "services" / service / package / "__init__.py"
        tree = Source(file).tree
        assert len(tree.body) == 1, f"{file} holds more than its docstring"
        assert "\n" not in (ast.get_docstring(tree) or "\n"), f"{file} needs a one-line docstring"


@pytest.mark.parametrize("service", sorted(set(SERVICES) - WITHOUT_DATABASE))
def test_migrations_are_alembics(service: str):
    folder = REPOSITORY / "services" / service / "migrations"
    assert (folder / "env.py").is_file()
    versions = sorted(path.name for path in (folder / "versions").glob("*.py"))
    numbers = [name.split("_")[0] for name in versions if name != "__init__.py"]
    assert numbers == [f"{number:04}" for number in range(1, len(numbers) + 1)]
    assert numbers


@pytest.mark.parametrize("service", SERVICES)
def test_main_does_nothing_but_run_the_loop(service: str):
    file = Source(REPOSITORY / "services" / service / "__main__.py")
    kinds = [type(node) for node in file.tree.body]
    assert kinds == [ast.Expr, ast.ImportFrom, ast.ImportFrom, ast.ImportFrom, ast.If]
    guarded = f"if __name__ == '__main__':\n    main('{service}', "
    assert ast.unparse(file.tree.body[-1]).startswith(guarded)


@pytest.mark.parametrize("service", SERVICES)
def test_its_ports_stand_in_one_place(service: str):
    assert (REPOSITORY / "services" / service / "usecases" / "ports.py").is_file()
    assert (REPOSITORY / "services" / service / "rpc" / "convert.py").is_file()
