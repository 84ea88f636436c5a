"""Keys that a config file changes: how they are written, what is refused, and that names stay unique."""

from __future__ import annotations

import re
from collections import Counter
from itertools import combinations
from pathlib import Path

import pytest

from tui_trainer.app.controller import Controller
from tui_trainer.app.keys import ALL_KEYS, FIXED, KEYS, PRECEDING, SHARED, _meet, changed_keymap, keymap_with
from tui_trainer.app.screen import MainScreen
from tui_trainer.settings import Config
from tui_trainer.tabs import TABS, Tab
from tui_trainer.tabs.boundary.view import BoundaryView
from tui_trainer.tabs.network.view import NetworkView
from tui_trainer.tabs.predictions.view import PredictionsView
from tui_trainer.tabs.runs.view import RunsView
from tui_trainer.ui.keymap import OPEN_TAB, SCREEN_PARTS, is_character, read_key, show_key

NAMES = """
    toggle_training step epoch reset reseed slow fast train_to_end fix swap_best sweep wall resume rate_minus
    rate_plus find_rate add_layer remove_layer move_layer_minus move_layer_plus undo redo share code open_data open save
    export earlier later epoch_earlier epoch_later
    log_scale batches quantity next_target markers setup leave coach tab_live tab_data tab_landscape tab_boundary
    tab_network tab_predictions tab_summary tab_runs tab_book tab_loss choose_minus choose_plus ends_minus ends_plus
    turn_minus turn_plus load forget next_lesson previous_lesson next_variant answer_0 scroll_page_plus
    scroll_page_minus leave_lesson see_layer_minus see_layer_plus see_neuron_minus see_neuron_plus see_output tally
    go_on see_axis_x see_axis_y data_table data_line_minus data_line_plus start_minus start_plus start_2_plus
    start_2_minus kind weight_plus weight_minus weight_2_plus weight_2_minus layer zoom_plus zoom_minus
    next_layer_minus next_layer_plus next_neuron_minus next_neuron_plus next_page_minus next_page_plus
    next_sample_minus next_sample_plus microscope weights type_weight nudge_minus nudge_plus stage_minus stage_plus
    play_stages whole_batch leave_microscope look_layer_minus look_layer_plus look_neuron_minus look_neuron_plus
    look_output discretize samples next_axis_x next_axis_y regenerate pen
    clear_points move_pen_minus_0 move_pen_-5_0 pick_value_plus add_point remove_point leave_pen panel part new_rows
    importance what_if draw reset_inputs look_into matrix_shares leave_look rank_minus rank_plus rank_first rank_last
    fold_minus fold_plus move_brush_minus_0 move_brush_-5_0 lower_pen lower_eraser undo_stroke clear_drawing draw_sample
    fit_drawing summary_minus summary_plus summary_page_minus summary_page_plus inspect_minus inspect_plus
    inspect_end_minus inspect_end_plus zoom_epochs_plus zoom_epochs_minus pan_epochs_minus pan_epochs_plus
    all_epochs smooth compared_part next_run_minus next_run_plus run_page_minus run_page_plus run_end_minus
    run_end_plus columns_minus columns_plus open_run filter sort turn_around group_runs chart chart_color choose_run
    choose_none differ name_run tag_runs pin_runs delete_runs bring_back jump help quit quit_now interrupt
"""  # as users have them in their config files


def changed(**keys: str) -> tuple[dict[str, str], list[str]]:
    """The changes made of these entries, and the complaints without the file's name."""
    keymap, complaints = changed_keymap(Config(Path("c.toml"), {"keys": keys}))
    return keymap.changes, [one.removeprefix("c.toml: keys.") for one in complaints]


@pytest.mark.parametrize(
    ("written", "key", "shown"),
    [
        ("x", "x", "x"),
        ("X", "X", "X"),
        ("?", "question_mark", "?"),
        ("+", "plus", "+"),
        ("ctrl++", "ctrl+plus", "ctrl++"),
        ("ctrl+S", "ctrl+s", "ctrl+s"),
        ("alt+X", "alt+X", "alt+X"),
        ("slash", "slash", "/"),
        ("F5", "f5", "f5"),
        ("shift+alt+f5", "alt+shift+f5", "alt+shift+f5"),
        ("pgup", "pageup", "pgup"),
        ("ctrl+m", "enter", "enter"),
        ("ctrl+up", "ctrl+up", "ctrl+↑"),
        ("ü", "ü", "ü"),
    ],
)
def test_keys_as_they_are_written(written: str, key: str, shown: str) -> None:
    assert read_key(written) == key and show_key(key) == shown


@pytest.mark.parametrize("written", ["", "foo", "shift+a", "hyper+x", "<any>", "ctrl", "\x1b", "a b", "ctrl+"])
def test_what_is_no_key(written: str) -> None:
    assert read_key(written) is None


def test_every_key_of_the_table_can_be_written() -> None:
    for key in ALL_KEYS:
        for one in key.keys.split(","):
            known = read_key(one)
            assert (
                known is not None and read_key(known) == known and (len(one) > 1 or known != one or is_character(one))
            )
            assert read_key(show_key(known)) == known or show_key(known)[-1] in "↑↓←→"


