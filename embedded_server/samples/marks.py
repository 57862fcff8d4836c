"""A frame number that a machine can read back from a picture, even scaled and compressed.

Thirty black or white cells in two rows at the bottom left: a white and a black guard cell, 24 bits of the number
(highest first), 4 bits of checksum (the sum of the number's hexadecimal digits). A cell is 1/80 of the picture's width.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

BITS = 24
PERIOD = 1 << BITS
"""Numbers count modulo this."""
_COLUMNS, _ROWS = 15, 2
_CELLS_ACROSS = 80
_LIGHT_FROM = 128


def draw_mark(picture: NDArray[np.uint8], number: int) -> None:
    """Draw ``number`` modulo ``PERIOD`` into a picture (height × width × 3), in place."""
    cell = _cell_px(picture)
    top, left = _corner_px(picture, cell)
    picture[top - cell // 2 :, : left + _COLUMNS * cell + cell // 2] = 0
    for place, bit in enumerate(_pattern(number % PERIOD)):
        row, column = divmod(place, _COLUMNS)
        y, x = top + row * cell, left + column * cell
        picture[y : y + cell, x : x + cell] = 255 if bit else 0


def read_mark(picture: NDArray[np.uint8]) -> int | None:
    """The number in a whole picture (height × width, or height × width × channels); None if there is none."""
    grey = picture if picture.ndim == 2 else picture[..., :3].mean(axis=2)
    height, width = grey.shape
    cell = width / _CELLS_ACROSS
    top, left = height - (_ROWS + 0.5) * cell, cell / 2
    bits = [
        _is_light(grey, top + row * cell, left + column * cell, cell)
        for row in range(_ROWS)
        for column in range(_COLUMNS)
    ]
    number = int("".join("1" if bit else "0" for bit in bits[2 : 2 + BITS]), 2)
    return number if bits == _pattern(number) else None


def _pattern(number: int) -> list[bool]:
    checksum = sum(int(digit, 16) for digit in f"{number:x}") % 16
    return [character == "1" for character in f"10{number:0{BITS}b}{checksum:04b}"]


def _cell_px(picture: NDArray[np.uint8]) -> int:
    return max(2, round(int(picture.shape[1]) / _CELLS_ACROSS))


def _corner_px(picture: NDArray[np.uint8], cell: int) -> tuple[int, int]:
    return picture.shape[0] - _ROWS * cell - cell // 2, cell // 2


def _is_light(grey: NDArray[np.floating | np.uint8], y: float, x: float, cell: float) -> bool:
    inner = grey[
        round(y + cell * 0.25) : max(round(y + cell * 0.75), round(y + cell * 0.25) + 1),
        round(x + cell * 0.25) : max(round(x + cell * 0.75), round(x + cell * 0.25) + 1),
    ]
    return inner.size > 0 and float(np.mean(inner)) >= _LIGHT_FROM
