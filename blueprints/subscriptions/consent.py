"""What a subscriber agrees to. The text is stored with each subscription, so changing it requires a new version."""

VERSION = "2026-11-23"
TEXT = (
    "News from the center by email, a few times a year. You confirm your address first. You can leave with one click."
)
