"""How a test and its oracle talk: one message in on standard input, one out on standard output.

A message is a uint32 (little-endian) length, that many bytes of JSON, and the bytes of all arrays without gaps. The JSON has
`value` (anything) and `arrays`, a list of {dtype, shape}; test/support/python.ts is the other side.
"""
import json
import struct
import sys

import numpy as np


def read():
    data = sys.stdin.buffer.read()
    (length,) = struct.unpack("<I", data[:4])
    head = json.loads(data[4 : 4 + length])
    arrays, offset = [], 4 + length
    for entry in head["arrays"]:
        count = int(np.prod(entry["shape"]))
        dtype = np.dtype(entry["dtype"]).newbyteorder("<")
        arrays.append(np.frombuffer(data, dtype, count, offset).reshape(entry["shape"]).copy())
        offset += count * dtype.itemsize
    return head["value"], arrays


def write(value, arrays=()):
    arrays = [np.ascontiguousarray(array) for array in arrays]
    head = {"value": value, "arrays": [{"dtype": a.dtype.name, "shape": list(a.shape)} for a in arrays]}
    text = json.dumps(head).encode()
    sys.stdout.buffer.write(struct.pack("<I", len(text)) + text + b"".join(a.tobytes() for a in arrays))
