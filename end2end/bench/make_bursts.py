#!/usr/bin/env python3
"""Draws what a camera sees while a hand holds a label before it: bursts of frames with one content and one label.

usage: make_bursts.py CORPUS OUT_DIR [--bursts 200] [--frames 15] [--level medium] [--seed 1000]

CORPUS holds make_frames.py, whose model of a cheap phone's camera is used as it is. It draws every property of a frame
from one generator; here that generator remembers what it gave to the first frame of a burst, and gives the later
frames nearly the same: content, print and surroundings stay, the pose drifts, the noise is new.

Writes OUT_DIR/BURST-FRAME.jpg and OUT_DIR/bursts.json: [{symbology, truth, frames: [file]}].
"""
import argparse, collections, json, math, os, sys
import cv2
import numpy as np

SYMBOLOGIES = ["ean13", "ean8", "upca", "qrcode"]
# Parts of a property's range by which it may differ from the burst's own, uniformly.
DRIFT = 0.03


def model(corpus):
    """The names of make_frames.py without its last part, which writes a corpus."""
    path = os.path.join(corpus, "make_frames.py")
    with open(path, encoding="utf-8") as file:
        text = file.read()
    head, mark, _ = text.partition("\nout = sys.argv[1]")
    if not mark:
        sys.exit(f"{path} is not laid out as expected")
    names = {"__name__": "make_frames"}
    exec(compile(head, path, "exec"), names)
    return names


class Hand:
    """A generator that repeats itself from frame to frame, nearly."""

    def __init__(self, seed):
        self.rng = np.random.default_rng(seed)
        self.kept = {}
        self.next_frame()

    def next_frame(self):
        self.seen = collections.Counter()

    def _first(self, kind, low, high, size, draw):
        """What the burst's first frame got for the same property: the n-th draw of one range."""
        key = (kind, low, high, size)
        self.seen[key] += 1
        key += (self.seen[key],)
        new = key not in self.kept
        if new:
            self.kept[key] = draw()
        return self.kept[key], new

    def integers(self, low, high, size=None):
        return self._first("integers", low, high, size, lambda: self.rng.integers(low, high, size))[0]

    def uniform(self, low, high, size=None):
        first, new = self._first("uniform", low, high, size, lambda: self.rng.uniform(low, high, size))
        # A coin (is there glare?) falls once for a burst; print and surroundings do not change either.
        if new or (low, high) in [(0, 1), (15, 60), (190, 245), (0.3, 0.55), (40, 190)]:
            return first
        # The direction of a shake is new in every frame.
        if (low, high) == (0, math.pi):
            return self.rng.uniform(low, high, size)
        return np.clip(first + self.rng.uniform(-DRIFT, DRIFT, size) * (high - low), low, high)

    def normal(self, mean, deviation, size=None):
        return self.rng.normal(mean, deviation, size)


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("corpus")
    arguments.add_argument("out")
    arguments.add_argument("--bursts", type=int, default=200)
    arguments.add_argument("--frames", type=int, default=15)
    arguments.add_argument("--level", default="medium")
    arguments.add_argument("--seed", type=int, default=1000)
    given = arguments.parse_args()
    names = model(given.corpus)
    os.makedirs(given.out, exist_ok=True)
    index = []
    for burst in range(given.bursts):
        symbology = SYMBOLOGIES[burst % len(SYMBOLOGIES)]
        names["rng"] = hand = Hand([given.seed, burst])
        files = []
        for frame in range(given.frames):
            hand.next_frame()
            picture, truth, _ = names["frame"](symbology, given.level)
            file = f"{burst:04d}-{frame:02d}.jpg"
            cv2.imwrite(os.path.join(given.out, file), picture, [cv2.IMWRITE_JPEG_QUALITY, names["LEVEL"][given.level]["q"]])
            files.append(file)
        index.append({"symbology": symbology, "truth": truth, "frames": files})
    with open(os.path.join(given.out, "bursts.json"), "w", encoding="utf-8") as file:
        json.dump(index, file)
    print(f"{given.bursts} bursts of {given.frames} frames")


main()
