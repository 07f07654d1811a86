"""Envelopes open for the right key in the right place, and for nobody else."""

from __future__ import annotations

import base64
import itertools
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given, settings
from hypothesis import strategies as st

from core.crypto import envelope
from tests.thorough import examples

CLINIC, RECOVERY, STRANGER = (envelope.new_key_pair() for _ in range(3))
KEYS = (CLINIC.public, RECOVERY.public)
DATA = {"name": "Zebedee", "score": 21, "services": ["spravato"]}


@pytest.mark.parametrize("pair", [CLINIC, RECOVERY])
def test_the_clinic_and_the_recovery_key_open_it(pair: envelope.KeyPair) -> None:
    assert envelope.open_envelope(envelope.seal(DATA, KEYS, "row-1"), pair.private, "row-1") == DATA


def test_a_stranger_is_told_which_key_is_needed() -> None:
    sealed = envelope.seal(DATA, KEYS, "row-1")
    with pytest.raises(envelope.SealingError, match=envelope.key_id(CLINIC.public)):
        envelope.open_envelope(sealed, STRANGER.private, "row-1")


def test_it_opens_only_where_it_belongs() -> None:
    sealed = envelope.seal(DATA, KEYS, "row-1")
    with pytest.raises(envelope.SealingError):
        envelope.open_envelope(sealed, CLINIC.private, "row-2")


def test_wraps_of_another_envelope_do_not_fit() -> None:
    one, two = (envelope.seal(DATA, KEYS, "row-1") for _ in range(2))
    with pytest.raises(envelope.SealingError):
        envelope.open_envelope(replace(one, wraps=two.wraps), CLINIC.private, "row-1")


def test_each_changed_byte_is_noticed() -> None:
    sealed = envelope.seal(DATA, KEYS, "row-1")
    for place in range(0, len(sealed.blob), 7):
        changed = bytearray(sealed.blob)
        changed[place] ^= 1
        with pytest.raises(envelope.SealingError):
            envelope.open_envelope(replace(sealed, blob=bytes(changed)), CLINIC.private, "row-1")


def test_length_tells_only_the_kilobyte() -> None:
    lengths = {len(envelope.seal({"text": "x" * n}, KEYS, "row-1").blob) for n in (0, 1, 500, 900)}
    assert len(lengths) == 1


def test_without_a_public_key_nothing_is_sealed() -> None:
    with pytest.raises(envelope.SealingError):
        envelope.seal(DATA, (), "row-1")


@settings(max_examples=examples(30), deadline=None)
@given(st.dictionaries(st.text(max_size=8), st.one_of(st.text(), st.integers(), st.booleans()), max_size=4))
def test_whatever_goes_in_comes_out(data: dict[str, object]) -> None:
    assert envelope.open_envelope(envelope.seal(data, KEYS, "r"), CLINIC.private, "r") == data


def test_rewrapping_changes_who_opens_it_and_nothing_else() -> None:
    sealed = envelope.seal(DATA, KEYS, "row-1")
    again = envelope.rewrap(sealed, CLINIC.private, (STRANGER.public,), "row-1")
    assert again.blob == sealed.blob
    assert set(again.wraps) == {envelope.key_id(STRANGER.public)}
    assert envelope.open_envelope(again, STRANGER.private, "row-1") == DATA
    with pytest.raises(envelope.SealingError, match=envelope.key_id(STRANGER.public)):
        envelope.open_envelope(again, CLINIC.private, "row-1")


def test_rewrapping_needs_a_key_that_fits_the_right_place_and_somebody_to_open_it() -> None:
    sealed = envelope.seal(DATA, KEYS, "row-1")
    for private, public, context in (
        (STRANGER.private, KEYS, "row-1"),
        (CLINIC.private, KEYS, "row-2"),
        (CLINIC.private, (), "row-1"),
        (CLINIC.private, ("slip",), "row-1"),
        ("slip", KEYS, "row-1"),
    ):
        with pytest.raises(envelope.SealingError):
            envelope.rewrap(sealed, private, public, context)


ENVELOPE = envelope.seal(DATA, KEYS, "row-1")
KID, OTHER = map(envelope.key_id, KEYS)
NO_WRAPS: list[Any] = [None, "text", "", 7, [], [KID], {}, {KID: None}, {KID: 7}, {KID: {}}]
USES: list[Callable[[envelope.Envelope], Any]] = [
    lambda sealed: envelope.open_envelope(sealed, CLINIC.private, "row-1"),
    lambda sealed: envelope.open_envelope(
        envelope.rewrap(sealed, CLINIC.private, (STRANGER.public,), "row-1"), STRANGER.private, "row-1"
    ),
]


