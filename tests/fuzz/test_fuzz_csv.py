"""CSV files and the options for reading them: loaded, previewed, and trained on."""

from __future__ import annotations

import random
from functools import cache
from typing import Any

import numpy as np
from holding import Campaign, Case, check_sentence, check_shown, run_command
from msgspec.structs import replace
from mutators import NASTY_TEXTS, damaged
from ugly import CASES

from tui_trainer.datasets.dataset import Dataset
from tui_trainer.datasets.file_preview import FilePreview
from tui_trainer.datasets.loading import load
from tui_trainer.datasets.preview import Previewer
from tui_trainer.datasets.split import choose_rows
from tui_trainer.errors import UserError
from tui_trainer.experiment.edit import with_field
from tui_trainer.experiment.schema import DatasetConfig, Experiment
from tui_trainer.training.session import Session

KIND = "csv"
LONGEST = 40_000  # bytes of a good file that is mutated; a few longer ones are made here
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252", "latin-1", "shift_jis")
CODECS = (*ENCODINGS, "ascii", "gbk", "iso2022_jp", "koi8-r", "rot13", "base64", "idna", "punycode", "utf-7", "")
KINDS = ("number", "category", "ignore")
MIXED = "".join(
    f"{n},{n * 0.37:.2f},{['red', 'green', 'blue'][n % 3]},2024-{n % 12 + 1:02}-{n % 28 + 1:02},{n % 2}\n"
    for n in range(1, 60)
)
OWN = (
    "id,size,colour,day,sold\n" + MIXED,
    "Größe;Preis;Farbe\n" + "".join(f"{n}.{n:03},5;{n},25;{['rot', 'blau'][n % 2]}\n" for n in range(10, 60)),
    "a\tb\tc\n" + "".join(f"{n}\t{n / 3:e}\t{n % 4}\n" for n in range(80)),
    '"x, y"|"say ""no"""|z\n' + "".join(f'"{n},{n}"|"a ""{n % 3}"""|{n}\n' for n in range(30)),
    "".join(f"{n},{n * n},{(n * 7) % 5}\n" for n in range(40)),
    "x,y\n" + "".join(f"{n},{'NA' if n % 5 == 0 else n / 2}\n" for n in range(50)),
    "t,flag,y\n" + "".join(f"{n:02}:30,{('true', 'false')[n % 2]},{n}\n" for n in range(24)),
)


@cache
def good() -> tuple[tuple[bytes, dict[str, Any]], ...]:
    """Files as they come, with the options that they are read with."""
    ugly = [(case.content, case.config) for case in CASES.values() if not case.refused and len(case.content) < LONGEST]
    return (*ugly, *((text.encode(), {}) for text in OWN * 4))


def csv_file(rng: random.Random) -> tuple[bytes, dict[str, Any]]:
    """The bytes of a file with something changed in it, and options."""
    content, options = rng.choice(good())
    names = [name.strip('" \r') for name in content.decode("utf-8", "replace").split("\n")[0].split(",")][:20]
    match rng.randrange(10):
        case 0 | 1 | 2:
            content = damaged(rng, content, [other for other, _ in good()])
        case 3 | 4 | 5:
            content = changed_cells(rng, content)
        case 6:
            content = content.decode("utf-8", "replace").encode(rng.choice(ENCODINGS), "replace")
        case 7:
            marks = [b",", b";", b"\t", b"|", b"\n", b"\r\n", b"\r", b".", b" ", b"::", b'","']
            content = content.replace(rng.choice(marks), rng.choice(marks))
        case 8:
            content = large(rng, content)
    if rng.random() < 0.5:
        options = {**options, **reading_options(rng, names)}
    return content, options


def changed_cells(rng: random.Random, content: bytes) -> bytes:
    """The file with a few cells that are something else."""
    lines = content.decode("utf-8", "surrogateescape").split("\n")
    for _ in range(rng.choice((1, 1, 2, 8))):
        number = rng.randrange(len(lines)) if rng.random() < 0.7 else 0
        mark = max(",;\t|", key=lines[number].count)
        cells = lines[number].split(mark)
        cells[rng.randrange(len(cells))] = rng.choice(NASTY_TEXTS)
        lines[number] = mark.join(cells)
    return "\n".join(lines).encode("utf-8", "surrogatepass" if rng.random() < 0.2 else "surrogateescape")


