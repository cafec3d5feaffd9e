"""A kube-apiserver on an etcd of its own, and the controllers and the scheduler that work through it."""

from __future__ import annotations

import json
import secrets
import signal
import ssl
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from kubernetes.aio.client import ApiClient, Configuration

from simulator.ports import free_port, free_ports
from tests.parts.certificates import Authority
from tests.parts.kubernetes.process import LoggedProcess
from tests.parts.kubernetes.programs import KubernetesPrograms
from tests.parts.kubernetes.rest import KubernetesRest
from tests.parts.part import wait_until

ADMINISTRATOR = "administrator"
CONTROLLERS = "system:kube-controller-manager"
SCHEDULER = "system:kube-scheduler"
_GROUPS = {ADMINISTRATOR: "system:masters", CONTROLLERS: "", SCHEDULER: ""}
START_TIMEOUT_S = 120


class KubeApiserver:
    """An API server on 127.0.0.1 with RBAC and the default admission; its objects outlive a restart."""

    def __init__(self, programs: KubernetesPrograms, folder: Path) -> None:
        self.programs = programs
        self.folder = folder
        self._tokens = {user: secrets.token_hex(16) for user in _GROUPS}
        self._port = free_port()
        self.url = f"https://127.0.0.1:{self._port}"
        self.authority = folder / "authority.pem"
        self.service_account_key = folder / "service-account.key"
        self._write_files()
        self.kubeconfig = self.kubeconfig_of(ADMINISTRATOR)
        """Of an administrator, who may do everything."""
        client_port, peer_port = free_ports(2)
        self._etcd_url = f"http://127.0.0.1:{client_port}"
        self._etcd = LoggedProcess(self._etcd_command(peer_port), folder / "etcd.log")
        self._process = LoggedProcess(self._command(), folder / "kube-apiserver.log")

    def start(self) -> None:
        """Return once it is ready. Raises PartMissingError with the end of its log when it never is."""
        process = self._process.start()
        wait_until(self.is_ready, process, self._process.log, START_TIMEOUT_S)

    def stop(self) -> None:
        """Kill it, as a lost node would; what it has answered is in etcd, which stays."""
        self._process.stop(signal.SIGKILL)

    def restart(self) -> None:
        """Stop and start: every watch and every connection breaks."""
        self.stop()
        self.start()

    @contextmanager
    def with_etcd(self) -> Iterator[None]:
        """Both run while the context is open."""
        process = self._etcd.start()
        try:
            wait_until(lambda: _answers(f"{self._etcd_url}/health"), process, self._etcd.log)
            self.start()
            yield
        finally:
            self.stop()
            self._etcd.stop()

    def is_ready(self) -> bool:
        """It says so itself, and what it makes at its start is there."""
        return all(
            map(self.has, ("/readyz", "/api/v1/namespaces/default", "/api/v1/namespaces/kube-node-lease"))
        )

    def has(self, path: str) -> bool:
        """It answers, and something is at `path`."""
        context = ssl.create_default_context(cafile=str(self.authority))
        return _answers(self.url + path, context, self._tokens[ADMINISTRATOR])

    def client(self, token: str | None = None, *, url: str | None = None) -> ApiClient:
        """A client of an administrator, or of who holds `token`. `url`: of a proxy. Its user closes it."""
        configuration = Configuration(
            host=url or self.url,
            api_key={"BearerToken": token or self._tokens[ADMINISTRATOR]},
            api_key_prefix={"BearerToken": "Bearer"},
            ssl_ca_cert=str(self.authority),
        )
        return ApiClient(configuration)

    def rest(self) -> KubernetesRest:
        """The administrator's way to objects of any kind, as JSON."""
        return KubernetesRest(self.url, self._tokens[ADMINISTRATOR], self.authority)

    def kubeconfig_of(self, user: str) -> Path:
        """The file by which a program is `user`."""
        path = self.folder / f"{user.removeprefix('system:')}.kubeconfig"
        return self.write_kubeconfig(path, self._tokens[user])

    def write_kubeconfig(self, path: Path, token: str | None = None, *, url: str | None = None) -> Path:
        """The file by which a program is who holds `token`, else an administrator. `url`: of a proxy."""
        cluster = {"server": url or self.url, "certificate-authority": str(self.authority)}
        content = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "test", "cluster": cluster}],
            "users": [{"name": "user", "user": {"token": token or self._tokens[ADMINISTRATOR]}}],
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": "user"}}],
            "current-context": "test",
        }
        path.write_text(json.dumps(content), encoding="utf-8")  # YAML holds JSON
        return path

    def _write_files(self) -> None:
        authority = Authority()
        issued = authority.issue("kubernetes.default.svc", "localhost")
        self.authority.write_bytes(authority.pem)
        (self.folder / "server.pem").write_bytes(issued.certificate)
        (self.folder / "server.key").write_bytes(issued.key)
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.service_account_key.write_bytes(
            key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        )
        public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        (self.folder / "service-account.pub").write_bytes(public)
        rows = (f'{self._tokens[user]},{user},{user},"{groups}"' for user, groups in _GROUPS.items())
        (self.folder / "tokens.csv").write_text("\n".join(rows), encoding="utf-8")

    def _etcd_command(self, peer_port: int) -> list[str | Path]:
        peer = f"http://127.0.0.1:{peer_port}"
        return [
            self.programs.etcd,
            f"--data-dir={self.folder / 'etcd'}",
            f"--listen-client-urls={self._etcd_url}",
            f"--advertise-client-urls={self._etcd_url}",
            f"--listen-peer-urls={peer}",
            f"--initial-advertise-peer-urls={peer}",
            f"--initial-cluster=default={peer}",
        ]

    def _command(self) -> list[str | Path]:
        folder = self.folder
        return [
            self.programs.kubernetes,
            "kube-apiserver",
            f"--etcd-servers={self._etcd_url}",
            "--bind-address=127.0.0.1",
            f"--secure-port={self._port}",
            f"--tls-cert-file={folder / 'server.pem'}",
            f"--tls-private-key-file={folder / 'server.key'}",
            f"--cert-dir={folder}",
            f"--token-auth-file={folder / 'tokens.csv'}",
            "--authorization-mode=RBAC",
            "--service-account-issuer=https://kubernetes.default.svc",
            f"--service-account-signing-key-file={self.service_account_key}",
            f"--service-account-key-file={folder / 'service-account.pub'}",
            "--service-cluster-ip-range=10.96.0.0/16",
            "--endpoint-reconciler-type=none",
            "--allow-privileged=false",
            "--shutdown-delay-duration=0s",
        ]


