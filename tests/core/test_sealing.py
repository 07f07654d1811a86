"""Envelopes open for the right key in the right place, and for nobody else."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core import sealing

CLINIC, RECOVERY, STRANGER = (sealing.new_key_pair() for _ in range(3))
KEYS = (CLINIC.public, RECOVERY.public)
DATA = {"name": "Zebedee", "score": 21, "services": ["spravato"]}


@pytest.mark.parametrize("pair", [CLINIC, RECOVERY])
def test_the_clinic_and_the_recovery_key_open_it(pair: sealing.KeyPair) -> None:
    assert sealing.open_envelope(sealing.seal(DATA, KEYS, "row-1"), pair.private, "row-1") == DATA


def test_a_stranger_is_told_which_key_is_needed() -> None:
    envelope = sealing.seal(DATA, KEYS, "row-1")
    with pytest.raises(sealing.SealingError, match=sealing.key_id(CLINIC.public)):
        sealing.open_envelope(envelope, STRANGER.private, "row-1")


def test_it_opens_only_where_it_belongs() -> None:
    envelope = sealing.seal(DATA, KEYS, "row-1")
    with pytest.raises(sealing.SealingError):
        sealing.open_envelope(envelope, CLINIC.private, "row-2")


def test_wraps_of_another_envelope_do_not_fit() -> None:
    one, two = (sealing.seal(DATA, KEYS, "row-1") for _ in range(2))
    with pytest.raises(sealing.SealingError):
        sealing.open_envelope(replace(one, wraps=two.wraps), CLINIC.private, "row-1")


def test_each_changed_byte_is_noticed() -> None:
    envelope = sealing.seal(DATA, KEYS, "row-1")
    for place in range(0, len(envelope.blob), 7):
        changed = bytearray(envelope.blob)
        changed[place] ^= 1
        with pytest.raises(sealing.SealingError):
            sealing.open_envelope(replace(envelope, blob=bytes(changed)), CLINIC.private, "row-1")


def test_length_tells_only_the_kilobyte() -> None:
    lengths = {len(sealing.seal({"text": "x" * n}, KEYS, "row-1").blob) for n in (0, 1, 500, 900)}
    assert len(lengths) == 1


def test_without_a_public_key_nothing_is_sealed() -> None:
    with pytest.raises(sealing.SealingError):
        sealing.seal(DATA, (), "row-1")


@settings(max_examples=30, deadline=None)
@given(st.dictionaries(st.text(max_size=8), st.one_of(st.text(), st.integers(), st.booleans()), max_size=4))
def test_whatever_goes_in_comes_out(data: dict[str, object]) -> None:
    assert sealing.open_envelope(sealing.seal(data, KEYS, "r"), CLINIC.private, "r") == data


def test_rewrapping_changes_who_opens_it_and_nothing_else() -> None:
    envelope = sealing.seal(DATA, KEYS, "row-1")
    again = sealing.rewrap(envelope, CLINIC.private, (STRANGER.public,), "row-1")
    assert again.blob == envelope.blob
    assert set(again.wraps) == {sealing.key_id(STRANGER.public)}
    assert sealing.open_envelope(again, STRANGER.private, "row-1") == DATA
    with pytest.raises(sealing.SealingError, match=sealing.key_id(STRANGER.public)):
        sealing.open_envelope(again, CLINIC.private, "row-1")


def test_rewrapping_needs_a_key_that_fits_the_right_place_and_somebody_to_open_it() -> None:
    envelope = sealing.seal(DATA, KEYS, "row-1")
    for private, public, context in (
        (STRANGER.private, KEYS, "row-1"),
        (CLINIC.private, KEYS, "row-2"),
        (CLINIC.private, (), "row-1"),
        (CLINIC.private, ("slip",), "row-1"),
        ("slip", KEYS, "row-1"),
    ):
        with pytest.raises(sealing.SealingError):
            sealing.rewrap(envelope, private, public, context)
