"""Who may import whom. The arrows point inwards: rpc and adapters, use cases, domain, kernel."""

import sys
from collections.abc import Iterable

import pytest

from tests.architecture.sources import SERVICES, Source, layer, python_files

KERNEL = "services.kernel"
CHASSIS = "services.chassis"


def is_below(module: str, package: str) -> bool:
    return module == package or module.startswith(package + ".")


def is_standard(module: str) -> bool:
    return module.split(".", maxsplit=1)[0] in sys.stdlib_module_names


def strangers(files: Iterable[Source], *allowed: str) -> list[str]:
    """Returns every import that is neither the standard library's nor allowed."""
    return [
        f"{file.name} imports {module}"
        for file in files
        for module in file.imports()
        if not is_standard(module) and not any(is_below(module, each) for each in allowed)
    ]


def uses(files: Iterable[Source], *forbidden: str) -> list[str]:
    """Returns every import of what is forbidden."""
    return [
        f"{file.name} imports {module}"
        for file in files
        for module in file.imports()
        if any(is_below(module, each) for each in forbidden)
    ]


def test_the_rules_see_imports():
    [main] = [
        file for file in python_files("services/analytics") if file.parts[-1] == "__main__.py"
    ]
    assert uses([main], "services.chassis.run") == [
        "services/analytics/__main__.py imports services.chassis.run.main"
    ]
    assert strangers([main], "services.analytics") != []


def test_the_kernel_stands_on_the_standard_library():
    assert strangers(python_files("services/kernel"), KERNEL) == []


def test_the_chassis_knows_no_service():
    assert uses(python_files("services/chassis"), *(f"services.{each}" for each in SERVICES)) == []
    assert uses(python_files("services/chassis"), "services.local") == []


@pytest.mark.parametrize("service", SERVICES)
def test_a_domain_imports_itself_and_the_kernel(service: str):
    assert strangers(layer(service, "domain"), f"services.{service}.domain", KERNEL) == []


@pytest.mark.parametrize("service", SERVICES)
def test_use_cases_import_domain_ports_and_kernel(service: str):
    own = (f"services.{service}.domain", f"services.{service}.usecases")
    assert strangers(layer(service, "usecases"), *own, KERNEL) == []


@pytest.mark.parametrize("service", SERVICES)
def test_adapters_and_rpc_never_meet(service: str):
    assert uses(layer(service, "adapters"), f"services.{service}.rpc") == []
    assert uses(layer(service, "rpc"), f"services.{service}.adapters") == []


@pytest.mark.parametrize("service", SERVICES)
def test_only_the_wiring_sees_adapters_and_rpc(service: str):
    outer = (f"services.{service}.adapters", f"services.{service}.rpc")
    inside = ("adapters", "rpc", "migrations")
    others = [
        file
        for file in python_files(f"services/{service}")
        if file.parts[2] not in inside and file.parts[2] != "wiring.py"
    ]
    assert uses(others, *outer) == []


@pytest.mark.parametrize("service", SERVICES)
def test_the_wiring_is_the_outermost(service: str):
    everything = [
        file for file in python_files(f"services/{service}") if file.parts[2] != "__main__.py"
    ]
    assert uses(everything, f"services.{service}.wiring") == []


@pytest.mark.parametrize("service", SERVICES)
def test_services_never_import_each_other(service: str):
    others = (*(f"services.{each}" for each in SERVICES if each != service), "services.local")
    assert uses(python_files(f"services/{service}"), *others) == []


def test_the_local_stack_starts_services_but_imports_none():
    # A process is named by its module, never imported.
    assert uses(python_files("services/local"), *(f"services.{each}" for each in SERVICES)) == []
