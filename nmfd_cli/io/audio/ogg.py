"""OGG files with a serial number that is the same each time: the same work gives the same bytes.

libsndfile draws the serial number of a stream from the time of day.  Each page holds it, and a
CRC-32 over the page (polynomial 0x04C11DB7, RFC 3533), which is linear: what the serial number adds
to it is its own remainder, shifted by the bytes that follow.
"""

from pathlib import Path
from typing import Final

_POLYNOMIAL: Final = 0x104C11DB7
#: Of a page: where the serial number, the CRC and the number of its segments stand.
_SERIAL, _CRC, _N_SEGMENTS = slice(14, 18), slice(22, 26), 26


def clear_serial(path: Path) -> None:
    """Set the serial number of the one stream of an OGG file to 1."""
    with path.open("r+b") as file:
        position = 0
        while True:
            file.seek(position)
            head = bytearray(file.read(27))
            if len(head) < 27 or head[:4] != b"OggS":
                return
            segments = file.read(head[_N_SEGMENTS])
            size = 27 + len(segments) + sum(segments)
            new = (1).to_bytes(4, "little")
            change = bytes(a ^ b for a, b in zip(head[_SERIAL], new, strict=True))
            crc = int.from_bytes(head[_CRC], "little")
            crc ^= _remainder(int.from_bytes(change, "big"), 8 * (size - _SERIAL.stop))
            head[_SERIAL], head[_CRC] = new, crc.to_bytes(4, "little")
            file.seek(position)
            file.write(head)
            position += size


def _remainder(value: int, shift: int) -> int:
    """Return value * x**(shift + 32) modulo the polynomial."""
    power, square, exponent = 1, 2, shift + 32
    while exponent:
        if exponent & 1:
            power = _product(power, square)
        square = _product(square, square)
        exponent >>= 1
    return _product(value, power)


def _product(a: int, b: int) -> int:
    product = 0
    while b:
        if b & 1:
            product ^= a
        a <<= 1
        if a >> 32:
            a ^= _POLYNOMIAL
        b >>= 1
    return product
