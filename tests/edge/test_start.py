"""Starting: without a control plane, and what is rendered."""

import asyncio
import dataclasses
import datetime as dt
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from google.api import annotations_pb2
from google.protobuf import descriptor_pb2

from services.local import edge_config
from services.local.edge_config import EdgeSettings, render

from .authorities import Authority, admits
from .conftest import edge_settings, serve
from .control_plane import ControlPlane, provider_cluster
from .edge_process import envoy_program, start_edge
from .provider import Provider, replies

HTTP = str(annotations_pb2.http.full_name)


@pytest.mark.asyncio
async def test_the_edge_starts_without_orchestrator_and_takes_providers_later(
    tmp_path: Path,
) -> None:
    settings = edge_settings(tmp_path)
    alpha = Provider(answer=replies(200, {"id": "alpha"}))
    await alpha.start()
    admission = await serve(
        f"unix:{settings.admission_socket}", Authority(admits("provider-alpha"))
    )
    edge = await start_edge(settings, directory=tmp_path)
    try:
        async with aiohttp.ClientSession() as client:
            url = edge.url + "/v1/chat/completions"
            async with client.post(url, json={"model": "m"}) as answer:
                assert answer.status == 503
            plane = ControlPlane()
            plane.clusters = [provider_cluster("alpha", port=alpha.port)]
            orchestrator = await serve(settings.orchestrator_address, plane)
            async with asyncio.timeout(20):
                while True:
                    async with client.post(url, json={"model": "m"}) as answer:
                        if answer.status == 200:
                            break
                    await asyncio.sleep(0.1)
            await orchestrator.stop(None)
            async with client.post(url, json={"model": "m"}) as answer:
                assert await answer.json() == {"id": "alpha"}
    finally:
        await edge.stop()
        await admission.stop(None)
        await alpha.stop()


def certificate() -> bytes:
    """A certificate that nobody trusts."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")])
    now = dt.datetime.now(dt.UTC)
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + dt.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    return signed.public_bytes(serialization.Encoding.PEM)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"otlp_endpoint": "http://collector:4317"},
        {"otlp_endpoint": "https://collector:4317"},
        {"cors_origins": ("*",), "requests_per_minute": 6000},
        {"login_requests_per_minute": 30, "unlimited_addresses": ("127.0.0.1", "::1")},
    ],
)
async def test_envoy_accepts_what_is_rendered(tmp_path: Path, options: dict[str, Any]) -> None:
    authorities = tmp_path / "ca.pem"
    authorities.write_bytes(certificate())
    settings = dataclasses.replace(edge_settings(tmp_path), trusted_ca=str(authorities), **options)
    config = tmp_path / "edge.yaml"
    config.write_text(render(settings))
    validation = await asyncio.create_subprocess_exec(
        *(str(envoy_program()), "--mode", "validate", "--config-path", str(config)),
        *("--log-level", "error"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await validation.communicate()
    assert validation.returncode == 0, said.decode()


def test_the_secret_may_hold_any_character(tmp_path: Path) -> None:
    secret = "a\"b'c: #${MESH_SECRET}\\n{}"
    text = render(dataclasses.replace(edge_settings(tmp_path), mesh_secret=secret))
    services = yaml.safe_load(text)["dynamic_resources"]["ads_config"]["grpc_services"]
    assert services[0]["initial_metadata"] == [{"key": "x-aggregator-mesh", "value": secret}]


def test_settings_refuse_an_empty_secret_and_do_not_show_one(tmp_path: Path) -> None:
    settings = edge_settings(tmp_path)
    assert settings.mesh_secret not in repr(settings)
    with pytest.raises(ValueError, match="mesh secret is empty"):
        dataclasses.replace(settings, mesh_secret="")
    with pytest.raises(ValueError, match="not host:port"):
        render(dataclasses.replace(settings, auth_address="nowhere"))


@pytest.mark.parametrize(
    "origin",
    ["app.example.com", "https://a.example/", "https://*.example.com", "", "file://x", "null"],
)
def test_a_page_is_named_by_its_exact_origin(tmp_path: Path, origin: str) -> None:
    settings = dataclasses.replace(edge_settings(tmp_path), cors_origins=(origin,))
    with pytest.raises(ValueError, match="is not scheme://host"):
        render(settings)


def test_settings_refuse_what_is_not_a_limit_or_an_address(tmp_path: Path) -> None:
    settings = edge_settings(tmp_path)
    with pytest.raises(ValueError, match="negative"):
        dataclasses.replace(settings, requests_per_minute=-1)
    with pytest.raises(ValueError, match="not appear to be"):
        render(dataclasses.replace(settings, unlimited_addresses=("proxy",)))


def test_the_command_takes_every_setting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = dataclasses.replace(
        edge_settings(tmp_path),
        cors_origins=("https://a.example", "https://b.example:8443"),
        requests_per_minute=6000,
        login_requests_per_minute=30,
        unlimited_addresses=("127.0.0.1",),
        trusted_hops=1,
    )
    (tmp_path / "mesh").write_text(settings.mesh_secret)
    arguments = [f"--out={tmp_path / 'out.yaml'}", f"--mesh-secret-file={tmp_path / 'mesh'}"]
    for name, value in dataclasses.asdict(settings).items():
        if name != "mesh_secret" and value is not None:
            text = ",".join(value) if isinstance(value, tuple) else str(value)
            arguments.append(f"--{name.replace('_', '-')}={text}")
    monkeypatch.setattr("sys.argv", ["edge_config", *arguments])
    edge_config.main()
    assert (tmp_path / "out.yaml").read_text() == render(settings)


def test_every_service_with_rest_paths_is_transcoded(tmp_path: Path) -> None:
    settings = edge_settings(tmp_path)
    [transcoder] = [
        each["typed_config"]
        for each in _http_filters(settings)
        if each["name"] == "envoy.filters.http.grpc_json_transcoder"
    ]
    files = descriptor_pb2.FileDescriptorSet.FromString(Path(settings.descriptor_path).read_bytes())
    with_paths = {
        f"{file.package}.{service.name}"
        for file in files.file
        for service in file.service
        if any(
            HTTP in {each.full_name for each, _ in method.options.ListFields()}
            for method in service.method
        )
    }
    assert set(transcoder["services"]) == with_paths


def _http_filters(settings: EdgeSettings) -> list[dict[str, Any]]:
    config = yaml.safe_load(render(settings))
    [listener] = config["static_resources"]["listeners"]
    return listener["filter_chains"][0]["filters"][0]["typed_config"]["http_filters"]
