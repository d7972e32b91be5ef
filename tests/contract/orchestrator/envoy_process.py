"""A real Envoy that knows nothing but where orchestrator is.

Its only route sends a request to the cluster that the header `x-cluster` names.
"""

import asyncio
import importlib.util
import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from tests.servers import free_port

DEADLINE_SECONDS = 15.0
EXTENSIONS = "type.googleapis.com/envoy.extensions."
HTTP_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"


@dataclass(frozen=True)
class Envoy:
    """A running Envoy."""

    session: aiohttp.ClientSession
    admin: str
    url: str

    async def admin_json(self, path: str) -> Any:
        async with self.session.get(self.admin + path) as answer:
            return await answer.json(content_type=None)

    async def clusters(self) -> dict[str, Any]:
        """Returns the clusters that orchestrator told of and that are in use, by name."""
        path = "/config_dump?resource=dynamic_active_clusters"
        dump = await self.admin_json(path)
        found = [each["cluster"] for each in dump.get("configs", [])]
        return {each["name"]: each for each in found}

    async def stat(self, name: str) -> int:
        stats = await self.admin_json(f"/stats?format=json&filter=^{name}$")
        return sum(each["value"] for each in stats["stats"])

    def post(self, provider_id: str, **options: Any) -> Any:
        """Sends a request to a provider's cluster."""
        headers = {"x-cluster": f"provider-{provider_id}", "authorization": "Bearer of-the-client"}
        return self.session.post(self.url, headers=headers, **options)

    async def status(self, provider_id: str) -> int:
        async with self.post(provider_id, data=b"{}") as answer:
            return answer.status


async def eventually(probe: Callable[[], Awaitable[bool]]) -> None:
    """Returns as soon as the probe says yes; fails when it does not in time."""
    async with asyncio.timeout(DEADLINE_SECONDS):
        while not await probe():  # noqa: ASYNC110 (Envoy's state has no event to await)
            await asyncio.sleep(0.05)


def _bootstrap(control_plane: str, *, mesh_secret: str, ports: tuple[int, int]) -> dict[str, Any]:
    host, port = control_plane.split(":")
    admin, edge = ports
    metadata = [{"key": "x-aggregator-mesh", "value": mesh_secret}]
    ads = {
        "api_type": "GRPC",
        "transport_api_version": "V3",
        "set_node_on_first_message_only": True,
        "grpc_services": [
            {"envoy_grpc": {"cluster_name": "orchestrator"}, "initial_metadata": metadata}
        ],
    }
    options = {
        "@type": f"type.googleapis.com/{HTTP_OPTIONS}",
        "explicit_http_config": {"http2_protocol_options": {}},
    }
    orchestrator = {
        "name": "orchestrator",
        "type": "STATIC",
        "connect_timeout": "1s",
        "typed_extension_protocol_options": {HTTP_OPTIONS: options},
        "load_assignment": {
            "cluster_name": "orchestrator",
            "endpoints": [{"lb_endpoints": [{"endpoint": {"address": _address(host, int(port))}}]}],
        },
    }
    return {
        "node": {"id": "test", "cluster": "test"},
        "admin": {"address": _address("127.0.0.1", admin)},
        "dynamic_resources": {
            "ads_config": ads,
            "cds_config": {"resource_api_version": "V3", "ads": {}},
        },
        "static_resources": {"clusters": [orchestrator], "listeners": [_listener(edge)]},
    }


def _address(host: str, port: int) -> dict[str, Any]:
    return {"socket_address": {"address": host, "port_value": port}}


def _listener(port: int) -> dict[str, Any]:
    names = ("alpha", "bravo")
    # What admission says of a request, said here of every request.
    admitted = {f"path:provider-{name}": f"/of-{name}/chat/completions" for name in names}
    admission = {
        "@type": EXTENSIONS + "filters.http.set_metadata.v3.Config",
        "metadata": [{"metadata_namespace": "envoy.filters.http.ext_authz", "value": admitted}],
    }
    route = {
        "match": {"prefix": "/"},
        "route": {"cluster_header": "x-cluster", "timeout": "0s", "auto_host_rewrite": True},
    }
    connections = {
        "@type": EXTENSIONS + "filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "edge",
        "route_config": {"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [route]}]},
        "http_filters": [
            {"name": "admission", "typed_config": admission},
            {
                "name": "router",
                "typed_config": {"@type": EXTENSIONS + "filters.http.router.v3.Router"},
            },
        ],
    }
    chain = {"filters": [{"name": "http", "typed_config": connections}]}
    return {"name": "edge", "address": _address("127.0.0.1", port), "filter_chains": [chain]}


@asynccontextmanager
async def running_envoy(
    control_plane: str, *, mesh_secret: str, folder: Path
) -> AsyncGenerator[Envoy]:
    """Runs Envoy until the block ends."""
    ports = (free_port(), free_port())
    config = folder / "envoy.json"
    config.write_text(json.dumps(_bootstrap(control_plane, mesh_secret=mesh_secret, ports=ports)))
    spec = importlib.util.find_spec("envoy")
    assert spec
    assert spec.submodule_search_locations
    program = Path(spec.submodule_search_locations[0]) / "_bin" / "envoy"
    options = ("--concurrency", "1", "--disable-hot-restart", "--log-level", "warning")
    with (folder / "envoy.log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            str(program), "--config-path", str(config), *options, stdout=log, stderr=log
        )
    try:
        async with aiohttp.ClientSession() as session:
            admin, url = (f"http://127.0.0.1:{port}" for port in ports)
            envoy = Envoy(session, admin, url)
            await eventually(lambda: _answers(envoy, process))
            yield envoy
    finally:
        process.kill()
        await process.wait()


async def _answers(envoy: Envoy, process: asyncio.subprocess.Process) -> bool:
    assert process.returncode is None, "Envoy ended at its start; see envoy.log"
    try:
        async with envoy.session.get(envoy.admin + "/ready") as answer:
            return answer.status == 200
    except aiohttp.ClientError:
        return False
