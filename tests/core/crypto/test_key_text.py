"""Keys as text: what is no key of its kind is refused, and is not repeated."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.crypto import envelope, key_text
from tests.thorough import examples

PAIR = envelope.new_key_pair()
RAW = bytes(range(32))
OLD = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
EVERYTHING_ON_A_KEYBOARD = [chr(number) for number in range(32, 127)]


@pytest.mark.parametrize(
    ("text", "prefix", "raw"),
    [
        ("A12UEL5L", "a", ""),
        ("abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw", "abcdef", "00443214c74254b635cf84653a56d7c675be77df"),
        ("?1ezyfcl", "?", ""),
    ],
)
def test_it_is_the_bech32_of_bip_173(text: str, prefix: str, raw: str) -> None:
    assert key_text.encode(prefix, bytes.fromhex(raw)) == text.lower()


def test_a_key_says_what_it_is() -> None:
    assert PAIR.public.startswith("ktc-pub-1")
    assert PAIR.private.startswith("ktc-priv-1")
    assert envelope.public_key_of(PAIR.private) == PAIR.public
    for text in (PAIR.public, PAIR.public.upper()):
        assert envelope.key_id(text) == envelope.key_id(PAIR.public)


@given(st.binary(min_size=32, max_size=32))
def test_each_key_is_read_as_it_was_written(raw: bytes) -> None:
    for prefix in (key_text.PUBLIC, key_text.PRIVATE):
        text = key_text.encode(prefix, raw)
        assert key_text.decode(prefix, text) == key_text.decode(prefix, text.upper()) == raw


@pytest.mark.parametrize("text", [PAIR.public, PAIR.public.upper()])
def test_each_slip_of_one_character_is_noticed(text: str) -> None:
    for place in range(len(text)):
        slips = [text[:place] + text[place + 1 :], text[:place] + text[place] + text[place:]]
        slips += [text[:place] + letter + text[place + 1 :] for letter in EVERYTHING_ON_A_KEYBOARD]
        slips += [text[:place] + text[place + 1 : place + 2] + text[place] + text[place + 2 :]]
        for slip in {*slips} - {text}:
            with pytest.raises(ValueError, match="not a public key"):
                key_text.decode(key_text.PUBLIC, slip)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ktc-pub-1",
        "ktc-pub-1qqqqqq",
        key_text.encode(key_text.PUBLIC, RAW[:31]),
        key_text.encode(key_text.PUBLIC, RAW + b"\0"),
        PAIR.public.upper().replace("K", "\N{KELVIN SIGN}"),
        PAIR.public + "\n",
        " " + PAIR.public,
    ],
)
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a public key"):
        key_text.decode(key_text.PUBLIC, text)


def test_a_key_has_one_spelling() -> None:
    """The last four bits of a key's 260 say nothing: with a checksum that fits, they must still be 0."""
    values = [key_text.ALPHABET.index(letter) for letter in key_text.encode(key_text.PUBLIC, RAW)[9:-6]]
    for spare in range(1, 16):
        again = [*values[:-1], values[-1] + spare]
        letters = [key_text.ALPHABET[value] for value in [*again, *key_text._checksum(key_text.PUBLIC, again)]]
        with pytest.raises(ValueError, match="not a public key"):
            key_text.decode(key_text.PUBLIC, "ktc-pub-1" + "".join(letters))


def test_a_key_of_the_other_kind_is_refused_by_name() -> None:
    with pytest.raises(envelope.SealingError, match="a private key, but a public key is needed") as refused:
        envelope.check_public_key(PAIR.private)
    assert PAIR.private not in str(refused.value)
    with pytest.raises(envelope.SealingError, match="a public key, but a private key is needed"):
        envelope.public_key_of(PAIR.public)


def test_keys_from_before_are_read_strictly() -> None:
    assert key_text.decode(key_text.PUBLIC, OLD) == key_text.decode(key_text.PRIVATE, OLD) == RAW
    typed = key_text.encode(key_text.PUBLIC, RAW)
    assert envelope.key_id(OLD) == envelope.key_id(typed) == "630dcd2966c43366"
    # The last four have another spelling of the same bytes, the alphabet of plain base64, or one character less.
    for slip in ("!!" + OLD, OLD + "=", OLD + "\n", OLD[:-1] + "9", OLD[:-1] + "+", OLD[:-1] + "/", OLD[:-1]):
        with pytest.raises(ValueError, match="not a public key"):
            key_text.decode(key_text.PUBLIC, slip)


LOW_ORDER = [
    bytes(32),
    (1).to_bytes(32, "little"),
    bytes.fromhex("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"),
    bytes.fromhex("5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157"),
    *((2**255 - 19 + offset).to_bytes(32, "little") for offset in (-1, 0, 1)),
    (2**256 - 19).to_bytes(32, "little"),
]


@pytest.mark.parametrize("point", LOW_ORDER, ids=bytes.hex)
def test_a_key_that_keeps_no_secret_is_refused(point: bytes) -> None:
    for text in (key_text.encode(key_text.PUBLIC, point), base64.urlsafe_b64encode(point).decode().rstrip("=")):
        with pytest.raises(envelope.SealingError, match="would let anyone open"):
            envelope.seal({}, (text,), "row-1")


@settings(max_examples=examples(300))
@given(st.text(max_size=70) | st.text(key_text.ALPHABET, min_size=58, max_size=58).map("ktc-pub-1".__add__))
def test_any_other_text_is_refused_in_plain_words(text: str) -> None:
    for use in (envelope.key_id, envelope.public_key_of, envelope.check_public_key):
        with pytest.raises(envelope.SealingError) as refused:
            use(text)
        assert len(text) < 10 or text not in str(refused.value)
