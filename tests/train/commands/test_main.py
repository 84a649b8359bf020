"""The command line as a whole: what it loads, what it defaults to, how it ends."""

import argparse
from pathlib import Path

import pytest

from testbed.interpreter import run_python
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
        (["evaluate", "run", *DATA], {"models": Path("models"), "held_out_run": None}),
        (
            ["ablate", *DATA, "--out", "o", "--hands", "h"],
            {"frozen_epochs": 1, "full_epochs": 2, "epoch_samples": 5_000, "seed": 20},
        ),
        (
            ["cascade", *DATA, "--out", "o"],
            {"windows": 40_000, "features": 3_000, "seed": 0, "resume": False},
        ),
        (
            ["finder", *DATA, "--photos", "p", "--out", "o"],
            {"proposals": None, "epochs": 12, "steps": 500, "seed": 0, "resume": False},
        ),
        (
            ["evaluate-detector", *DATA],
            {"models": Path("models"), "photos": None, "dump_false": None},
        ),
        (["samples"], {"out": Path("maskdet_app/photo/samples")}),
    ],
)
def test_defaults(argv: list[str], expected: dict[str, object]) -> None:
    options = vars(parsed(*argv))
    assert {name: options[name] for name in expected} == expected


def test_an_error_of_the_workshop_is_one_line(
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