@pytest.mark.parametrize("use", USES, ids=["open", "rewrap"])
@pytest.mark.parametrize(
    "damage",
    [
        *({"blob": ENVELOPE.blob[:size]} for size in (0, 1, 7, 8, 11, 12, 27, 28, 500)),
        *({"blob": blob} for blob in (None, "text", 7, ENVELOPE.blob + b"x", bytes(2000))),
        *({"wraps": wraps} for wraps in NO_WRAPS),
        *({"wraps": {KID: text}} for text in ("", "A", "AAAA", "!!!!", "é", "A" * 107, ENVELOPE.wraps[OTHER])),
        *({"wraps": {KID: edge + ENVELOPE.wraps[KID]}} for edge in ("!!", " ", "\n", "=")),
        {"wraps": {KID: ENVELOPE.wraps[KID] + "=="}},
        {"wraps": {7: "AAAA", None: ""}},
    ],
    ids=map(str, itertools.count()),
)
def test_whatever_the_damage_it_is_a_sealing_error(damage: dict[str, Any], use: Callable[..., Any]) -> None:
    with pytest.raises(envelope.SealingError):
        use(replace(ENVELOPE, **damage))


@pytest.mark.parametrize("size", [0, 11, 12, 27])
def test_a_record_that_is_too_short_to_be_one_is_said_so(size: int) -> None:
    with pytest.raises(envelope.SealingError, match="cut short or empty"):
        envelope.open_envelope(replace(ENVELOPE, blob=ENVELOPE.blob[:size]), CLINIC.private, "row-1")


def test_names_of_keys_that_are_none_are_not_repeated() -> None:
    wraps: dict[str, str] = {"\x1b[2J": "", "a" * 16: "", "b" * 17: ""}
    with pytest.raises(envelope.SealingError, match=f"^sealed for key {'a' * 16}; this is key {KID}$"):
        envelope.open_envelope(replace(ENVELOPE, wraps=wraps), CLINIC.private, "row-1")


@pytest.mark.parametrize("plain", [b"", b"[]", b"1", b'"x"', b"{", b"\xff", b"[" * 100_000, b"9" * 5000, b"{}{}"])
def test_what_somebody_else_sealed_may_be_anything(plain: bytes) -> None:
    """Whoever has a key can encrypt what this module never would."""
    key = AESGCM.generate_key(256)
    blob = b"n" * 12 + AESGCM(key).encrypt(b"n" * 12, plain, b"row-1")
    with pytest.raises(envelope.SealingError, match="what was sealed is not"):
        envelope.decrypt(key, blob, "row-1")


@pytest.mark.parametrize("size", [0, 1, 31, 33, 64])
def test_a_data_key_of_another_length_is_damage(size: int) -> None:
    wrapped = envelope.SUITE.encrypt(bytes(size), envelope._public(CLINIC.public), info=b"row-1")
    wraps = {KID: base64.urlsafe_b64encode(wrapped).decode().rstrip("=")}
    with pytest.raises(envelope.SealingError):
        envelope.open_envelope(replace(ENVELOPE, wraps=wraps), CLINIC.private, "row-1")


def cut_or_changed(text: bytes) -> st.SearchStrategy[bytes]:
    """A few bytes of it changed, some left out, others put in."""
    places, few = st.integers(0, len(text)), st.binary(max_size=4)
    one = st.tuples(places, places, few).map(lambda cut: text[: min(cut[:2])] + cut[2] + text[max(cut[:2]) :])
    flip = st.tuples(st.integers(0, len(text) - 1), st.integers(0, 255)).map(
        lambda change: text[: change[0]] + bytes([change[1]]) + text[change[0] + 1 :]
    )
    return one | flip | st.binary(max_size=60)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)
)
WRAPPED = cut_or_changed(ENVELOPE.wraps[KID].encode()).map(lambda raw: raw.decode("latin-1"))


@settings(max_examples=examples(400), deadline=None)
@given(
    st.just(ENVELOPE.blob) | cut_or_changed(ENVELOPE.blob),
    st.just(ENVELOPE.wraps) | WRAPPED.map(lambda text: {KID: text}) | JSON | JSON.map(lambda value: {KID: value}),
)
def test_any_envelope_opens_as_it_was_sealed_or_is_a_sealing_error(blob: bytes, wraps: Any) -> None:
    for use in USES:
        with suppress(envelope.SealingError):
            assert use(envelope.Envelope(blob, wraps)) == DATA
