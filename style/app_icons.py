#!/usr/bin/env python3
"""Writes public/icons/*.png, public/favicon.svg and public/favicon.ico: the mark, on one ground per front.

    python3 -m venv /tmp/icons && /tmp/icons/bin/pip install cairosvg==2.8.2 pillow
    /tmp/icons/bin/python style/app_icons.py
"""

import io
import pathlib
import re

import cairosvg
from PIL import Image

ROOT = pathlib.Path(__file__).parent.parent
PUBLIC = ROOT / "public"
SOURCE = (ROOT / "app/kit/src/icon/mod.rs").read_text()
ARCHES = re.search(r'MARK_ARCHES: &str =\s*"([^"]+)"', SOURCE).group(1)
SLAB = re.search(r'MARK_SLAB: &str =\s*"([^"]+)"', SOURCE).group(1)

ORANGE, CYAN, INK, WHITE = "#F97316", "#0EA5E9", "#0E1B2A", "#FFFFFF"
# Ground, slab, arches. The tendero's is the counter's key; on it the mark is one colour.
FRONTS = {
    "consumer": (WHITE, ORANGE, CYAN),
    "tendero": (ORANGE, "#1C0F03", "#1C0F03"),
    "brand": (INK, ORANGE, CYAN),
    "backoffice": ("#E8ECF1", INK, INK),
}


def svg(ground: str, slab: str, arches: str, share: float, radius: float) -> str:
    """The mark takes `share` of a 28-unit tile with corners of `radius`."""
    inset = 14 * (1 - share)
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 28 28">'
        f'<rect width="28" height="28" rx="{radius}" fill="{ground}"/>'
        f'<g transform="translate({inset:.2f} {inset:.2f}) scale({share})">'
        f'<path fill="{arches}" d="{ARCHES}"/><path fill="{slab}" d="{SLAB}"/></g></svg>'
    )


def png(source: str, side: int) -> Image.Image:
    return Image.open(io.BytesIO(cairosvg.svg2png(source.encode(), output_width=side, output_height=side)))


def save(image: Image.Image, name: str) -> None:
    image.quantize(64, method=Image.Quantize.FASTOCTREE).save(PUBLIC / "icons" / name, optimize=True)


def main() -> None:
    (PUBLIC / "icons").mkdir(parents=True, exist_ok=True)
    for front, colours in FRONTS.items():
        for side in (192, 512):
            save(png(svg(*colours, share=0.66, radius=6), side), f"{front}-{side}.png")
            # A mask may cut a circle of 80 %: nothing of the mark lies outside it.
            save(png(svg(*colours, share=0.54, radius=0), side), f"{front}-maskable-{side}.png")
        save(png(svg(*colours, share=0.62, radius=0), 180), f"{front}-180.png")
    bare = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 28 28">'
        f'<path fill="{CYAN}" d="{ARCHES}"/><path fill="{ORANGE}" d="{SLAB}"/></svg>\n'
    )
    (PUBLIC / "favicon.svg").write_text(bare)
    png(bare, 48).save(PUBLIC / "favicon.ico", sizes=[(16, 16), (32, 32), (48, 48)])


main()