def test_a_newer_key_gives_way_to_what_an_older_file_has_made_of_it() -> None:
    keymap = keymap_with({"compared_part": "T", "next_run_plus": "I,down"})
    keys = {key.name: key.keys for key in keymap.all}
    assert (keys["compared_part"], keys["wall"], keys["chart"]) == ("T", "ctrl+t", "ctrl+g")
    assert {key.name: key.keys for key in keymap_with().all}["wall"] == "T"


def test_the_names_in_config_files_stay_what_they_are() -> None:
    assert [key.name for key in KEYS] == NAMES.split()


def test_names_are_unique_and_need_no_quotes() -> None:
    names = Counter(key.name for key in KEYS)
    assert [name for name, count in names.items() if count > 1] == []
    assert all(re.fullmatch(r"[a-z0-9_-]+", name) for name in names)


PARTS = {"screen": MainScreen} | {part.name: part for part in Controller.__subclasses__()}


def test_every_key_has_an_owner_with_its_action() -> None:
    views = {tab.name: _view(tab) for tab in TABS}
    for key in ALL_KEYS:
        if key.owner == OPEN_TAB:
            sharing = [name for name, view in views.items() if hasattr(view, f"action_{key.action}")]
            assert SHARED in sharing and len(sharing) > 1, key
        else:
            assert hasattr((views | PARTS)[key.owner], f"action_{key.action}"), key


def test_every_part_of_the_screen_that_owns_keys_is_known() -> None:
    assert set(PARTS) == set(SCREEN_PARTS)


def _view(tab: Tab) -> type:
    view: type = tab.load_view()
    return view


def test_the_usual_keys_do_not_clash() -> None:
    """And those of a view's mode are known to come first."""
    assert PRECEDING == RunsView.MODE | BoundaryView.MODE | PredictionsView.MODE | NetworkView.MODE
    assert {key.action for key in KEYS if key.group == "Pen"} == BoundaryView.MODE
    assert {key.action for key in KEYS if key.group == "Microscope"} == NetworkView.MODE
    assert {key.action for key in KEYS if key.group == "Drawing"} < PredictionsView.MODE
    for one, other in combinations(keymap_with().all, 2):
        shared = set(one.keys.split(",")) & set(other.keys.split(","))
        assert not (shared and one.name != other.name and _meet(one, other)), (one, other)


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ({"stp": "f5"}, "stp: there is no such name, did you mean step?"),
        ({"answer_0": "f5"}, "answer_0: A B C can't be changed"),
        ({"quit_now": "f5"}, "quit_now: ctrl+q can't be changed"),
        ({"step": "f5,"}, "step: there is no key ''"),
        ({"step": "ctrl+p"}, "step: ctrl+p shows all commands"),
        ({"step": "ctrl+S"}, "step: ctrl+s is already the key of save; change that one first"),
        ({"step": "tab"}, "step: tab goes to the next field"),
        ({"save": "S"}, "save: it works while text is typed, and S is text"),
        ({"step": "enter"}, "step: fields and lists need enter themselves"),
        ({"step": "e"}, "step: e is already the key of epoch"),
        ({"step": "n"}, "step: n is already the key of "),
        ({"log_scale": "b"}, "log_scale: b is already the key of batches"),
        ({"name_run": "d"}, "name_run: d is already the key of delete_runs"),
        ({"next_lesson": "s"}, "next_lesson: s is already the key of step"),
    ],
)
def test_what_cannot_be_done_is_told(entry: dict[str, str], told: str) -> None:
    changes, complaints = changed(**entry)
    assert changes == {} and len(complaints) == 1 and complaints[0].startswith(told)


def test_keys_may_be_swapped_shared_by_views_and_given_up() -> None:
    assert changed(step="e", epoch="s") == ({"step": "e", "epoch": "s"}, [])
    assert changed(kind="d") == ({"kind": "d"}, []), "the key of another view"
    assert changed(batches="s", step="f8, F9") == ({"batches": "s", "step": "f8,f9"}, [])
    assert changed(inspect_minus="escape")[1] == [
        "inspect_minus: esc is already the key of leave; change that one first"
    ]
    changes, complaints = changed(epoch="s", step="q")
    assert changes == {} and len(complaints) == 2, "what depends on a change that is left out is left out, too"


def test_what_follows_from_a_change() -> None:
    keymap, _ = changed_keymap(Config(Path("c"), {"keys": {"toggle_training": "t9"}}))
    assert keymap.display("toggle_training") == "space"
    keymap = keymap_with(
        {"toggle_training": "f5", "look_layer_minus": "comma", "look_layer_plus": "o", "remove_point": "f9"}
    )
    assert keymap.display("toggle_training") == "f5" and "toggle_training" in keymap.in_list
    assert "toggle_training" not in keymap_with({"toggle_training": "T"}).in_list, "letters search a list"
    assert "look_layer" not in keymap.of_arrows and "look_neuron" in keymap.of_arrows
    assert "remove_layer" in keymap_with().shadowed_by(BoundaryView.MODE)
    assert "remove_layer" not in keymap.shadowed_by(BoundaryView.MODE)
    assert "quit_now" in FIXED and keymap.display("quit_now") == "ctrl+q"
