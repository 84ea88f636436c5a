"""Files of experiments: read, written again, shared, described, and trained for a step."""

from __future__ import annotations

import random
from functools import cache

from holding import ROOT, Campaign, Case, check_sentence, check_shown, run_command
from mutators import changed_toml, file_of_text

from tui_trainer.errors import UserError
from tui_trainer.experiment.schema import Experiment
from tui_trainer.experiment.share import share, unshare
from tui_trainer.experiment.toml_file import dumps, loads, read, write
from tui_trainer.training.session import Session

KIND = "experiments"
OWN_FILE = """\
name = "own"
hide = ["training", "dataset.seed"]

[dataset]
path = "own.csv"
features = ["a", "b"]
target = "c"
delimiter = "comma"
decimal = "point"
encoding = "utf-8"
header = true
missing = "fill"
task = "classification"

[dataset.kinds]
a = "number"
c = "category"

[model]
dtype = "float64"
seed = 9223372036854775807

[model.output]
units = 2
activation = "softmax"

[training]
loss = "categorical_crossentropy"
batch_size = "full"
epochs = 3
metrics = ["accuracy", "per_class"]
l1 = 0.001
l2 = 0.01
stop_at_loss = 0.01
stop_at_accuracy = 0.99
stop_after = 2.5

[training.optimizer]
name = "adam"
beta_1 = 0.9
epsilon = 1e-7

[training.early_stopping]
monitor = "val_loss"
patience = 3
restore_best_weights = true
"""
OWN_DATA = "a,b,c\n" + "".join(f"{n},{n % 7 / 2},{'xy'[n % 2]}\n" for n in range(40))
COMMANDS = (
    ("summary", "x.toml"),
    ("summary", "x.toml", "--style", "book"),
    ("train", "x.toml", "--epochs", "1"),
    ("train", "x.toml", "--epochs", "1", "--json"),
    ("train", "x.toml", "--epochs", "1", "--history", "out.csv"),
    ("export", "x.toml", "--epochs", "1", "--to", "out", "--format", "csv", "--format", "keras"),
    ("sweep", "x.toml", "--repeat", "2", "--no-store", "--jobs", "1"),
    ("x.toml",),
)
MAX_UNITS, MAX_ROWS = 3000, 3000  # of all layers together, of an epoch: more than this is not trained here


@cache
def good() -> tuple[str, ...]:
    """Experiments of all sorts, as their files are written by hand and by the app."""
    folders = (ROOT / "examples", ROOT / "tests/compatibility/version_0_1/experiments")
    by_hand = [path.read_text() for folder in folders for path in sorted(folder.glob("*.toml"))]
    by_app = [dumps(loads(text)) for text in (*by_hand[:3], OWN_FILE)] + [dumps(Experiment())]
    return (*by_hand, OWN_FILE, *by_app)


def experiment_text(rng: random.Random) -> str:
    """An experiment with something changed in it."""
    return changed_toml(rng, rng.choice(good()), good())


def experiment_file(rng: random.Random) -> bytes:
    """The bytes of such a file."""
    return file_of_text(rng, experiment_text(rng), [text.encode() for text in good()])


def is_small(experiment: Experiment) -> bool:
    """Whether a step takes next to no time."""
    units = sum(layer.units for layer in experiment.model.layers) + (experiment.model.output.units or 0)
    rows = experiment.dataset.samples or 0
    return units < MAX_UNITS and rows < MAX_ROWS and len(experiment.model.layers) < 20


def check_round_trip(experiment: Experiment) -> None:
    """AssertionError where a file or a shared word means another experiment."""
    assert loads(dumps(experiment)) == experiment
    assert unshare(share(experiment)) == experiment


def begin(experiment: Experiment) -> None:
    """Load the experiment and train it for a step, where it fits its data."""
    session = Session()
    try:
        session.load(experiment)
    except UserError as error:
        check_sentence(error)
        return
    session.step()
    check_shown(session.sentence, *session.dataset.notes, *session.dataset.features)


def try_experiment(case: Case) -> bool:
    path = case.write("x.toml", experiment_file(case.rng))
    case.write("own.csv", OWN_DATA.encode())
    try:
        experiment = read(path)
    except UserError as error:
        check_sentence(error)
        if case.rng.random() < 0.05:
            assert run_command(*case.rng.choice(COMMANDS))[0] == 2
        return False
    check_round_trip(experiment)
    case.outputs |= {"again.toml", "out.csv", "out", "data"}
    write(experiment, case.folder / "again.toml")
    assert read(case.folder / "again.toml") == experiment
    if is_small(experiment) and case.rng.random() < 0.3:
        begin(experiment)
    elif is_small(experiment) and case.rng.random() < 0.15:
        run_command(*case.rng.choice(COMMANDS))
    return True


def test_experiments(campaign: Campaign) -> None:
    campaign.run(try_experiment)
