"""What is installed is whole: version, command and data, seen from a folder that is not the checkout."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LOAD_ALL = """
from tui_trainer.datasets.catalog import CATALOG
from tui_trainer.datasets.catalog import ShippedFile
from tui_trainer.datasets.loading import load
from tui_trainer.experiment.schema import DatasetConfig
for name, entry in CATALOG.items():
    if isinstance(entry, ShippedFile):
        print(name, len(load(DatasetConfig(name=name)).x))
"""


def installed_version() -> str | None:
    """The version that is installed; None where the tests run on the checkout alone."""
    try:
        return metadata.version("tui-trainer")
    except metadata.PackageNotFoundError:
        return None


needs_install = pytest.mark.skipif(installed_version() is None, reason="the package is not installed")


def run(*arguments: str, folder: Path) -> str:
    """What Python prints in ``folder``, with nothing but installed packages in reach."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [sys.executable, "-P", *arguments]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=True)
    return done.stdout


@needs_install
def test_the_installed_command_says_its_version(tmp_path: Path) -> None:
    printed = run("-m", "tui_trainer", "--version", folder=tmp_path)
    assert printed == f"tui-trainer {installed_version()}\n"


@needs_install
def test_every_dataset_is_installed(tmp_path: Path) -> None:
    rows = dict(line.split() for line in run("-c", LOAD_ALL, folder=tmp_path).splitlines())
    assert rows == {
        "boston": "506",
        "boston_rm": "506",
        "boston_six": "506",
        "iris": "150",
        "iris_two": "100",
        "wine": "178",
        "breast_cancer": "569",
        "digits": "1797",
    }


def test_the_license_names_the_authors() -> None:
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert text.startswith("MIT License") and "The tui-trainer authors" in text
