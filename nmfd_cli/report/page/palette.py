"""The colours and shapes by which stems are told apart.

Six hues after the facts of Okabe and Ito [1]_, blue and vermillion first, made darker for the light
theme and lighter for the dark one until each stands out from the page by 4.5 to 1, as text must.
They differ in lightness too, so that no two look alike without red or without green; a shape of its
own tells a stem where colours fail altogether.  Colours repeat after six stems, shapes after seven:
forty-two stems have a pair of their own.

.. [1] M. Okabe, K. Ito: "Color universal design", 2002.
"""

from collections.abc import Mapping

#: Of the stems, in their order.
STEM_COLOURS: Mapping[str, tuple[str, ...]] = {
    "light": ("#0068d0", "#c04a00", "#005a44", "#66188f", "#3d2600", "#6a6f78"),
    "dark": ("#4f9bf0", "#f06a20", "#2c9f86", "#d0b0e0", "#f5ea3c", "#f4efe2"),
}

#: Of everything else.
SURFACES: Mapping[str, Mapping[str, str]] = {
    "light": {
        "page": "#f4f5f7", "panel": "#ffffff", "text": "#1b1e24", "muted": "#555c68",
        "line": "#8a919d", "faint": "#dde0e6", "accent": "#0b57c2", "on-accent": "#ffffff",
        "cursor": "#d4006a",
    },
    "dark": {
        "page": "#16181d", "panel": "#1e2127", "text": "#eceef2", "muted": "#aab1bd",
        "line": "#7b8391", "faint": "#353a44", "accent": "#8ab8ff", "on-accent": "#10131a",
        "cursor": "#ff7ab8",
    },
}  # fmt: skip

#: Outlines as values of CSS's ``clip-path``.
SHAPES = (
    "circle(50%)",
    "polygon(6% 6%,94% 6%,94% 94%,6% 94%)",
    "polygon(50% 0,100% 50%,50% 100%,0 50%)",
    "polygon(50% 2%,100% 96%,0 96%)",
    "polygon(0 4%,100% 4%,50% 98%)",
    "polygon(34% 0,66% 0,66% 34%,100% 34%,100% 66%,66% 66%,66% 100%,34% 100%,34% 66%,0 66%,0 34%,"
    "34% 34%)",
    "polygon(20% 0,50% 30%,80% 0,100% 20%,70% 50%,100% 80%,80% 100%,50% 70%,20% 100%,0 80%,30% 50%,"
    "0 20%)",
)


def theme_styles(n_stems: int) -> str:
    """Return the style rules that define colours of both themes and the shapes of the stems."""
    light, dark = (_variables(theme, n_stems) for theme in ("light", "dark"))
    shapes = "".join(f"--shape-{s}:{SHAPES[s % len(SHAPES)]};" for s in range(n_stems))
    return (
        f":root{{color-scheme:light;{light}{shapes}}}\n"
        "@media (prefers-color-scheme:dark){"
        f":root:not([data-theme=light]){{color-scheme:dark;{dark}}}}}\n"
        f":root[data-theme=dark]{{color-scheme:dark;{dark}}}\n"
    )


def stem_style(stem: int) -> str:
    """Return the declarations that give an element the colour and the shape of a stem."""
    return f"--stem:var(--stem-{stem});--shape:var(--shape-{stem})"


def _variables(theme: str, n_stems: int) -> str:
    colours = STEM_COLOURS[theme]
    surfaces = "".join(f"--{name}:{colour};" for name, colour in SURFACES[theme].items())
    stems = "".join(f"--stem-{s}:{colours[s % len(colours)]};" for s in range(n_stems))
    blend = "multiply" if theme == "light" else "screen"
    return f"{surfaces}{stems}--blend:{blend};"
