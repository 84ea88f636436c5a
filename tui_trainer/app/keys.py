"""The one table of keys: bindings, footer, command palette and help screen are made from it."""

from __future__ import annotations

from dataclasses import dataclass

from textual.binding import Binding

from tui_trainer.tabs import TABS

ARROWS = (
    "left",
    "right",
    "up",
    "down",
    "home",
    "end",
    "pageup",
    "pagedown",
    "enter",
)  # keys that a widget in focus needs itself
LESSON_ACTIONS = ("answer", "next_lesson", "previous_lesson", "next_variant", "scroll_page", "leave_lesson")


@dataclass(frozen=True, slots=True)
class Key:
    """One key: what it does (an action of the training screen), its label in the footer, its help."""

    keys: str
    action: str
    label: str
    help: str
    group: str
    footer: bool = False
    shown_as: str | None = None
    in_text: bool = False  # works while a text field has the focus too

    @property
    def view_action(self) -> str:
        """The action of the open view that this key does; empty where it is one of the screen's."""
        return self.action.split("'")[1] if self.action.startswith("in_view(") else ""

    @property
    def display(self) -> str:
        """The key as people write it."""
        return self.shown_as or self.keys.split(",")[0]

    def binding(self) -> Binding:
        """The binding; a plain letter comes before whatever has the focus, unless that is a text field."""
        return Binding(
            self.keys,
            self.action,
            self.label,
            tooltip=self.help,
            show=self.footer,
            key_display=self.display,
            id=self.action,
            priority=True,
        )


