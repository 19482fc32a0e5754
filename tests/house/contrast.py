"""The colours of HTML pages: each text on each fill that it stands on has a contrast of at least 4.5:1, in
light and in dark (WCAG 2.1, 1.4.3)."""

import re

from house import finish, read

STYLE = "src/plan/page.css"
LEAST = 4.5
# text: the fills that it stands on
PAIRS = {
    "ink": ["page", "card", "code", "s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7"],
    "soft": ["page", "card", "code"],
    "accent": ["page", "card", "code"],
    "add": ["add-fill"],
    "gone": ["gone-fill"],
    "up": ["up-fill"],
    "down": ["down-fill"],
    "same": ["same-fill"],
}


def luminance(colour):
    """WCAG 2.1, relative luminance, of "#rrggbb"."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(text, fill):
    light, dark = sorted((luminance(text), luminance(fill)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def main():
    problems = []
    style = read(STYLE)
    blocks = re.findall(r":root \{(.*?)\}", style, re.S)
    if len(blocks) < 2:
        problems.append("%s: light and dark colours are not found" % STYLE)
    colours = {}
    lowest = 99
    for mode, block in zip(("light", "dark"), blocks):
        colours.update(re.findall(r"--([\w-]+): (#[0-9a-f]{6})\b", block))
        for text, fills in PAIRS.items():
            for fill in fills:
                found = contrast(colours[text], colours[fill])
                lowest = min(lowest, found)
                if found < LEAST:
                    problems.append("%s: %s on %s is %.2f:1 in %s" % (STYLE, text, fill, found, mode))
    print("the lowest contrast is %.2f:1" % lowest)
    finish(problems)


main()
