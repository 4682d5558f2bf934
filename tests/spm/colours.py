"""Colour arithmetic for the token test: contrast (WCAG 2.2), simulated colour blindness, ΔE (CIE 1976)."""

import re

# Dichromats in linear RGB: Viénot 1999 for red and green; for blue, where one plane does not do, Brettel 1997 with
# its two half-planes (figures of libDaltonLens).
VIENOT = {
    "protanopia": ((0.11238, 0.88762, 0.0), (0.11238, 0.88762, 0.0), (0.00401, -0.00401, 1.0)),
    "deuteranopia": ((0.29275, 0.70725, 0.0), (0.29275, 0.70725, 0.0), (-0.02234, 0.02234, 1.0)),
}
BRETTEL_NORMAL = (0.03901, -0.02788, -0.01113)
BRETTEL_ABOVE = ((1.01277, 0.13548, -0.14826), (-0.01243, 0.86812, 0.14431), (0.07589, 0.80500, 0.11911))
BRETTEL_BELOW = ((0.93678, 0.18979, -0.12657), (0.06154, 0.81526, 0.12320), (-0.37562, 1.12767, 0.24796))
BLINDNESS = (*VIENOT, "tritanopia")
TO_XYZ = ((0.4124564, 0.3575761, 0.1804375), (0.2126729, 0.7151522, 0.0721750), (0.0193339, 0.1191920, 0.9503041))
WHITE = (0.95047, 1.0, 1.08883)


def tokens(css, selector):
    """The custom properties of every rule whose selector list holds ``selector``."""
    found = {}
    for selectors, body in re.findall(r"([^{}]+)\{([^{}]*)\}", re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)):
        if selector in [part.strip() for part in selectors.split(",")]:
            found |= dict(re.findall(r"--([\w-]+):\s*(#[0-9A-Fa-f]{6})", body))
    return found


def linear(colour):
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    return tuple(c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)


def times(matrix, vector):
    return tuple(sum(m * v for m, v in zip(row, vector, strict=True)) for row in matrix)


def luminance(colour):
    return sum(weight * channel for weight, channel in zip((0.2126, 0.7152, 0.0722), linear(colour), strict=True))


def contrast(one, other):
    bright, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def lab(rgb):
    ratios = [value / white for value, white in zip(times(TO_XYZ, rgb), WHITE, strict=True)]
    x, y, z = (r ** (1 / 3) if r > 216 / 24389 else (24389 / 27 * r + 16) / 116 for r in ratios)
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def seen_by(colour, blindness):
    rgb = linear(colour)
    if not blindness:
        return rgb
    above = sum(n * c for n, c in zip(BRETTEL_NORMAL, rgb, strict=True)) >= 0
    matrix = VIENOT.get(blindness) or (BRETTEL_ABOVE if above else BRETTEL_BELOW)
    return tuple(min(max(c, 0), 1) for c in times(matrix, rgb))


def difference(one, other, blindness=""):
    a, b = lab(seen_by(one, blindness)), lab(seen_by(other, blindness))
    return sum((p - q) ** 2 for p, q in zip(a, b, strict=True)) ** 0.5
