"""The command line as a whole: what it loads, what it defaults to, how it ends."""

import argparse
from pathlib import Path

import pytest

from testbed.processes.interpreter import run_python
from train.__main__ import main, make_parser
from train.commands.fit import fit_config

DATA = ["--data", "a", "b"]


def parsed(*argv: str) -> argparse.Namespace:
    return make_parser().parse_args(argv)


def test_the_command_line_loads_no_training_library() -> None:
    code = (
        "import train.__main__, sys;"
        "print([m for m in ('tensorflow', 'keras', 'lightgbm', 'skimage') if m in sys.modules])"
    )
    assert run_python(code) == "[]"


def test_options_of_fit_change_the_named_configuration() -> None:
    plain = fit_config(parsed("fit", *DATA, "--out", "run"))
    assert (plain.weights, plain.hands, plain.full_epochs) == ("imagenet", True, 19)
    changed = fit_config(
        parsed("fit", *DATA, "--out", "run", "--seed", "0", "--no-hands", "--full-epochs", "3")
    )
    assert (changed.seed, changed.hands, changed.full_epochs) == (0, False, 3)
    assert changed.learning_rate == plain.learning_rate


@pytest.mark.parametrize(
    ("argv", "expected"),
    [
        (["export", "run", *DATA], {"models": Path("models"), "float_too": False}),
        (
            ["prune", *DATA, "--from", "run", "--widths", "16,32,64,128,128", "--out", "o"],
            {"source": Path("run"), "widths": (16, 32, 64, 128, 128), "crops": 256, "seed": 0},
        ),
        (
            ["widths", *DATA, "--from", "a.tflite", "--out", "o"],
            {"config": "slim", "epochs": None, "seed": 20, "runs": None, "teacher": None},
        ),
        (["evaluate", "run", *DATA], {"models": Path("models"), "held_out_run": None}),
        (
            ["ablate", *DATA, "--out", "o", "--hands", "h", "--weights", "w"],
            {"frozen_epochs": 0, "full_epochs": 6, "epoch_samples": 4_800, "seed": 20},
        ),
        (
            ["finder", *DATA, "--photos", "p", "--out", "o"],
            {"proposals": None, "epochs": 12, "steps": 500, "seed": 0, "resume": False},
        ),
        (
            ["proposals", *DATA, "--photos", "p", "--out", "o"],
            {"windows": 20_000, "features": 1_500, "processes": 2, "seed": 0, "resume": False},
        ),
        (
            ["evaluate-finder", *DATA],
            {"models": Path("models"), "photos": None, "dump_false": None},
        ),
        (["samples"], {"out": Path("maskdet_app/photo/samples")}),
        (["demo-film"], {"out": Path("maskdet_app/live/demo/film.mp4")}),
    ],
)
def test_defaults(argv: list[str], expected: dict[str, object]) -> None:
    options = vars(parsed(*argv))
    assert {name: options[name] for name in expected} == expected


def test_fit_takes_widths_and_teacher() -> None:
    more = ["--config", "slim", "--widths", "16,16,32,64,64", "--teacher", "a.tflite"]
    slim = fit_config(parsed("fit", *DATA, "--out", "run", *more))
    assert slim.network.widths == (16, 16, 32, 64, 64)
    assert slim.full_from == 3
    assert slim.teacher == "a.tflite"


@pytest.mark.parametrize("text", ["16,32,64,128", "16,32,64,128,130", "a,b,c,d,e", "0,16,16,16,16"])
def test_widths_are_five_multiples(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parsed("prune", *DATA, "--from", "run", "--widths", text, "--out", "o")
    assert "five multiples of 16" in capsys.readouterr().err


def test_a_front_of_three_networks_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    widths = ["16,16,16,16,16", "16,16,16,16,32", "16,16,16,32,32"]
    argv = ["widths", *DATA, "--from", "a.tflite", "--out", str(tmp_path), "--widths", *widths]
    assert main(argv) == 1
    assert "expected 4 networks or more, got 3" in capsys.readouterr().err


def test_an_error_of_training_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    missing = tmp_path / "missing"
    assert main(["evaluate", "run", "--data", str(missing)]) == 1
    error = capsys.readouterr().err
    assert error == f"error: expected a folder of pictures, found nothing at {missing}\n"


def test_wrong_usage_is_exit_code_2() -> None:
    with pytest.raises(SystemExit) as exit_info:
        main(["fit"])
    assert exit_info.value.code == 2
