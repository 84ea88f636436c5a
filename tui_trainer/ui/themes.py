"""The app's own themes, and the colours of data, which are the same whatever the theme.

Violet is for what has the focus, for keys and for tabs; green, red and yellow are for verdicts. Orange and blue, and
the other colours of data, only ever belong to classes, signs and curves. Tests measure the contrast of all text, and
how different the colours of data are.
"""

from __future__ import annotations

from collections.abc import Mapping

from textual.theme import Theme

DATA = ("train", "validation", "batch", "sequence", "low", "high", *(f"class{number}" for number in range(10)))


def _data(*colors: str) -> dict[str, str]:
    """Return the variables of the colours of data, given in the order of ``DATA``; ``plotting.colors`` uses them."""
    return {f"data-{name}": color for name, color in zip(DATA, colors, strict=True)}


# White and pink for the two curves, grey; the ends of scales without and with a sign; then the classes.
ON_DARK = _data(
    *("#f2f4fb", "#ff7ab8", "#8b91a8", "#25d3c0", "#ff9f40", "#4fa3ff"),
    *("#4fa3ff", "#ff9f40", "#25d3c0", "#f0df5a", "#a9b8e8", "#d98673", "#a3c64a", "#9298ab", "#3fa7c9", "#e3c6a0"),
)
ON_LIGHT = _data(
    *("#1b1e2b", "#b8005f", "#62687a", "#00706c", "#e57a0c", "#2878dc"),
    *("#0b5fc4", "#a84a00", "#00706c", "#735600", "#3d4a78", "#8f3a2e", "#46690e", "#62687a", "#006a8e", "#80592f"),
)
ON_BLACK = _data(
    *("#ffffff", "#ff9fd2", "#c8ccd8", "#5ff0e0", "#ffb340", "#6fc3ff"),
    *("#6fc3ff", "#ffb340", "#5ff0e0", "#fff27a", "#c9d4ff", "#ffb5a5", "#c8f06a", "#d0d0d0", "#7fd8f5", "#f5dfc0"),
)
ON_WHITE = _data(
    *("#000000", "#8a0047", "#4a4f5c", "#004f4c", "#e57a0c", "#2878dc"),
    *("#003f94", "#7a3200", "#004f4c", "#544000", "#2b3560", "#6e241a", "#304a06", "#4a4f5c", "#004a66", "#5a3c1c"),
)
# Apart from each other and from the curves for eyes that lack red or green, and of different lightness, so that grey
# tells some of it too.
WITHOUT_RED_OR_GREEN = _data(
    *("#ffffff", "#ff6fd0", "#9a9270", "#59e188", "#ffca00", "#5686fe"),
    *("#5686fe", "#ffca00", "#e54d9a", "#00ddff", "#ffffbb", "#b27d3a", "#c39800", "#c7cdad", "#f2ff81", "#a08165"),
)
SIXTEEN_BRIGHT = _data(
    *("ansi_bright_white", "ansi_bright_magenta", "ansi_bright_black", "ansi_bright_green"),
    *("ansi_bright_yellow", "ansi_bright_cyan"),
    *("ansi_bright_cyan", "ansi_bright_yellow", "ansi_bright_green", "ansi_bright_red", "ansi_white"),
    *("ansi_bright_magenta", "ansi_bright_yellow", "ansi_white", "ansi_bright_green", "ansi_bright_red"),
)
# The terminal's own sixteen on the terminal's own ground, which may be any.
TERMINAL = _data(
    *("ansi_default", "ansi_magenta", "ansi_bright_black", "ansi_cyan", "ansi_yellow", "ansi_blue"),
    *("ansi_blue", "ansi_yellow", "ansi_cyan", "ansi_red", "ansi_default"),
    *("ansi_magenta", "ansi_bright_yellow", "ansi_bright_black", "ansi_bright_cyan", "ansi_bright_magenta"),
)


def data_colors(theme: Theme) -> Mapping[str, str]:
    """Return the variables of the colours of data on the ground of a theme; one of the app's own may bring others."""
    return TERMINAL if theme.ansi else ON_DARK if theme.dark else ON_LIGHT


