#!/usr/bin/env python3
"""Writes app/kit/src/icon/path.rs from the npm package @phosphor-icons/core (MIT).

    npm install --prefix /tmp/icons @phosphor-icons/core@2.1.1
    python3 style/icons.py /tmp/icons/node_modules/@phosphor-icons/core

One constant per icon and weight: what a front does not name never reaches its WASM.
"""

import pathlib
import re
import sys

BOLD = """
arrow-bend-up-left arrow-counter-clockwise arrow-down arrow-down-right arrow-left arrow-right
arrow-u-up-left arrow-up arrow-up-right arrows-clockwise barcode bell calendar-blank camera
camera-rotate camera-slash caret-down caret-left caret-right caret-up caret-up-down chart-line-up
chat-circle-dots check check-circle clock clock-countdown clock-counter-clockwise cloud-arrow-up
cloud-check cloud-slash copy device-mobile dots-three-vertical download-simple envelope-simple
export eye eye-slash flashlight funnel gear-six gift globe hand-coins handshake hourglass house
identification-card info key keyboard link-break link-simple list list-magnifying-glass lock-simple
magnifying-glass map-pin megaphone-simple minus moon package pause pencil-simple plus plus-minus
play printer prohibit qr-code question receipt scan seal-check share-network shield-check
shield-warning sign-out sparkle speaker-high speaker-slash stamp storefront sun tag target timer
trash upload-simple user user-circle user-plus users warning warning-circle whatsapp-logo wifi-slash x
x-circle
""".split()

FILL = """
bell chart-line-up chat-circle-dots check-circle check-fat clock-counter-clockwise cloud-check export
gear-six gift hand-coins hourglass house info list list-magnifying-glass megaphone-simple package
plus-minus qr-code receipt scan seal-check shield-check sparkle storefront tag target user-circle
users warning warning-circle barcode shield-warning identification-card
""".split()


def path_of(core: pathlib.Path, weight: str, name: str) -> str:
    svg = (core / "assets" / weight / f"{name}-{weight}.svg").read_text()
    paths = re.findall(r'<path d="([^"]+)"', svg)
    others = set(re.findall(r"<(\w+)", svg)) - {"svg", "path"}
    if not paths or others:
        sys.exit(f"{name}-{weight}: not made of paths only ({others})")
    return "".join(paths)


def main() -> None:
    core = pathlib.Path(sys.argv[1])
    out = pathlib.Path(__file__).parent.parent / "app/kit/src/icon/path.rs"
    lines = [
        "//! Path strings of Phosphor icons 2.1.1, (c) 2020-2024 Phosphor Icons, MIT licence.",
        "//!",
        "//! Written by `style/icons.py`; add a name there rather than a string here.",
        "//! Plain names are the *bold* weight, `_FILL` the filled one for what is selected.",
        "",
    ]
    for weight, names, suffix in (("bold", BOLD, ""), ("fill", FILL, "_FILL")):
        for name in sorted(set(names)):
            const = name.replace("-", "_").upper() + suffix
            lines.append(f"/// `{name}`, {weight}.")
            lines.append(f'pub const {const}: &str = "{path_of(core, weight, name)}";')
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text("\n".join(lines) + "\n")


main()