def large(rng: random.Random, content: bytes) -> bytes:
    """The file with many rows, many columns, or one endless line or cell."""
    match rng.randrange(6):
        case 0:
            head, *rest = content.split(b"\n", 1)
            return head + b"\n" + b"".join(rest) * 200
        case 1:
            times = rng.choice((20, 100, 300))
            return b"\n".join(
                b",".join([line] * min(times, 300_000 // (len(line) + 1) + 1)) for line in content.split(b"\n")[:5]
            )
        case 2:
            return content + b"1" * rng.choice((140_000, 400_000))
        case 3:
            return content + b'"' + content * 30
        case 4:
            return content.replace(b"\n", b" " * 3000 + b"\n")[:400_000]
        case _:
            return b"\n" * rng.choice((3000, 300_000)) + content


def reading_options(rng: random.Random, names: list[str]) -> dict[str, Any]:
    """Some of the fields of the dataset, right or wrong for the file."""

    def column() -> str:
        return (rng.choice(names) if rng.random() < 0.8 else rng.choice(NASTY_TEXTS)) or "a"

    chances: dict[str, Any] = {
        "delimiter": rng.choice(("comma", "semicolon", "tab", "pipe")),
        "decimal": rng.choice(("point", "comma")),
        "encoding": rng.choice(CODECS) or rng.choice(NASTY_TEXTS) or "x",
        "header": rng.random() < 0.5,
        "missing": rng.choice(("drop", "fill")),
        "task": rng.choice(("regression", "classification")),
        "target": column(),
        "features": tuple(column() for _ in range(rng.randrange(1, 4))),
        "kinds": {column(): rng.choice(KINDS) for _ in range(rng.randrange(1, 4))},
        "validation_split": rng.choice((0.0, 0.01, 0.5, 0.9)),
        "standardize": rng.random() < 0.5,
    }
    return {name: value for name, value in chances.items() if rng.random() < 0.2}


def check_dataset(dataset: Dataset) -> None:
    """AssertionError where something is shown that acts on a terminal, or an array is not clean."""
    levels = [name for names in dataset.levels.values() for name in names]
    check_shown(dataset.name, dataset.title, dataset.target, *dataset.features, *dataset.classes, *levels)
    check_shown(*dataset.columns, *dataset.left_out)
    for note in dataset.notes:
        check_sentence(note)
    assert dataset.x.shape == (len(dataset.y), len(dataset.features)) and len(dataset.y) >= 2
    assert np.isfinite(dataset.x).all() and np.isfinite(dataset.y).all()


def check_preview(preview: FilePreview) -> None:
    """AssertionError where something is shown that acts on a terminal."""
    check_shown(preview.problem, preview.sentence, preview.encoding, preview.target, *preview.classes, *preview.notes)
    check_shown(*(part for column in preview.columns for part in (column.name, column.found)))
    check_shown(*(cell for row in preview.cells for cell in row))


def try_csv(case: Case) -> bool:
    content, options = csv_file(case.rng)
    path = case.write("own.csv", content)
    config = DatasetConfig(path=str(path), **options)
    preview = Previewer().preview(config)
    check_preview(preview)
    config = replace(config, target=config.target or preview.target or None)  # as the dialog keeps it
    try:
        dataset = load(config)
        choose_rows(len(dataset.x), dataset.labels, config)
    except UserError as error:
        check_sentence(error)
        assert preview.problem == str(error), f"previewed: {preview.problem[:300]!r}, loaded: {str(error)[:300]!r}"
        if case.rng.random() < 0.05:
            run_command("train", "--csv", str(path))
        return False
    assert not preview.problem, f"previewed: {preview.problem[:300]!r}, and loaded"
    check_dataset(dataset)
    if len(dataset.features) < 100 and case.rng.random() < 0.2:
        train(case, config)
    return True


def train(case: Case, config: DatasetConfig) -> None:
    """Train on the file, in a session or by a command."""
    if case.rng.random() < 0.5:
        session = Session()
        try:
            session.load(with_field(Experiment(), "dataset", config))
        except UserError as error:
            check_sentence(error)
            return
        session.step()
    else:
        case.outputs.add("out.csv")
        (case.folder / "x.toml").write_text("[training]\nepochs = 1\nbatch_size = 'full'\n")
        case.files[case.folder / "x.toml"] = (case.folder / "x.toml").read_bytes()
        run_command("train", "x.toml", "--csv", str(config.path), "--history", "out.csv")


def test_csv(campaign: Campaign) -> None:
    campaign.run(try_csv)