BLACK, WHITE, GREY = "ansi_black", "ansi_white", "ansi_bright_black"
STRONG, FIELD = "ansi_bright_white", "ansi_blue"
# Bright ones on black, whatever the terminal's own background is: its dark blue can't be read on black, its yellow
# not on white. Nothing is mixed, so nothing comes out as another colour than it was meant to.
SIXTEEN = Theme(
    name="sixteen-colors",
    ansi=True,
    dark=True,
    primary="ansi_bright_cyan",
    secondary="ansi_bright_magenta",
    warning="ansi_bright_yellow",
    error="ansi_bright_red",
    success="ansi_bright_green",
    accent="ansi_bright_yellow",
    foreground=WHITE,
    background=BLACK,
    variables={
        **SIXTEEN_BRIGHT,
        "ansi-background": BLACK,
        "ansi-foreground": WHITE,
        "surface": BLACK,
        "surface-lighten-1": BLACK,
        "surface-lighten-2": FIELD,
        "surface-lighten-3": "ansi_cyan",
        "panel": FIELD,
        "boost": BLACK,
        "text": WHITE,
        "text-muted": WHITE,
        "text-disabled": GREY,
        "foreground-muted": WHITE,
        "foreground-disabled": GREY,
        "background-muted": BLACK,
        "primary-muted": FIELD,
        "secondary-muted": FIELD,
        "accent-muted": FIELD,
        "success-muted": BLACK,
        "warning-muted": BLACK,
        "error-muted": BLACK,
        "block-cursor-foreground": BLACK,
        "block-cursor-background": "ansi_cyan",
        "block-cursor-blurred-foreground": STRONG,
        "block-cursor-blurred-background": FIELD,
        "block-hover-background": FIELD,
        "border": "ansi_bright_cyan",
        "border-blurred": WHITE,
        "scrollbar": WHITE,
        "scrollbar-hover": STRONG,
        "scrollbar-active": STRONG,
        "scrollbar-background": BLACK,
        "scrollbar-background-hover": BLACK,
        "scrollbar-background-active": BLACK,
        "scrollbar-corner-color": BLACK,
        "footer-foreground": WHITE,
        "footer-background": FIELD,
        "footer-description-foreground": STRONG,
        "footer-key-foreground": "ansi_bright_yellow",
        "input-cursor-foreground": BLACK,
        "input-cursor-background": WHITE,
        "input-selection-foreground": BLACK,
        "input-selection-background": "ansi_cyan",
        "button-foreground": WHITE,
        "button-color-foreground": BLACK,
        "link-color": "ansi_bright_cyan",
    },
)


def theme_defaults(theme: Theme) -> dict[str, str]:
    """Return variables that themes lack: the colours of data, and a quiet one where the terminal's own are used."""
    return {"foreground-disabled": "ansi_bright_black", **data_colors(theme)}


def _palette(
    name: str,
    dark: bool,
    data: Mapping[str, str],
    ink: str,
    quiet: str,
    violet: str,
    verdicts: tuple[str, str, str],
    grounds: tuple[str, str, str],
    **others: str,
) -> Theme:
    """Return a theme with these colours of ``data``.

    ``quiet`` is of text that is there to be looked up, not read. ``verdicts`` are good, doubtful and bad; ``grounds``
    the one of the screen, of what lies on it, and of lines such as the status. ``others`` are variables, with _ for -.
    """
    success, warning, error = verdicts
    paper, surface, panel = grounds
    return Theme(
        name=name,
        dark=dark,
        primary=violet,
        secondary=violet,
        warning=warning,
        success=success,
        error=error,
        accent=violet,
        foreground=ink,
        background=paper,
        surface=surface,
        panel=panel,
        variables={
            **data,
            "text": ink,
            "text-muted": quiet,
            "text-disabled": quiet,
            "text-primary": violet,
            "text-secondary": violet,
            "text-accent": violet,
            "text-success": success,
            "text-warning": warning,
            "text-error": error,
            "foreground-muted": quiet,
            "foreground-disabled": quiet,
            "block-cursor-foreground": paper,
            "block-cursor-background": violet,
            "block-cursor-blurred-foreground": ink,
            "block-cursor-blurred-background": panel,
            "footer-background": surface,
            "footer-foreground": ink,
            "footer-description-foreground": ink,
            "footer-key-foreground": violet,
            "input-selection-background": f"{violet} 40%",
            "border": violet,
            "scrollbar-background": surface,
            "scrollbar-background-hover": surface,
            "scrollbar-background-active": surface,
            "scrollbar-corner-color": surface,
            **{key.replace("_", "-"): value for key, value in others.items()},
        },
    )


