"""Share codes: mistyped, cut, and made by somebody else's program."""

from __future__ import annotations

import base64
import random
import zlib
from functools import cache

import msgspec
from holding import Campaign, Case, check_sentence, run_command
from mutators import changed_json, damaged
from test_fuzz_experiments import check_round_trip, experiment_text, good

from tui_trainer.errors import UserError
from tui_trainer.experiment.schema import Experiment
from tui_trainer.experiment.share import PREFIX, is_shared, share, unshare
from tui_trainer.experiment.toml_file import loads
from tui_trainer.experiment.validation import to_plain

KIND = "words"


@cache
def words() -> tuple[str, ...]:
    """Words that experiments were shared as."""
    return tuple(share(loads(text)) for text in good())


@cache
def contents() -> tuple[str, ...]:
    """What is in them, as text, and whole experiments, which nobody's app shares so."""
    packed = (base64.urlsafe_b64decode(word.removeprefix(PREFIX) + "==") for word in words())
    return (*(zlib.decompress(one).decode() for one in packed), msgspec.json.encode(to_plain(Experiment())).decode())


def word_of(content: bytes, rng: random.Random) -> str:
    """Any bytes in the form of a word."""
    return PREFIX + base64.urlsafe_b64encode(zlib.compress(content, rng.randrange(10))).rstrip(b"=").decode()


def shared_word(rng: random.Random) -> str:
    """A word with something changed in it: what it holds, how that is packed, its letters, or the space around it."""
    match rng.randrange(10):
        case 0 | 1 | 2 | 3:
            return word_of(changed_json(rng, rng.choice(contents())).encode("utf-8", "surrogatepass"), rng)
        case 4:
            return word_of(damaged(rng, rng.choice(contents()).encode()), rng)
        case 5 | 6:
            letters = damaged(rng, rng.choice(words()).encode(), [word.encode() for word in words()])
            return letters.decode("utf-8", "replace")
        case 7:
            packed = base64.urlsafe_b64decode(rng.choice(words()).removeprefix(PREFIX) + "==")
            return PREFIX + base64.urlsafe_b64encode(damaged(rng, packed)).rstrip(b"=").decode()
        case _:
            word = rng.choice(words())
            for _ in range(rng.randrange(1, 5)):
                place = rng.randrange(len(word) + 1)
                word = word[:place] + rng.choice((" ", "\n", "\t", "\r\n", "\u00a0", "\u2003")) + word[place:]
            return word


def try_word(case: Case) -> bool:
    word = shared_word(case.rng)
    try:
        experiment = unshare(word)
    except UserError as error:
        check_sentence(error)
        if case.rng.random() < 0.05 and is_shared(word):
            assert run_command("summary", word.strip())[0] == 2
        return False
    check_round_trip(experiment)
    return True


def try_text(case: Case) -> bool:
    """What can be read from a file can be shared."""
    try:
        check_round_trip(loads(experiment_text(case.rng)))
    except UserError as error:
        check_sentence(error)
        return False
    return True


def test_words(campaign: Campaign) -> None:
    campaign.run(lambda case: try_word(case) if case.rng.random() < 0.9 else try_text(case))
