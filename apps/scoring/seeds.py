"""The worlds that are kept from training: fixed for good, every seed below 1,000,000, each used in one place only."""

from __future__ import annotations

SHAPES = range(10_000, 10_060)
EASY = range(12_000, 12_040)
CALIBRATION = range(20_000, 20_400)  # on which thresholds are chosen: neither trained on nor scored
THINGS = range(30_000, 30_060)
UNSEEN_SHAPES = range(40_000, 40_040)
UNSEEN_THINGS = range(42_000, 42_040)
RECIPES = range(44_000, 44_040)
TEXTURES = range(46_000, 46_040)
LIVE_SHAPES = range(50_000, 50_060)
LIVE_THINGS = range(52_000, 52_060)
QUIET_SHAPES = range(60_000, 60_030)
QUIET_THINGS = range(62_000, 62_030)
LONG_SHAPES = range(64_000, 64_030)
LONG_THINGS = range(66_000, 66_030)
SUBTLE = range(70_000, 70_100)

LISTS = {
    "shapes": SHAPES,
    "easy": EASY,
    "calibration": CALIBRATION,
    "things": THINGS,
    "unseen_shapes": UNSEEN_SHAPES,
    "unseen_things": UNSEEN_THINGS,
    "recipes": RECIPES,
    "textures": TEXTURES,
    "live_shapes": LIVE_SHAPES,
    "live_things": LIVE_THINGS,
    "quiet_shapes": QUIET_SHAPES,
    "quiet_things": QUIET_THINGS,
    "long_shapes": LONG_SHAPES,
    "long_things": LONG_THINGS,
    "subtle": SUBTLE,
}
