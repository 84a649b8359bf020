"""Records of runs by this version and by earlier ones."""

import json
from pathlib import Path
from typing import Any

import pytest

from train.errors import RunError
from train.network.config import FitConfig, NetworkConfig
from train.network.export import network_of
from train.network.run_folder import RunFolder


def earlier_run(folder: Path, sizes: list[int], **network: Any) -> Path:
    """Record of a run by a version that had settings for normalisation and growing pictures."""
    config = FitConfig().record()
    config = config | {"input_sizes": sizes, "network": config["network"] | network}
    (folder / "run.json").write_text(json.dumps({"format": 1, "config": config}))
    return folder


def test_former_settings_at_their_defaults_are_left_out(tmp_path: Path) -> None:
    run = earlier_run(tmp_path, [128], batch_norm=False)
    record = RunFolder(run).read()
    assert record["config"] == FitConfig().record()
    assert network_of(run) == NetworkConfig()
    RunFolder(run).validate(record, resume=True)


def test_network_with_batch_normalisation_is_refused(tmp_path: Path) -> None:
    run = earlier_run(tmp_path, [128], batch_norm=True)
    with pytest.raises(RunError, match=r"without batch normalisation in .*run\.json"):
        network_of(run)
    # nor is its folder taken for another run's
    assert RunFolder(run).begun


def test_run_on_growing_pictures_can_be_used_but_not_resumed(tmp_path: Path) -> None:
    run = earlier_run(tmp_path, [64, 128], batch_norm=False)
    assert network_of(run) == NetworkConfig()
    now = RunFolder(run).read() | {"config": FitConfig().record()}
    with pytest.raises(RunError, match=r"these differ: input_sizes$"):
        RunFolder(run).validate(now, resume=True)  # type: ignore[arg-type]


def test_runs_that_ship_can_be_read(repo_root: Path) -> None:
    runs = list(repo_root.glob("models/**/runs/*/run.json"))
    assert len(runs) >= 2
    for path in runs:
        assert network_of(path.parent).outputs
