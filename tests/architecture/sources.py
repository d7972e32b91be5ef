"""The files of the repository, parsed once, for rules about their shape."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
SERVICES = ("auth", "orchestrator", "proxy", "billing", "analytics")
# Folders that hold code written by hand.
HAND_WRITTEN = ("services", "tests", "bench", "scripts", "envoy")
DROPPED = {"__pycache__"}


@dataclass(frozen=True)
class Source:
    """A Python file."""

    path: Path

    @property
    def name(self) -> str:
        """Its path within the repository."""
        return self.path.relative_to(REPOSITORY).as_posix()

    @property
    def parts(self) -> tuple[str, ...]:
        """The folders it lies in, and its own name."""
        return self.path.relative_to(REPOSITORY).parts

    @property
    def lines(self) -> list[str]:
        """Its text."""
        return self.path.read_text("utf-8").splitlines()

    @property
    def tree(self) -> ast.Module:
        """Its syntax."""
        return parsed(self.path)

    def imports(self) -> Iterator[str]:
        """Yields the full name of every module it imports, and of every name from one."""
        package = list(self.parts[:-1])
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                above = package[: len(package) - node.level + 1] if node.level else []
                origin = ".".join([*above, *filter(None, [node.module])])
                yield from (f"{origin}.{alias.name}" for alias in node.names)


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"), str(path))


def python_files(*folders: str) -> list[Source]:
    """Returns the Python files below folders of the repository."""
    return [
        Source(path)
        for folder in folders
        for path in sorted((REPOSITORY / folder).rglob("*.py"))
        if not DROPPED & set(path.parts)
    ]


def layer(service: str, name: str) -> list[Source]:
    """Returns the files of a layer of a service, for example its domain."""
    return python_files(f"services/{service}/{name}")
