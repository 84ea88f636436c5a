"""The app's own themes. Tests measure the contrast of their text, and how different the colours of series are."""

from __future__ import annotations

from textual.theme import Theme

# The ten colours of series, in the order of ``plotting.colors``: the first four have a meaning as well.
_NAMES = (
    "text-primary",
    "text-warning",
    "text-success",
    "text-error",
    "foreground",
    "text-secondary",
    "warning-darken-2",
    "foreground-muted",
    "success-darken-2",
    "error-darken-2",
)
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


def _palette(
    name: str,
    dark: bool,
    series: tuple[str, ...],
    paper: str,
    surface: str,
    panel: str,
    quiet: str,
    accent: str,
    **others: str,
) -> Theme:
    """A theme with these ten colours of series on ``paper``.

    ``quiet`` is of text that is there to be looked up, not read; ``others`` are variables, with _ for -.
    """
    primary, warning, success, error, ink, secondary = series[:6]
    return Theme(
        name=name,
        dark=dark,
        primary=primary,
        secondary=secondary,
        warning=warning,
        success=success,
        error=error,
        accent=accent,
        foreground=ink,
        background=paper,
        surface=surface,
        panel=panel,
        variables={
            **_theme_variables(series, paper, panel, quiet, accent),
            **{key.replace("_", "-"): value for key, value in others.items()},
        },
    )


def _theme_variables(series: tuple[str, ...], paper: str, panel: str, quiet: str, accent: str) -> dict[str, str]:
    """The variables of series, text, cursors and borders."""
    primary, ink = series[0], series[4]
    return {
        **dict(zip(_NAMES, series, strict=True)),
        "text": ink,
        "text-muted": quiet,
        "text-disabled": quiet,
        "text-accent": accent,
        "foreground-disabled": quiet,
        "block-cursor-foreground": paper,
        "block-cursor-background": primary,
        "block-cursor-blurred-foreground": ink,
        "block-cursor-blurred-background": panel,
        "footer-background": panel,
        "footer-foreground": ink,
        "footer-description-foreground": ink,
        "footer-key-foreground": accent,
        "input-selection-background": f"{primary} 40%",
        "border": primary,
    }


LIGHT = _palette(
    "light",
    dark=False,
    series=(
        "#0a58b0",
        "#a84300",
        "#16713a",
        "#b8172f",
        "#1f2328",
        "#7b2fd0",
        "#6b5200",
        "#59636e",
        "#0b6a63",
        "#99106a",
    ),
    paper="#ffffff",
    surface="#f3f4f6",
    panel="#e4e7eb",
    quiet="#59636e",
    accent="#8a4b00",
    error_muted="#ffe3e3",
    success_muted="#dff2e5",
    primary_muted="#e0ecfa",
    surface_lighten_1="#eceff2",
    surface_lighten_2="#e0e4e9",
    surface_lighten_3="#d0d7de",
)


HIGH_CONTRAST = _palette(
    "high-contrast",
    dark=True,
    series=(
        "#6fc3ff",
        "#ffd000",
        "#4dff7a",
        "#ff9a85",
        "#ffffff",
        "#f0a3ff",
        "#ffff9a",
        "#d0d0d0",
        "#97f0ee",
        "#ffb0d8",
    ),
    paper="#000000",
    surface="#0a0a0a",
    panel="#1c1c1c",
    quiet="#d0d0d0",
    accent="#ffd000",
    error_muted="#3a0000",
    success_muted="#00280c",
    primary_muted="#002038",
)


# Apart from each other for eyes that lack red or green, and of different lightness, so that grey tells some of it too.
COLOR_BLIND = _palette(
    "color-blind",
    dark=True,
    series=(
        "#5686fe",
        "#ffca00",
        "#59e188",
        "#ee5028",
        "#ffffff",
        "#b47399",
        "#e0ff7c",
        "#c2c2c2",
        "#c0d5ff",
        "#bc85d8",
    ),
    paper="#121212",
    surface="#1e1e1e",
    panel="#242a32",
    quiet="#b4b4b4",
    accent="#ffca00",
    error_muted="#32100a",
    success_muted="#12301d",
    primary_muted="#101d33",
)


APP_THEMES = (LIGHT, HIGH_CONTRAST, COLOR_BLIND, SIXTEEN)