KEYS = (
    Key("space", "toggle_training", "Train", "Train, or pause", "Training", footer=True),
    Key("s", "step", "Step", "One mini-batch", "Training", footer=True),
    Key("e", "epoch", "Epoch", "One epoch, or the rest of the one under way", "Training", footer=True),
    Key("r", "reset", "Reset", "Start again from the same first weights", "Training", footer=True),
    Key("R", "reseed", "Reseed", "Start again from other weights: the next seed", "Training"),
    Key("z", "slow", "Slow", "Slow motion: 10 steps a second, 2, then full speed again", "Training"),
    Key("f", "fix", "Fix", "After a divergence: make the change that helps, and run again", "Training"),
    Key("W", "swap_best", "Best", "Back to the weights of the best epoch; again: the newest ones", "Training"),
    Key("M", "sweep", "Sweep", "Many runs at once, with other values in some fields", "Training"),
    Key("g", "resume", "Go on", "Go on with the run that was cut off", "Training"),
    Key(
        "[,left_square_bracket",
        "rate(-1)",
        "Slower",
        "Learning rate down, without a reset",
        "Training",
        shown_as="[",
    ),
    Key(
        "],right_square_bracket",
        "rate(1)",
        "Faster",
        "Learning rate up, without a reset",
        "Training",
        shown_as="]",
    ),
    Key("a", "add_layer", "Add", "Add a hidden layer after the chosen one", "Network", footer=True),
    Key("x,delete", "remove_layer", "Remove layer", "Remove the chosen hidden layer", "Network", shown_as="x"),
    Key(
        "ctrl+up",
        "move_layer(-1)",
        "Move up",
        "Move the chosen layer up",
        "Network",
        shown_as="ctrl+↑",
        in_text=True,
    ),
    Key(
        "ctrl+down",
        "move_layer(1)",
        "Move down",
        "Move the chosen layer down",
        "Network",
        False,
        "ctrl+↓",
        True,
    ),
    Key("u", "undo", "Undo", "Take back the last change of the settings", "Settings", footer=True),
    Key("U", "redo", "Redo", "Make the change again that was taken back", "Settings"),
    Key("c", "share", "Share", "Copy the experiment as a word that opens it elsewhere", "Settings"),
    Key("i", "open_data", "Own data", "Open data of your own: a CSV or TSV file", "Settings"),
    Key("ctrl+o", "open", "Open", "Open an experiment, a TOML file, or exported weights", "Settings", in_text=True),
    Key("ctrl+s", "save", "Save", "Save the experiment as a TOML file", "Settings", in_text=True),
    Key(
        "ctrl+e",
        "export",
        "Export",
        "Write the network into a folder: Keras, PyTorch, ONNX, figures",
        "Settings",
        in_text=True,
    ),
    Key("y", "in_view('log_scale')", "Log", "Log or linear loss axis", "View", footer=True),
    Key("b", "in_view('batches')", "Batches", "Show or hide the loss of every mini-batch", "View"),
    Key("v", "in_view('quantity')", "Measure", "The loss, the accuracy, or what else is followed", "View"),
    Key("k", "markers", "Markers", "Plots in Braille dots, blocks or plain ASCII", "View"),
    Key("m", "setup", "Setup", "Show or hide the setup on the left", "View", footer=True),
    Key(
        "escape",
        "leave",
        "Leave",
        "Leave a text field, so that keys work",
        "View",
        shown_as="esc",
        in_text=True,
    ),
    *(Key(tab.key, tab.action, tab.title, tab.help, "Tabs") for tab in TABS),
    Key("up", "in_view('choose', -1)", "Choose", "The lesson before", "Book", shown_as="↑"),
    Key("down", "in_view('choose', 1)", "Choose", "The next lesson", "Book", shown_as="↓"),
    Key("home", "in_view('ends', -1)", "Ends", "The first lesson", "Book"),
    Key("end", "in_view('ends', 1)", "Ends", "The last lesson", "Book"),
    Key("pageup", "in_view('turn', -1)", "Page", "Its page up", "Book", shown_as="pgup"),
    Key("pagedown", "in_view('turn', 1)", "Page", "Its page down", "Book", shown_as="pgdn"),
    Key("enter", "in_view('load')", "Load", "Go through the chosen lesson", "Book"),
    Key("F", "in_view('forget')", "Forget", "Forget what was done in it, to go through it again", "Book"),
    Key("n", "next_lesson", "Next", "In a lesson: go on to the next", "Book"),
    Key("p", "previous_lesson", "Previous", "In a lesson: back to the one before", "Book"),
    Key("V", "next_variant", "Variant", "In a lesson: load its next variant", "Book"),
    Key("A", "answer(0)", "Answer", "In a lesson: an answer, or the number to fill in", "Book", shown_as="A B C"),
    Key("j", "scroll_page(1)", "Scroll", "In a lesson: its page down", "Book"),
    Key("J", "scroll_page(-1)", "Scroll", "In a lesson: its page up", "Book"),
    Key("L", "leave_lesson", "Leave", "Leave the lesson; the settings stay", "Book"),
    Key("left", "in_view('start', -1)", "w_0", "First weight w_0 down; starts again", "Landscape", shown_as="←"),
    Key("right", "in_view('start', 1)", "w_0", "First weight w_0 up; starts again", "Landscape", shown_as="→"),
    Key("up", "in_view('start_2', 1)", "b_0", "First bias b_0 up; starts again", "Landscape", shown_as="↑"),
    Key("down", "in_view('start_2', -1)", "b_0", "First bias b_0 down; starts again", "Landscape", shown_as="↓"),
    Key("v", "in_view('kind')", "Picture", "Slice, plane or contour", "Landscape"),
    Key("n", "in_view('weight', 1)", "Weight", "The next weight", "Landscape"),
    Key("p", "in_view('weight', -1)", "Weight", "The weight before", "Landscape"),
    Key("N", "in_view('weight_2', 1)", "Second", "The next weight on the second axis", "Landscape"),
    Key("P", "in_view('weight_2', -1)", "Second", "The one before on the second axis", "Landscape"),
    Key("l", "in_view('layer')", "Layer", "The first weight of the next layer", "Landscape"),
    Key("plus", "in_view('zoom', 1)", "Zoom", "Half the range", "Landscape", shown_as="+"),
    Key("minus", "in_view('zoom', -1)", "Zoom", "Twice the range", "Landscape", shown_as="-"),
    Key("left", "in_view('next_layer', -1)", "Layer", "A neuron of the layer before", "Network view", shown_as="←"),
    Key("right", "in_view('next_layer', 1)", "Layer", "A neuron of the next layer", "Network view", shown_as="→"),
    Key("up", "in_view('next_neuron', -1)", "Neuron", "The neuron, or the weight, above", "Network view", shown_as="↑"),
    Key(
        "down", "in_view('next_neuron', 1)", "Neuron", "The neuron, or the weight, below", "Network view", shown_as="↓"
    ),
    Key("pageup", "in_view('next_page', -1)", "Page", "Ten neurons or weights up", "Network view", shown_as="pgup"),
    Key("pagedown", "in_view('next_page', 1)", "Page", "Ten neurons or weights down", "Network view", shown_as="pgdn"),
    Key("comma", "in_view('next_sample', -1)", "Sample", "The training sample before", "Network view", shown_as=","),
    Key("full_stop", "in_view('next_sample', 1)", "Sample", "The next training sample", "Network view", shown_as="."),
    Key("w", "in_view('weights')", "Weights", "Hands on the weights of the neuron, or off", "Network view"),
    Key("enter", "in_view('type_weight')", "Type", "Type another value of the weight", "Network view"),
    Key("minus", "in_view('nudge', -1)", "Nudge", "The weight down by a tenth", "Network view", shown_as="-"),
    Key("plus", "in_view('nudge', 1)", "Nudge", "The weight up by a tenth", "Network view", shown_as="+"),
    Key("left", "in_view('look_layer', -1)", "Layer", "The layer before", "Boundary", shown_as="←"),
    Key("right", "in_view('look_layer', 1)", "Layer", "The next layer", "Boundary", shown_as="→"),
    Key("up", "in_view('look_neuron', -1)", "Neuron", "The neuron before", "Boundary", shown_as="↑"),
    Key("down", "in_view('look_neuron', 1)", "Neuron", "The next neuron", "Boundary", shown_as="↓"),
    Key("o", "in_view('look_output')", "Output", "Back to the output", "Boundary"),
    Key("d", "in_view('discretize')", "Discretize", "Tell apart only the sides of the border", "Boundary"),
    Key("t", "in_view('samples')", "Samples", "All samples, those for training, or none", "Boundary"),
    Key("h", "in_view('next_axis', 'x')", "Axes", "The next feature across", "Boundary"),
    Key("v", "in_view('next_axis', 'y')", "Axes", "The next feature upwards", "Boundary"),
    Key("n", "in_view('regenerate')", "New points", "Other points of a toy set: the next seed", "Boundary"),
    Key("P", "in_view('pen')", "Pen", "Take the pen that adds and removes points, or put it away", "Boundary"),
    Key("X", "in_view('clear_points')", "Clear", "Undo all that was added and removed by hand", "Boundary"),
    Key("left", "in_view('move_pen', (-1, 0))", "Move", "Left, up, right or down", "Pen", shown_as="←↑→↓"),
    Key("shift+left", "in_view('move_pen', (-5, 0))", "Move", "The same, by five cells", "Pen", shown_as="shift+←"),
    Key("1", "in_view('pick_value', 1)", "Value", "Class by number; a target is -1 to 1", "Pen", shown_as="1-9"),
    Key("enter", "in_view('add_point')", "Add", "Add a point there; a click does it anywhere", "Pen"),
    Key("x,delete", "in_view('remove_point')", "Remove", "Remove the nearest; so does ctrl+click", "Pen", shown_as="x"),
    Key("escape", "in_view('leave_pen')", "End", "Put the pen away", "Pen", shown_as="esc"),
    Key("v", "in_view('panel')", "Panel", "Overview, samples, or the loss of each sample", "Predictions"),
    Key("t", "in_view('part')", "Part", "Training or validation part", "Predictions"),
    Key("up", "in_view('rank', -1)", "Sample", "A worse sample", "Predictions", shown_as="↑"),
    Key("down", "in_view('rank', 1)", "Sample", "A better sample", "Predictions", shown_as="↓"),
    Key("home", "in_view('rank', -1_000_000_000)", "Sample", "The worst sample", "Predictions"),
    Key("end", "in_view('rank', 1_000_000_000)", "Sample", "The best sample", "Predictions"),
    Key("left", "in_view('fold', -1)", "Classes", "Of many classes: more mistakes", "Predictions", shown_as="←"),
    Key("right", "in_view('fold', 1)", "Classes", "Of many classes: fewer mistakes", "Predictions", shown_as="→"),
    Key(
        "left", "in_view('inspect', -1)", "Inspect", "A cursor that tells the values of an epoch", "Loss", shown_as="←"
    ),
    Key("right", "in_view('inspect', 1)", "Inspect", "The cursor to a later epoch", "Loss", shown_as="→"),
    Key("home", "in_view('inspect_end', -1)", "Ends", "The cursor to the first epoch", "Loss"),
    Key("end", "in_view('inspect_end', 1)", "Ends", "The cursor to the newest epoch", "Loss"),
    Key("plus", "in_view('zoom_epochs', 1)", "Zoom", "Half the epochs, around the cursor", "Loss", shown_as="+"),
    Key("minus", "in_view('zoom_epochs', -1)", "Zoom", "Twice as many epochs", "Loss", shown_as="-"),
    Key("pageup", "in_view('pan_epochs', -1)", "Pan", "Earlier epochs", "Loss", shown_as="pgup"),
    Key("pagedown", "in_view('pan_epochs', 1)", "Pan", "Later epochs", "Loss", shown_as="pgdn"),
    Key("0", "in_view('all_epochs')", "All", "All epochs, without a cursor", "Loss"),
    Key("S", "in_view('smooth')", "Smooth", "A moving average: none, 0.6 or 0.9 of it kept", "Loss"),
    Key("t", "in_view('compared_part')", "Part", "Of the chosen runs: validation or training", "Loss"),
    Key("up", "in_view('next_run', -1)", "Run", "The run above", "Runs", shown_as="↑"),
    Key("down", "in_view('next_run', 1)", "Run", "The run below", "Runs", shown_as="↓"),
    Key("pageup", "in_view('run_page', -1)", "Page", "A page up", "Runs", shown_as="pgup"),
    Key("pagedown", "in_view('run_page', 1)", "Page", "A page down", "Runs", shown_as="pgdn"),
    Key("home", "in_view('run_end', -1)", "Ends", "The first run", "Runs"),
    Key("end", "in_view('run_end', 1)", "Ends", "The last run", "Runs"),
    Key("left", "in_view('columns', -1)", "Columns", "The columns before", "Runs", shown_as="←"),
    Key("right", "in_view('columns', 1)", "Columns", "Further columns", "Runs", shown_as="→"),
    Key("enter", "in_view('open_run')", "Open", "Open the run as it was; space trains it on", "Runs"),
    Key("slash", "in_view('filter')", "Filter", "Words, loss<0.1, dataset=iris, -diverged", "Runs", shown_as="/"),
    Key("o", "in_view('sort')", "Sort", "Sort by the next column; so does a click on it", "Runs"),
    Key("O", "in_view('turn_around')", "Order", "Sort the other way round", "Runs"),
    Key("v", "in_view('choose_run')", "Choose", "Choose the run, or not: the Loss tab draws them", "Runs"),
    Key("0", "in_view('choose_none')", "None", "Choose no run", "Runs"),
    Key("w", "in_view('differ')", "Differ", "What differs between the chosen runs", "Runs"),
    Key("N", "in_view('name_run')", "Name", "Give the run another name", "Runs"),
    Key("t", "in_view('tag_runs')", "Tags", "Tag the chosen runs, or the one under the cursor", "Runs"),
    Key("P", "in_view('pin_runs')", "Pin", "Keep them on top, or no longer", "Runs"),
    Key("d,delete", "in_view('delete_runs')", "Delete", "Delete them", "Runs"),
    Key("u", "in_view('bring_back')", "Bring back", "Bring back what was deleted last", "Runs"),
    Key("question_mark,f1", "help", "Help", "All keys", "App", footer=True, shown_as="?"),
    Key("q", "quit", "Quit", "Leave the app", "App", footer=True),
    Key("ctrl+q", "quit_now", "Quit", "Leave the app, from a text field too", "App", in_text=True),
    Key("ctrl+c", "quit_now", "Quit", "Leave the app", "App"),
)
