"""Container, proxy and cluster files agree with what the app does and needs."""

import re
import subprocess
import sys
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import yaml

from maskdet_app.live import ice
from maskdet_app.ops import build_info
from maskdet_app.server import asgi, middleware
from maskdet_core.decode import MAX_BYTES

REPO_ROOT = Path(__file__).resolve().parents[2]
DOCKERFILE = (REPO_ROOT / "Dockerfile").read_text(encoding="utf-8")
SETTINGS = {
    *(asgi.LOG_FORMAT, asgi.METRICS_PORT, asgi.METRICS_ADDRESS, asgi.GRACE_PERIOD),
    *(ice.PROVIDER, ice.SERVERS, ice.POLICY, asgi.FRAME_ANCESTORS, build_info.COMMIT),
}


def documents(name: str) -> list[Any]:
    return list(yaml.safe_load_all((REPO_ROOT / name).read_text(encoding="utf-8")))


def test_the_dockerfile_is_clean() -> None:
    linter = Path(sys.executable).with_name("hadolint")
    found = subprocess.run(
        [linter, REPO_ROOT / "Dockerfile"], capture_output=True, text=True, check=False
    )
    assert (found.returncode, found.stdout) == (0, "")


def test_the_container_gets_existing_files_and_no_secrets() -> None:
    ignored = (REPO_ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE)
    sources = {source for line in copied for source in line.split()}
    for source in sources:
        assert (REPO_ROOT / source).exists(), source
        assert f"!{source}" in ignored, source
    assert ".streamlit/secrets.toml" in ignored
    assert "USER 1000" in DOCKERFILE
    assert middleware.HEALTH in DOCKERFILE


def test_the_lock_has_every_requirement_within_its_bounds_with_hashes() -> None:
    lock = (REPO_ROOT / "requirements.lock").read_text(encoding="utf-8")
    locked = dict(re.findall(r"^([a-z0-9._-]+)==(\S+)", lock, re.MULTILINE))
    wanted = re.findall(
        r"^([A-Za-z0-9._-]+)>=([\d.]+),<([\d.]+)$",
        (REPO_ROOT / "requirements.txt").read_text(encoding="utf-8"),
        re.MULTILINE,
    )
    assert len(wanted) >= 10

    def numbers(version: str) -> list[int]:
        return [int(part) for part in re.findall(r"\d+", version)]

    for name, least, below in wanted:
        version = locked[name.lower()]
        assert numbers(least) <= numbers(version) < numbers(below), f"{name} {version}: make lock"
    entries = re.split(r"\n(?=\S)", lock)
    unhashed = [entry for entry in entries if "==" in entry and "--hash=sha256:" not in entry]
    assert unhashed == []
    assert "http" not in lock


def test_compose_and_cluster_use_existing_settings() -> None:
    texts = [
        (REPO_ROOT / name).read_text(encoding="utf-8")
        for name in ("compose.yaml", "hosting/kubernetes.yaml", "Dockerfile")
    ]
    named = {name for text in texts for name in re.findall(r"MASKDET_[A-Z_]+", text)}
    of_the_files = {"MASKDET_DOMAIN", "MASKDET_UPSTREAM"}
    of_providers = {"MASKDET_TURN_URLS", "MASKDET_TURN_SECRET"}
    assert named - of_the_files - of_providers <= SETTINGS


def test_all_settings_are_documented() -> None:
    text = (REPO_ROOT / "docs" / "hosting.md").read_text(encoding="utf-8")
    assert sorted(name for name in SETTINGS if f"`{name}`" not in text) == []


def test_the_app_in_compose_is_confined_and_the_relay_reaches_only_it() -> None:
    (compose,) = documents("compose.yaml")
    app, relay = compose["services"]["app"], compose["services"]["relay"]
    assert "ports" not in app
    for service in (app, relay):
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
    # In its own network: on the host's it would stand before everything that listens there.
    assert "network_mode" not in relay
    assert relay["ports"] == ["3478:3478", "3478:3478/udp"]
    config = (REPO_ROOT / "hosting" / "turnserver.conf").read_text(encoding="utf-8")
    lines = [line for line in config.splitlines() if line and not line.startswith("#")]
    options = dict(re.findall(r"^(\S+?)=(\S+)$", "\n".join(lines), re.MULTILINE))
    assert [line for line in lines if line.startswith("allowed-peer-ip")] == [
        f"allowed-peer-ip={app['networks']['inside']['ipv4_address']}"
    ]
    own = relay["networks"]["inside"]["ipv4_address"]
    assert (options["listening-ip"], options["relay-ip"]) == (own, own)
    (subnet,) = compose["networks"]["inside"]["ipam"]["config"]
    for name in (app["networks"]["inside"]["ipv4_address"], own, subnet["gateway"]):
        # else another container may be given the app's address
        assert ip_address(name) in ip_network(subnet["subnet"])
        assert ip_address(name) not in ip_network(subnet["ip_range"])


def test_the_relay_has_every_guard_and_no_secret() -> None:
    config = (REPO_ROOT / "hosting" / "turnserver.conf").read_text(encoding="utf-8")
    lines = {line for line in config.splitlines() if line and not line.startswith("#")}
    # What tests/repo/test_relay_peers.py cannot see missing with coturn 4.6.1: the rule for IPv6
    # covers IPv4 there, these are defaults, or other lines cover them.
    assert lines >= {
        "denied-peer-ip=0.0.0.0-255.255.255.255",
        "no-multicast-peers",
        "use-auth-secret",
        "stale-nonce=600",
        "no-cli",
        "no-tls",
        "no-dtls",
        "no-rfc5780",
        "no-stun-backward-compatibility",
        "response-origin-only-with-rfc5780",
        "no-software-attribute",
    }
    given = {line.split("=")[0] for line in lines}
    risky = {"static-auth-secret", "user", "no-auth", "allow-loopback-peers", "server-relay"}
    risky |= {"cli-password", "web-admin", "prometheus", "mobility", "oauth", "userdb"}
    assert given & risky == set()


def test_the_cluster_keeps_sessions_and_lets_viewers_drain() -> None:
    found = {one["kind"]: one for one in documents("hosting/kubernetes.yaml")}
    pod = found["Deployment"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert container["readinessProbe"]["httpGet"]["path"] == middleware.HEALTH
    assert pod["terminationGracePeriodSeconds"] > asgi.DEFAULT_GRACE_S
    annotations = found["Ingress"]["metadata"]["annotations"]
    assert annotations["nginx.ingress.kubernetes.io/affinity"] == "cookie"
    selectors = [
        found["Deployment"]["spec"]["selector"]["matchLabels"],
        found["Service"]["spec"]["selector"],
        found["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"],
    ]
    assert all(selector == {"app": "maskdet"} for selector in selectors)


def test_actions_are_pinned_by_commit_with_their_version() -> None:
    text = (REPO_ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")
    uses = re.findall(r"uses: (.+)", text)
    assert len(uses) >= 10
    pinned = re.compile(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")
    assert [one for one in uses if not pinned.fullmatch(one)] == []


def test_proxies_let_a_photo_of_the_largest_size_pass() -> None:
    haproxy = (REPO_ROOT / "hosting" / "haproxy.cfg").read_text(encoding="utf-8")
    caddy = (REPO_ROOT / "hosting" / "Caddyfile").read_text(encoding="utf-8")
    (most,) = re.findall(r"content-length\) gt (\d+)", haproxy)
    assert int(most) > MAX_BYTES
    (most_mb,) = re.findall(r"max_size (\d+)MB", caddy)
    assert int(most_mb) * 1_000_000 > MAX_BYTES
