"""Three NATS servers from the files of `deploy/nats`, with TLS and the secrets that our script makes: they take a unit
with three replicas from who has the token, and from nobody else.
"""

import asyncio
import datetime as dt
import ipaddress
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path

import httpx
import nats
import nats.errors
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from beacon_ingest.broker import Broker
from beacon_ingest.jetstream import STREAM, JetStream, StreamPlan
from beacon_ingest.partitions import Subjects
from tests.contract.stream.units import a_unit

DEPLOY = Path(__file__).parents[3] / "deploy"
PATIENCE_S = 60.0
PLAN = StreamPlan(partitions=4, replicas=3, bytes_max=64 * 1024 * 1024)


def write_certificate(folder: Path) -> None:
    """A certificate for 127.0.0.1, signed by itself, in the places that the configuration names."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "nats")])
    now = dt.datetime.now(dt.UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = (
        builder.serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
    )
    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    builder = builder.add_extension(names, critical=False).add_extension(
        x509.BasicConstraints(ca=True, path_length=0), critical=True
    )
    certificate = builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    for file in ("server.pem", "ca.pem"):
        (folder / file).write_bytes(certificate)
    plain = serialization.NoEncryption()
    (folder / "server.key").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    )


def write_files(folder: Path) -> tuple[str, list[str]]:
    """The files of each server, changed in nothing but addresses, folders and the signs of comment before TLS; the
    setting `nats`, and the URLs of their monitoring.
    """
    subprocess.run([DEPLOY / "compose/make-secrets.sh", "x.example"], cwd=folder, check=True, capture_output=True)
    secrets = folder / "secrets"
    urls, monitoring = (secrets / "nats").read_text().strip().replace("nats://", "tls://"), []
    with ExitStack() as stack:
        held = [[stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(3)] for _ in range(3)]
        ports = [[one.getsockname()[1] for one in row] for row in held]
    for number, (client, http, route) in enumerate(ports, 1):
        own = folder / f"nats-{number}"
        own.mkdir()
        write_certificate(folder)
        for file in [*DEPLOY.glob("nats/*.conf"), *secrets.glob("*.conf")]:
            text = file.read_text(encoding="utf-8").replace("# tls", "tls")
            text = text.replace("/var/lib/nats", f"{own}/store").replace("/etc/nats", str(folder))
            for listener, port in (("0.0.0.0:4222", client), ("0.0.0.0:8222", http), ("0.0.0.0:6222", route)):
                text = text.replace(listener, f"127.0.0.1:{port}")
            for other, row in enumerate(ports, 1):
                text = text.replace(f"nats-{other}:6222", f"127.0.0.1:{row[2]}")
            (own / file.name).write_text(text, encoding="utf-8")
        urls = urls.replace(f"nats-{number}:4222", f"127.0.0.1:{client}")
        monitoring.append(f"http://127.0.0.1:{http}")
    return urls, monitoring


@asynccontextmanager
async def a_cluster(folder: Path) -> AsyncIterator[tuple[str, list[str]]]:
    """The servers, running."""
    urls, monitoring = write_files(folder)
    program = Path(sys.executable).with_name("nats-server")
    commands = [[program, "-c", folder / f"nats-{n}" / f"nats-{n}.conf"] for n in (1, 2, 3)]
    processes = [subprocess.Popen(command, stderr=subprocess.DEVNULL) for command in commands]
    try:
        yield urls, monitoring
    finally:
        for process in processes:
            process.send_signal(signal.SIGKILL)
            process.wait(PATIENCE_S)


async def test_three_servers_from_these_files_take_a_unit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    async with a_cluster(tmp_path) as (urls, monitoring):
        broker = Broker(urls.split(","), name="test", prepare=[PLAN.prepare])
        await broker.open(PATIENCE_S)
        assert broker.ready.is_set()
        await JetStream(broker, Subjects(), partitions=4, queue_max=10).publish(a_unit(1))
        info = await broker.jetstream.stream_info(STREAM)
        async with httpx.AsyncClient() as client:
            servers = [(await client.get(f"{url}/varz")).json() for url in monitoring]
        await broker.close()

        first = urls.split(",")[0]
        for wrong in (first.replace("tls://", "tls://x"), "tls://" + first.partition("@")[2]):
            with pytest.raises((nats.errors.Error, OSError)):
                async with asyncio.timeout(PATIENCE_S):
                    await nats.connect(wrong, allow_reconnect=False, error_cb=_quiet)

    assert [True] * 3 == [one["jetstream"]["config"]["sync_always"] for one in servers]
    assert [True] * 3 == [one["tls_required"] and one["cluster"]["tls_required"] for one in servers]
    assert (1, 3) == (info.state.messages, info.config.num_replicas)
    assert info.cluster is not None
    assert {"nats-1", "nats-2", "nats-3"} == {info.cluster.leader, *(one.name for one in info.cluster.replicas or [])}


async def _quiet(_error: Exception) -> None:
    pass
