"""The programs that read the shipped configuration files accept them, and refuse broken ones."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
import yaml

from testbed.repository import REPO_ROOT

HOSTING = REPO_ROOT / "hosting"
KUBERNETES_VERSIONS = ("1.31", "1.34")
CADDY = {"MASKDET_DOMAIN": "masks.example.org", "MASKDET_UPSTREAM": "app:8501"}
HAPROXY = {
    "MASKDET_BIND": "127.0.0.1:8080",
    "MASKDET_SERVER_1": "127.0.0.1:8601",
    "MASKDET_SERVER_2": "127.0.0.1:8602",
}


def run(command: Sequence[str], tmp_path: Path, environment: Mapping[str, str]) -> tuple[int, str]:
    ended = subprocess.run(
        command,
        # Caddy writes to its home
        env=os.environ | {"HOME": str(tmp_path)} | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return ended.returncode, ended.stdout + ended.stderr


def broken(name: str, text: str, tmp_path: Path) -> Path:
    """A copy of a file with a line that its program does not know."""
    path = tmp_path / name
    path.write_text((HOSTING / name).read_text(encoding="utf-8").replace(text, f"{text}x", 1))
    return path


def test_haproxy_accepts_its_configuration(haproxy_path: str, tmp_path: Path) -> None:
    command = [haproxy_path, "-c", "-f", str(HOSTING / "haproxy.cfg")]
    code, output = run(command, tmp_path, HAPROXY)
    assert code == 0, output
    # Without its settings it does not start at all.
    assert run(command, tmp_path, dict.fromkeys(HAPROXY, ""))[0] != 0
    command[-1] = str(broken("haproxy.cfg", "balance leastconn", tmp_path))
    assert run(command, tmp_path, HAPROXY)[0] != 0


def test_caddy_accepts_its_configuration(caddy_path: str, tmp_path: Path) -> None:
    def validated(path: Path) -> tuple[int, str]:
        command = [caddy_path, "validate", "--adapter", "caddyfile", "--config", str(path)]
        return run(command, tmp_path, CADDY)

    code, output = validated(HOSTING / "Caddyfile")
    assert code == 0, output
    assert "Valid configuration" in output
    assert validated(broken("Caddyfile", "reverse_proxy", tmp_path))[0] != 0


@pytest.mark.parametrize("version", KUBERNETES_VERSIONS)
def test_kubernetes_schemas_accept_the_cluster_file(version: str) -> None:
    if os.environ.get("CI"):
        import kubernetes_validate
    else:
        kubernetes_validate = pytest.importorskip("kubernetes_validate")
    documents = [*yaml.safe_load_all((HOSTING / "kubernetes.yaml").read_text(encoding="utf-8"))]
    assert {one["kind"] for one in documents} == {
        *("Deployment", "Service", "Ingress", "PodDisruptionBudget", "NetworkPolicy"),
    }
    for document in documents:
        kubernetes_validate.validate(document, version, strict=True)
    documents[0]["spec"]["template"]["spec"]["containers"][0]["imagee"] = "unknown"
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(documents[0], version, strict=True)
