"""What a subscriber agrees to. The words are kept with each subscription, so a change needs a version of its own."""

VERSION = "2026-11-23"
TEXT = (
    "News from the center by email, a few times a year. You confirm your address first. You can leave with one click."
)
