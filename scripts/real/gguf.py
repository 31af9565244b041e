"""Reads GGUF, the file format of llama.cpp, with Python's standard library: metadata, and tensors widened to fp32.

The file is not trusted: every length is held against the file's before it is used.
"""

import array
import itertools
import math
import struct
import sys

MAGIC = b"GGUF"
VERSIONS = (2, 3)  # the same layout
DEFAULT_ALIGNMENT = 32
MAX_DIMENSIONS = 4
BLOCK_VALUES = 32  # of both quantised types

_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_STRING, _ARRAY = 8, 9

_LOW_NIBBLES = bytes(byte & 15 for byte in range(256))
_HIGH_NIBBLES = bytes(byte >> 4 for byte in range(256))


class GgufError(Exception):
    """What is wrong with the file, and where."""


def _widen_f32(raw):
    return raw


def _widen_q4_1(raw):
    """Blocks of a scale, a minimum (both fp16) and 32 nibbles: first the low ones of 16 bytes, then the high ones.

    scale * nibble + minimum has few enough bits to be exact in Python's doubles: it is rounded once, to fp32."""
    values = array.array("f")
    for scale, minimum, nibbles in struct.iter_unpack("<ee16s", raw):
        table = [scale * nibble + minimum for nibble in range(16)]
        indices = nibbles.translate(_LOW_NIBBLES) + nibbles.translate(_HIGH_NIBBLES)
        values.extend([table[index] for index in indices])
    return _little_endian(values)


def _widen_q8_0(raw):
    """Blocks of a scale (fp16) and 32 signed bytes."""
    values = array.array("f")
    for scale, *steps in struct.iter_unpack("<e32b", raw):
        values.extend([scale * step for step in steps])
    return _little_endian(values)


def _little_endian(values):
    if sys.byteorder == "big":
        values.byteswap()
    return values.tobytes()


# By GGML's number of the type: name, values and bytes of a block, and what makes fp32 of it.
TYPES = {
    0: ("F32", 1, 4, _widen_f32),
    3: ("Q4_1", BLOCK_VALUES, 20, _widen_q4_1),
    8: ("Q8_0", BLOCK_VALUES, 34, _widen_q8_0),
}


class Tensor:
    """One tensor's place. `shape` is in the order of PyTorch: the last dimension is contiguous."""

    def __init__(self, name, shape, type_number):
        self.name = name
        self.shape = shape
        if type_number not in TYPES:
            known = ", ".join(entry[0] for entry in TYPES.values())
            raise GgufError(f"tensor {name}: has GGML's type {type_number}; {known} are read")
        self.type_name, block_values, block_bytes, self._widen = TYPES[type_number]
        if shape[-1] % block_values:
            raise GgufError(f"tensor {name}: rows of {shape[-1]} values are no blocks of {block_values}")
        self.row_bytes = shape[-1] // block_values * block_bytes
        self.num_values = math.prod(shape)
        self.num_bytes = math.prod(shape[:-1]) * self.row_bytes
        self.offset = 0  # in the file

    def widened(self, raw):
        """`raw`, whole rows of this tensor, as fp32 (little endian)."""
        return self._widen(raw)


class Gguf:
    """`metadata` by key and `tensors` by name, of an open binary file; data are read when asked for."""

    def __init__(self, file):
        self._file = file
        self._size = file.seek(0, 2)
        file.seek(0)
        try:
            self._read_header()
        except UnicodeDecodeError as error:
            raise GgufError(f"a name or text that is no UTF-8: {error}") from error

    def read(self, tensor):
        """The tensor's bytes as they are in the file."""
        self._file.seek(tensor.offset)
        return self._take(tensor.num_bytes)

    def _take(self, num_bytes):
        left = self._size - self._file.tell()
        if num_bytes > left:
            raise GgufError(f"is cut: {num_bytes:,} bytes expected at {self._file.tell():,}, {left:,} are left")
        return self._file.read(num_bytes)

    def _number(self, code):
        return struct.unpack(f"<{code}", self._take(struct.calcsize(code)))[0]

    def _string(self):
        return self._take(self._number("Q")).decode()

    def _value(self, type_number, is_nested=False):
        if type_number in _SCALARS:
            return self._number(_SCALARS[type_number])
        if type_number == _STRING:
            return self._string()
        if type_number == _ARRAY and not is_nested:
            element, count = self._number("I"), self._number("Q")
            # An element takes a byte at least: no count can make this loop longer than the file.
            return [self._value(element, is_nested=True) for _ in itertools.repeat(None, min(count, self._size + 1))]
        raise GgufError(f"a value of unknown type {type_number} at {self._file.tell():,}")

    def _read_header(self):
        if self._take(4) != MAGIC:
            raise GgufError("is no GGUF file")
        version, num_tensors, num_keys = self._number("I"), self._number("Q"), self._number("Q")
        if version not in VERSIONS:
            raise GgufError(f"is of GGUF version {version}; 2 and 3 are read")
        self.metadata = {}
        for _ in range(min(num_keys, self._size)):
            key = self._string()
            self.metadata[key] = self._value(self._number("I"))
        places = [self._place() for _ in range(min(num_tensors, self._size))]
        alignment = self.metadata.get("general.alignment", DEFAULT_ALIGNMENT)
        if not isinstance(alignment, int) or alignment < 1:
            raise GgufError(f"general.alignment is {alignment!r}")
        data_begin = -(-self._file.tell() // alignment) * alignment
        self.tensors = {}
        for tensor, offset in places:
            tensor.offset = data_begin + offset
            if tensor.offset + tensor.num_bytes > self._size:
                raise GgufError(f"is cut: tensor {tensor.name} ends at {tensor.offset + tensor.num_bytes:,}, "
                                f"the file at {self._size:,}")  # fmt: skip
            self.tensors[tensor.name] = tensor

    def _place(self):
        name, num_dimensions = self._string(), self._number("I")
        if not 1 <= num_dimensions <= MAX_DIMENSIONS:
            raise GgufError(f"tensor {name}: has {num_dimensions} dimensions")
        shape = tuple(reversed([self._number("Q") for _ in range(num_dimensions)]))
        return Tensor(name, shape, self._number("I")), self._number("Q")
