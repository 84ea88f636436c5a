"""The colours where there are sixteen, or none."""

from __future__ import annotations

from textual.theme import Theme

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
