"""The single table of keys, from which bindings, command palette and help screen are made, its changes, and the footer.

The keys of a tab are in its folder. The order here is the one of the help screen, and of docs/keys.md. A config file
may give other keys to actions: possible changes are applied, and the others explained.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from itertools import combinations

from tui_trainer.errors import quoted, suggestion
from tui_trainer.run_state import RunState
from tui_trainer.settings import Config
from tui_trainer.tabs import TABS
from tui_trainer.tabs.book import keys as book
from tui_trainer.tabs.boundary import keys as boundary
from tui_trainer.tabs.data import keys as data
from tui_trainer.tabs.landscape import keys as landscape
from tui_trainer.tabs.live import keys as live
from tui_trainer.tabs.loss import keys as loss
from tui_trainer.tabs.network import keys as network
from tui_trainer.tabs.predictions import keys as predictions
from tui_trainer.tabs.runs import keys as runs
from tui_trainer.tabs.summary import keys as summary
from tui_trainer.ui.keymap import ARROWS, OPEN_TAB, Chip, Key, Keymap, is_character, read_key, show_key, use

change = partial(Key, when_following=False)
run = partial(change, owner="trainer", group="Training")
rate = partial(change, owner="editor", group="Training")
layer = partial(change, owner="editor", group="Network")
move = partial(change, owner="editor", group="Network", in_text=True)
setting = partial(change, owner="editor", group="Settings")
moment = partial(change, owner="moments", group="Time")
view = partial(Key, owner="screen", group="View")
lesson = partial(change, owner="lessons", group="Book")
app = partial(Key, owner="screen", group="App")
KEYS = (
    run("toggle_training", "space", "toggle_training", (), "Train", "Train or pause"),
    run("step", "s", "step", (), "Step", "Train on one mini-batch"),
    run("epoch", "e", "epoch", (), "Epoch", "Train one epoch, or finish the current one"),
    run("reset", "r", "reset", (), "Reset", "Start over from the same initial weights"),
    run("reseed", "R", "reseed", (), "Reseed", "Start over from other initial weights: the next seed", owner="editor"),
    run("slow", "z", "pace", (-1,), "Slower", "A slower pace: full, fast, watch, 10 and 2 steps a second"),
    run("fast", "Z", "pace", (1,), "Faster", "A faster pace"),
    run("train_to_end", "E", "train_to_end", (), "End", "Train at full speed to the end of the run"),
    run("fix", "f", "fix", (), "Fix", "After a run with which something is wrong: apply what helps, and train again"),
    run("swap_best", "W", "swap_best", (), "Best", "Load the weights of the best epoch; again: the newest ones"),
    run(
        "sweep",
        "M",
        "sweep",
        (),
        "Sweep",
        "Start a sweep: many runs with different values of some fields",
        owner="sweeps",
    ),
    run(
        "wall",
        "T",
        "wall",
        (),
        "Wall",
        "The wall: a race of 4, 9 or 16 networks that differ in one field",
        owner="wall",
    ),
    run("resume", "g", "resume", (), "Resume", "Resume the run that was cut off"),
    rate(
        "rate_minus",
        "[,left_square_bracket",
        "rate",
        (-1,),
        "Rate",
        "Lower the learning rate, without a reset",
        shown_as="[",
    ),
    rate(
        "rate_plus",
        "],right_square_bracket",
        "rate",
        (1,),
        "Rate",
        "Raise the learning rate, without a reset",
        shown_as="]",
    ),
    rate(
        "find_rate",
        "=,equals_sign",
        "find_rate",
        (),
        "Find ρ",
        "Find a learning rate: try many, and choose",
        shown_as="=",
    ),
    layer("add_layer", "a", "add_layer", (), "Add", "Add a hidden layer after the chosen one"),
    layer(
        "remove_layer", "x,delete", "remove_layer", (), "Remove layer", "Remove the chosen hidden layer", shown_as="x"
    ),
    move("move_layer_minus", "ctrl+up", "move_layer", (-1,), "Move up", "Move the chosen layer up", shown_as="ctrl+↑"),
    move(
        "move_layer_plus", "ctrl+down", "move_layer", (1,), "Move down", "Move the chosen layer down", shown_as="ctrl+↓"
    ),
    setting("undo", "u", "undo", (), "Undo", "Undo the last change to the settings"),
    setting("redo", "U", "redo", (), "Redo", "Redo the change that was undone"),
    setting(
        "share", "c", "share", (), "Share", "Copy the experiment as a code that opens it elsewhere", when_following=True
    ),
    setting("code", "K", "code", (), "Python", "Show the Python for the open view, to be copied", when_following=True),
    setting("open_data", "i", "open_data", (), "Own data", "Open your own data: a CSV or TSV file", owner="own_data"),
    setting("open", "ctrl+o", "open", (), "Open", "Open an experiment (a TOML file) or exported weights", in_text=True),
    setting(
        "save",
        "ctrl+s",
        "save",
        (),
        "Save",
        "Save the experiment as a TOML file",
        in_text=True,
        when_following=True,
    ),
    setting(
        "export",
        "ctrl+e",
        "export",
        (),
        "Export",
        "Export the network to a folder: Keras, PyTorch, ONNX, figures",
        owner="trainer",
        in_text=True,
    ),
    moment(
        "earlier",
        "<,less_than_sign",
        "moment",
        (-1,),
        "Earlier",
        "Show an earlier moment of the run, in every tab",
        shown_as="<",
    ),
    moment(
        "later",
        ">,greater_than_sign",
        "moment",
        (1,),
        "Later",
        "Show a later moment; after the last one comes the present",
        shown_as=">",
    ),
    moment(
        "epoch_earlier",
        "{,left_curly_bracket",
        "epoch_of_moment",
        (-1,),
        "Epoch back",
        "Show the moment an epoch earlier",
        shown_as="{",
    ),
    moment(
        "epoch_later",
        "},right_curly_bracket",
        "epoch_of_moment",
        (1,),
        "Epoch on",
        "Show the moment an epoch later",
        shown_as="}",
    ),
    view(
        "log_scale",
        "y",
        "log_scale",
        (),
        "Log",
        "Switch between a log and a linear loss axis",
        owner="tab",
    ),
    *loss.VIEW_KEYS,
    view(
        "next_target",
        "Y",
        "next_target",
        (),
        "Target",
        "Show the next target, where several are predicted",
        owner="trainer",
    ),
    view("markers", "k", "markers", (), "Markers", "Plots in Braille dots, blocks or plain ASCII"),
    view("setup", "m", "setup", (), "Setup", "Show or hide the setup on the left"),
    view(
        "leave",
        "escape",
        "leave",
        (),
        "Leave",
        "Leave a text field, so that keys work, or an earlier moment",
        shown_as="esc",
        in_text=True,
    ),
    view(
        "coach",
        "C",
        "coach",
        (),
        "Tips",
        "Show or hide the tips below the Live tab",
        owner="coach",
        when_following=False,
    ),
    *(view(f"tab_{tab.name}", tab.key, "tab", (tab.name,), tab.title, tab.help, group="Tabs") for tab in TABS),
    *book.KEYS,
    lesson("next_lesson", "n", "next_lesson", (), "Next", "In a lesson: go to the next one"),
    lesson("previous_lesson", "p", "previous_lesson", (), "Previous", "In a lesson: go to the previous one"),
    lesson("next_variant", "V", "next_variant", (), "Variant", "In a lesson: load its next variant"),
    lesson(
        "answer_0",
        "A",
        "answer",
        (0,),
        "Answer",
        "In a lesson: choose an answer, or fill in the number",
        shown_as="A B C",
    ),
    lesson("scroll_page_plus", "j", "scroll_page", (1,), "Scroll", "In a lesson: scroll down its page"),
    lesson("scroll_page_minus", "J", "scroll_page", (-1,), "Scroll", "In a lesson: scroll up its page"),
    lesson("leave_lesson", "L", "leave_lesson", (), "Leave", "Leave the lesson; the settings stay"),
    *live.KEYS,
    *data.KEYS,
    *landscape.KEYS,
    *network.KEYS,
    *boundary.KEYS,
    *predictions.KEYS,
    *summary.KEYS,
    *loss.KEYS,
    *runs.KEYS,
    app("jump", "semicolon", "jump", (), "Jump", "Put a letter on every field and button, to jump to it", shown_as=";"),
    app("help", "question_mark,f1", "help", (), "Help", "Show all keys", shown_as="?"),
    app("quit", "q", "quit", (), "Quit", "Quit the app"),
    app("quit_now", "ctrl+q", "quit_now", (), "Quit", "Quit the app, even from a text field", in_text=True),
    app("interrupt", "ctrl+c", "interrupt", (), "Copy", "Copy the selected text, or else quit the app"),
)
HIDDEN = (
    *(  # as many as a lesson may have
        lesson(f"answer_{index}", letter, "answer", (index,), "", "")
        for index, letter in enumerate("BCDEFGHI", start=1)
    ),
    *(  # while the question is open, the small letters answer it, too
        lesson(f"answer_small_{index}", letter, "answer", (index,), "", "") for index, letter in enumerate("abcdefghi")
    ),
    *boundary.HIDDEN,
    *predictions.HIDDEN,
)
ALL_KEYS = (*KEYS, *HIDDEN)
LIST = "tui-trainer keys lists all"
RESERVED = {
    "tab": "goes to the next field",
    "shift+tab": "goes to the field before",
    "ctrl+p": "shows all commands",
    "ctrl+c": "copies, or leaves the app",
    "ctrl+q": "leaves the app",
}
FIXED = (
    "answer",
    "move_pen",
    "pick_value",
    "move_brush",
    "quit_now",
    "interrupt",
)  # several keys on one line of the table, and the way out
EVERYWHERE, LESSONS = "everywhere", "lessons"
MODES = ("Pen", "Microscope", "Drawing")  # groups of keys that work only in a mode of their tab
SHARED = "loss"  # the tab that counts for keys of several tabs: it has the most keys of those
PRECEDING = (  # the actions of views' modes
    boundary.PEN_ACTIONS | network.MICROSCOPE_ACTIONS | predictions.PRECEDING_ACTIONS | runs.PRECEDING_ACTIONS
)

train, pace = Chip("train", ("toggle_training",)), Chip("pace", ("slow", "fast"))
step, epoch, reset = Chip("step", ("step",)), Chip("epoch", ("epoch",)), Chip("reset", ("reset",))
add, setup, undo = Chip("add layer", ("add_layer",)), Chip("setup", ("setup",)), Chip("undo", ("undo",))
rates = Chip("rate", ("rate_minus", "rate_plus"))
everything = Chip("commands", action="app.command_palette", shown_as="^p")
leave, help_ = Chip("quit", ("quit",)), Chip("help", ("help",))
go_on, reseed = Chip("train on", ("toggle_training",)), Chip("reseed", ("reseed",))
RESTING = (train, step, epoch, add, setup, everything, leave, help_)
ENDED = (go_on, reset, reseed, add, setup, everything, leave, help_)
# The keys that matter in each state of a run, at most eight; without room for all, the last but one is left out first.
FOOTER: Mapping[RunState, tuple[Chip, ...]] = {
    "ready": RESTING,
    "empty": RESTING,
    "running": (
        Chip("pause", ("toggle_training",)),
        pace,
        Chip("end", ("train_to_end",)),
        reset,
        setup,
        everything,
        rates,
        help_,
    ),
    "paused": (train, step, epoch, reset, setup, everything, pace, help_),
    "finished": ENDED,
    "stopped early": ENDED,
    "diverged": (Chip("fix", ("fix",)), reset, rates, undo, setup, everything, leave, help_),
}
IN_LESSON = (
    Chip("answer", ("answer_0",)),
    Chip("next", ("next_lesson",)),
    Chip("previous", ("previous_lesson",)),
    Chip("scroll", ("scroll_page_plus", "scroll_page_minus")),
    Chip("leave", ("leave_lesson",)),
    setup,
    help_,
)
FOLLOWING = (Chip("markers", ("markers",)), setup, everything, leave, help_)


def footer(state: RunState, in_lesson: bool) -> tuple[Chip, ...]:
    """Return the keys that matter in a state; in a lesson, training and the keys of lessons."""
    chips = FOOTER.get(state, RESTING)
    return (chips[0], *IN_LESSON) if in_lesson else chips


# Actions whose keys are newer than some config files, which may have given these keys to something else
NEWER = {
    "next_target": "ctrl+y",
    "wall": "ctrl+t",
    "chart": "ctrl+g",
    "find_rate": "ctrl+r",
    "microscope": "ctrl+n",
    "code": "alt+k",
    "draw": "alt+d",
    "earlier": "ctrl+left",
    "later": "ctrl+right",
    "epoch_earlier": "alt+left",
    "epoch_later": "alt+right",
}


def keymap_with(changes: Mapping[str, str] | None = None) -> Keymap:
    """Return the keymap of the app with the user's changes, which map the names of actions to other keys.

    Where a key of ``NEWER`` is one that the user has given to another action, its action gets the other key there.
    """
    changes = changes or {}
    taken = {pressed for keys in changes.values() for pressed in keys.split(",")}
    keys = (
        replace(key, keys=NEWER[key.name], shown_as=None)
        if key.name in NEWER and taken.intersection(key.keys.split(","))
        else key
        for key in KEYS
    )
    return Keymap(tuple(keys), HIDDEN, changes)


def changed_keymap(config: Config) -> tuple[Keymap, list[str]]:
    """Return the keymap with the changes of a config file, and a complaint for each change that is left out."""
    changes: dict[str, str] = {}
    complaints = []
    for name, text in config.values.get("keys", {}).items():
        keys, reason = _read(name, text)
        if reason:
            complaints.append(config.complaint(f"keys.{name}", reason))
        else:
            changes[name] = keys
    while clash := _clash(changes):
        name, reason = clash
        complaints.append(config.complaint(f"keys.{name}", reason))
        del changes[name]
    return keymap_with(changes), complaints


def _read(name: str, text: str) -> tuple[str, str]:
    """Return the keys of an entry as Textual names them, and what is wrong with it; one of the two is empty."""
    key = next((key for key in KEYS if key.name == name), None)
    if key is None:
        return "", f"there is no such name{suggestion(name, (key.name for key in KEYS)) or ';'} {LIST}"
    if key.action in FIXED:
        return "", f"{key.display} can't be changed"
    new_keys = []
    for written in text.split(","):
        new_key = read_key(written.strip() or written)
        if new_key is None:
            return "", f"there is no key {quoted(written)}; write it as x, X, f5, ctrl+x, pageup or comma"
        if reason := _unfit(key, new_key):
            return "", reason
        new_keys.append(new_key)
    return ",".join(dict.fromkeys(new_keys)), ""


def _unfit(key: Key, new_key: str) -> str:
    """Return why ``new_key`` can never do what ``key`` does; empty if it can."""
    display = show_key(new_key)
    if new_key in RESERVED:
        return f"{display} {RESERVED[new_key]}"
    if key.in_text and is_character(new_key):
        return f"it works while text is typed, and {display} is text; give it a key such as ctrl+x or f5"
    if not key.of_tab and new_key in (*ARROWS, "escape") and key.name != "leave":
        return f"fields and lists need {display} themselves"
    return ""


def _clash(changes: Mapping[str, str]) -> tuple[str, str] | None:
    """Return the last change whose key already does something else, and what that is; None if there is none."""
    keys_by_press: dict[str, list[Key]] = {}
    for key in keymap_with(changes).all:
        for pressed in key.keys.split(","):
            keys_by_press.setdefault(pressed, []).append(key)
    order = list(changes)
    clashes: list[tuple[int, str, str]] = []  # indices of the changes, their keys, and what else these do
    for pressed, keys in keys_by_press.items():
        for pair in combinations(keys, 2):
            names = [key.name for key in pair]
            changed = [order.index(name) for name in names if name in changes]
            if changed and names[0] != names[1] and _meet(*pair):
                other = next(name for name in names if name != order[max(changed)])
                clashes.append((max(changed), pressed, other))
    if not clashes:
        return None
    index, pressed, other = max(clashes)
    return order[index], f"{show_key(pressed)} is already the key of {other}; change that one first"


def _meet(one: Key, other: Key) -> bool:
    """Return whether two keys work at the same time, and neither takes precedence."""
    places = _place(one), _place(other)
    return places[0] == places[1] or (EVERYWHERE in places and not (_comes_first(one) or _comes_first(other)))


def _place(key: Key) -> str:
    """Return where a key works: everywhere, in a lesson, in a tab, or in a mode of one."""
    if not key.of_tab:
        return LESSONS if key.owner == LESSONS else EVERYWHERE
    if key.group in MODES:
        return key.group
    return SHARED if key.owner == OPEN_TAB else key.owner


def _comes_first(key: Key) -> bool:
    """Return whether the key belongs to a view's mode or to an answer, which take precedence over other keys."""
    return key.action == "answer" or (key.of_tab and key.action in PRECEDING)


use(keymap_with())
