"""`python -m services.local.check_edge`: asks Envoy whether the rendered edge is valid."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from services.local import binaries
from services.local.edge_config import render
from services.local.layout import Layout
from services.local.plan import Plan
from services.local.ports import Ports


def main() -> int:
    """Returns Envoy's exit code."""
    with tempfile.TemporaryDirectory(prefix="aggregator-") as folder:
        layout = Layout(Path(folder))
        layout.prepare()
        plan = Plan(layout, ports=Ports(3000), socket_folder=layout.run, environment=os.environ)
        file = layout.run / "edge.yaml"
        file.write_text(render(plan.edge_settings()))
        command = [str(binaries.envoy_program()), "--mode", "validate", "-c", str(file)]
        result = subprocess.run(
            [*command, "--log-level", "error"], check=False, capture_output=True, text=True
        )
    print((result.stdout + result.stderr).strip() or "valid")
    return result.returncode


if __name__ == "__main__":
    sys.exit(main())
