"""Container, proxy and cluster files agree with what the app does and needs."""

import re
import subprocess
import sys
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import yaml

from maskdet_app.live.webrtc import ice
from maskdet_app.ops.installation import build_info
from maskdet_app.ops.settings import alert_settings, camera_settings
from maskdet_app.server import asgi
from maskdet_app.server.middleware import client_address, rate_limits
from maskdet_app.video.job import MAX_BYTES
from testbed.repository import REPO_ROOT

DOCKERFILE = (REPO_ROOT / "Dockerfile").read_text(encoding="utf-8")
SETTINGS = {
    *(asgi.LOG_FORMAT, asgi.METRICS_PORT, asgi.METRICS_ADDRESS, asgi.GRACE_PERIOD),
    *(ice.PROVIDER, ice.SERVERS, ice.POLICY, asgi.FRAME_ANCESTORS, build_info.COMMIT),
    *(client_address.TRUSTED_PROXIES, *asgi.UPLOAD_MB.values()),
    *(camera_settings.CAMERAS, *alert_settings.SETTINGS),
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
    assert rate_limits.HEALTH in DOCKERFILE


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
    assert container["readinessProbe"]["httpGet"]["path"] == rate_limits.HEALTH
    assert pod["terminationGracePeriodSeconds"] > asgi.DEFAULT_GRACE_S
    annotations = found["Ingress"]["metadata"]["annotations"]
    assert annotations["nginx.ingress.kubernetes.io/affinity"] == "cookie"
    selectors = [
        found["Deployment"]["spec"]["selector"]["matchLabels"],
        found["Service"]["spec"]["selector"],
        found["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"],
    ]
    assert all(selector == {"app": "maskdet"} for selector in selectors)


def test_the_cluster_confines_the_pod() -> None:
    found = {one["kind"]: one for one in documents("hosting/kubernetes.yaml")}
    pod = found["Deployment"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert container["securityContext"]["allowPrivilegeEscalation"] is False
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert {"cpu", "memory"} <= set(container["resources"]["limits"])


def test_a_pod_reaches_names_and_public_addresses_only() -> None:
    found = {one["kind"]: one for one in documents("hosting/kubernetes.yaml")}
    policy = found["NetworkPolicy"]["spec"]
    assert policy["policyTypes"] == ["Ingress", "Egress"]
    names, outside = policy["egress"]
    assert {port["port"] for port in names["ports"]} == {53}
    assert ("TCP", 443) in {(port["protocol"], port["port"]) for port in outside["ports"]}
    assert [port for port in outside["ports"] if port["protocol"] == "TCP"] == [
        {"protocol": "TCP", "port": 443}
    ]
    blocks = [one["ipBlock"] for one in outside["to"]]

    def is_reached(address: str) -> bool:
        return any(
            ip_address(address) in ip_network(block["cidr"])
            and not any(ip_address(address) in ip_network(one) for one in block["except"])
            for block in blocks
        )

    public = ("1.1.1.1", "203.0.114.1", "2606:4700::1111")
    private = (
        *("10.96.0.1", "100.64.1.1", "127.0.0.1", "169.254.169.254", "172.17.0.1"),
        *("192.168.1.1", "198.18.0.1", "192.0.0.1", "224.0.0.1", "0.0.0.1", "255.255.255.255"),
        *(
            "::1",
            "fd00::1",
            "fe80::1",
            "::ffff:10.0.0.1",
            "64:ff9b::a00:1",
            "2002:a00:1::",
            "ff02::1",
        ),
    )
    assert [one for one in public if not is_reached(one)] == []
    assert [one for one in private if is_reached(one)] == []


def test_images_are_pinned_by_digest_and_renewed() -> None:
    compose = (REPO_ROOT / "compose.yaml").read_text(encoding="utf-8")
    images = re.findall(r"^\s+image: (\S+)", compose, re.MULTILINE)
    stages = set(re.findall(r"^FROM \S+ AS (\S+)", DOCKERFILE, re.MULTILINE))
    images += [one for one in re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)]
    outside = [image for image in images if image not in stages]
    assert len(outside) == 3
    pinned = re.compile(r"[\w/-]+:[\w.-]+@sha256:[0-9a-f]{64}")
    assert [image for image in outside if not pinned.fullmatch(image)] == []
    (renewed,) = documents(".github/dependabot.yml")
    ecosystems = {update["package-ecosystem"] for update in renewed["updates"]}
    assert ecosystems == {"github-actions", "pip", "docker", "docker-compose"}


def test_the_workflow_audits_analyses_and_attests() -> None:
    (workflow,) = documents(".github/workflows/ci.yml")
    jobs = workflow["jobs"]
    commands = "\n".join(step.get("run", "") for step in jobs["supply-chain"]["steps"])
    assert "pip-audit --requirement requirements.lock --require-hashes" in commands
    used = [step.get("uses", "").split("@")[0] for step in jobs["codeql"]["steps"]]
    assert used[1:] == ["github/codeql-action/init", "github/codeql-action/analyze"]
    attest = jobs["provenance"]
    assert attest["steps"][-1]["with"]["subject-path"] == "dist/*"
    assert attest["permissions"] == {
        **{"contents": "read", "id-token": "write", "attestations": "write"},
    }
    # No other job may write anything, but CodeQL its findings.
    assert workflow["permissions"] == {"contents": "read"}
    assert {name for name, job in jobs.items() if "permissions" in job} == {"codeql", "provenance"}


def test_actions_are_pinned_by_commit_with_their_version() -> None:
    text = (REPO_ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")
    uses = re.findall(r"uses: (.+)", text)
    assert len(uses) >= 10
    pinned = re.compile(r"[\w-]+(?:/[\w-]+)+@[0-9a-f]{40} # v\d+\.\d+\.\d+")
    assert [one for one in uses if not pinned.fullmatch(one)] == []


def test_proxies_let_a_video_of_the_largest_size_pass() -> None:
    haproxy = (REPO_ROOT / "hosting" / "haproxy.cfg").read_text(encoding="utf-8")
    caddy = (REPO_ROOT / "hosting" / "Caddyfile").read_text(encoding="utf-8")
    (most,) = re.findall(r"content-length\) gt (\d+)", haproxy)
    assert int(most) > MAX_BYTES
    (most_mb,) = re.findall(r"max_size (\d+)MB", caddy)
    assert int(most_mb) * 1_000_000 > MAX_BYTES
