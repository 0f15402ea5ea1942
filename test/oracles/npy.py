"""Arrays as numpy.save writes them, each with its values' bytes."""
import io

import exchange
import numpy as np

given = [np.array([0, 1, 2, 3, 99], dtype) for dtype in ("uint8", "int8", "uint16", "int32", "int64", "uint64")]
given.append(np.arange(2 * 3 * 4 * 3, dtype=np.uint8).reshape(2, 3, 4, 3))
answer, arrays = [], []
for version, array in [((1, 0), one) for one in given] + [((2, 0), given[-1]), ((3, 0), given[-1])]:
    file = io.BytesIO()
    np.lib.format.write_array(file, array, version)
    answer.append({"type": array.dtype.str, "shape": list(array.shape)})
    arrays += [np.frombuffer(file.getvalue(), np.uint8), np.frombuffer(array.tobytes(), np.uint8)]
exchange.write(answer, arrays)