DARK = _palette(
    "dark",
    dark=True,
    data=ON_DARK,
    ink="#e6e8f2",
    quiet="#979db3",
    violet="#b994ff",
    verdicts=("#5fe08a", "#f2cb52", "#ff7d8c"),
    grounds=("#0f111a", "#151824", "#1c2030"),
    primary_muted="#382d5c",
    error_muted="#33151d",
    success_muted="#12301f",
    warning_muted="#332a10",
    surface_lighten_1="#1f2336",
    surface_lighten_2="#272c42",
    surface_lighten_3="#3a4060",
)


LIGHT = _palette(
    "light",
    dark=False,
    data=ON_LIGHT,
    ink="#1b1e2b",
    quiet="#5a6072",
    violet="#6a35c9",
    verdicts=("#12683a", "#735600", "#b3152c"),
    grounds=("#fbfbfe", "#f2f2f9", "#e8e9f3"),
    primary_muted="#e2d8f8",
    error_muted="#ffe1e4",
    success_muted="#dcf2e4",
    warning_muted="#f7edcf",
    surface_lighten_1="#ebecf5",
    surface_lighten_2="#dfe1ee",
    surface_lighten_3="#b9bdd2",
)


HIGH_CONTRAST = _palette(
    "high-contrast",
    dark=True,
    data=ON_BLACK,
    ink="#ffffff",
    quiet="#d0d0d0",
    violet="#c79bff",
    verdicts=("#4dff7a", "#ffd000", "#ff9a85"),
    grounds=("#000000", "#0a0a0a", "#1c1c1c"),
    primary_muted="#1f1238",
    error_muted="#3a0000",
    success_muted="#00280c",
    warning_muted="#2b2300",
    surface_lighten_3="#8a8a94",
)


COLOR_BLIND = _palette(
    "color-blind",
    dark=True,
    data=WITHOUT_RED_OR_GREEN,
    ink="#ffffff",
    quiet="#b4b4b4",
    violet="#b085ff",
    verdicts=("#59e188", "#ffca00", "#ee5028"),
    grounds=("#121212", "#1e1e1e", "#242a32"),
    primary_muted="#2d2645",
    error_muted="#32100a",
    success_muted="#12301d",
    warning_muted="#2b2300",
)


# For a bright room: nothing but black, white and strong colours, all with a contrast of at least 7.
PROJECTOR = _palette(
    "projector",
    dark=False,
    data=ON_WHITE,
    ink="#000000",
    quiet="#4a4f5c",
    violet="#4b1b9e",
    verdicts=("#0b4d28", "#544000", "#8c0f20"),
    grounds=("#ffffff", "#ffffff", "#f3f3f6"),
    primary_muted="#ece4fb",
    error_muted="#fff0f1",
    success_muted="#effaf2",
    warning_muted="#fbf5e2",
    surface_lighten_1="#f3f3f6",
    surface_lighten_2="#e8e8ee",
    surface_lighten_3="#8a8d99",
)


APP_THEMES = (DARK, LIGHT, HIGH_CONTRAST, COLOR_BLIND, PROJECTOR, SIXTEEN)
THICK = frozenset({LIGHT.name, PROJECTOR.name})  # where dots of Braille are too thin to be seen well