@contextmanager
def run_kube_apiserver(programs: KubernetesPrograms) -> Iterator[KubeApiserver]:
    """An empty cluster's API while the context is open."""
    with tempfile.TemporaryDirectory(prefix="snowlight-kubernetes-") as name:
        server = KubeApiserver(programs, Path(name))
        with server.with_etcd():
            yield server


@contextmanager
def run_controllers(server: KubeApiserver) -> Iterator[None]:
    """kube-controller-manager and kube-scheduler at work while the context is open."""
    controllers = LoggedProcess(
        [
            server.programs.kubernetes,
            "kube-controller-manager",
            f"--kubeconfig={server.kubeconfig_of(CONTROLLERS)}",
            "--secure-port=0",
            "--leader-elect=false",
            "--use-service-account-credentials",
            f"--service-account-private-key-file={server.service_account_key}",
            f"--root-ca-file={server.authority}",
            "--pvclaimbinder-sync-period=1s",
        ],
        server.folder / "kube-controller-manager.log",
    )
    scheduler = LoggedProcess(
        [
            server.programs.kubernetes,
            "kube-scheduler",
            f"--kubeconfig={server.kubeconfig_of(SCHEDULER)}",
            "--secure-port=0",
            "--leader-elect=false",
        ],
        server.folder / "kube-scheduler.log",
    )
    try:
        process = controllers.start()
        scheduler.start()
        account = "/api/v1/namespaces/default/serviceaccounts/default"  # one of their works
        wait_until(lambda: server.has(account), process, controllers.log)
        yield
    finally:
        scheduler.stop()
        controllers.stop()


def _answers(url: str, context: ssl.SSLContext | None = None, token: str = "") -> bool:
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"})
    try:
        with urllib.request.urlopen(request, timeout=5, context=context) as response:
            return bool(response.status == 200)
    except (URLError, OSError):
        return False
