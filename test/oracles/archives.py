"""Data sets as their authors publish them, written with numpy, scipy and CPython's own pickler: what our readers must read.

In: arrays train [n, 32, 32, 3], train labels, test, test labels (10 classes), then the same at 96 x 96 for STL-10. Out: for each data
set its files, as {name: [[path, bytes], ...]} with the bytes in the arrays.
"""
import gzip
import io
import os
import pickle
import struct

import exchange
import numpy as np
import scipy.io


class Python2Pickler(pickle._Pickler):
    """Protocol 2 as Python 2 wrote it: strings are bytes, numpy's modules have their old names."""

    dispatch = dict(pickle._Pickler.dispatch)

    def save_string(self, text):
        data = text if isinstance(text, bytes) else text.encode("latin1")
        self.write(b"U" + bytes([len(data)]) + data if len(data) < 256 else b"T" + struct.pack("<I", len(data)) + data)
        self.memoize(text)

    dispatch[bytes] = save_string
    dispatch[str] = save_string

    def save_global(self, obj, name=None):
        module = {"numpy._core.multiarray": "numpy.core.multiarray"}.get(obj.__module__, obj.__module__)
        self.write(b"c" + module.encode() + b"\n" + obj.__name__.encode() + b"\n")
        self.memoize(obj)

    dispatch[type] = save_global
    dispatch[type(scipy.io.savemat)] = save_global
    dispatch[type(np.array)] = save_global


def pickled(value, protocol=None):
    out = io.BytesIO()
    if protocol is None:
        Python2Pickler(out, 2).dump(value)
    else:
        pickle.dump(value, out, protocol)
    return out.getvalue()


def planes(images):
    return np.ascontiguousarray(images.transpose(0, 3, 1, 2)).reshape(len(images), -1)


def mat(images, labels, compress):
    out = io.BytesIO()
    y = np.where(labels == 0, 10, labels).astype(np.uint8)[:, None]
    scipy.io.savemat(out, {"X": images.transpose(1, 2, 3, 0), "y": y}, do_compression=compress)
    return out.getvalue()


def idx(array):
    return struct.pack(">HBB", 0, 8, array.ndim) + struct.pack(">" + "I" * array.ndim, *array.shape) + array.astype(np.uint8).tobytes()


def npy(array):
    out = io.BytesIO()
    np.save(out, array)
    return out.getvalue()


def npz(save=np.savez_compressed, **arrays):
    out = io.BytesIO()
    save(out, **arrays)
    return out.getvalue()


def stl(images):
    return images.transpose(0, 3, 2, 1).tobytes()


value, (train, train_y, test, test_y, large, large_y) = exchange.read()
names = value["names"]
coarse = [f"group{i}" for i in range(2)]
fine_y, fine_test = train_y.tolist(), test_y.tolist()
half, size = len(train) // 2, train.shape[1]
text = ("\n".join(names) + "\n").encode()
gray, gray_test = train[..., 1], test[..., 1]


def batch(images, labels, key="labels", **more):
    return {"batch_label": "a batch", key: labels, "data": planes(images), "filenames": [f"picture_s_{i:06}.png" for i in range(len(images))], **more}


def records(images, *labels):
    return np.concatenate([*(np.asarray(l, np.uint8)[:, None] for l in labels), planes(images)], 1).tobytes()


def both(images, labels):
    return batch(images, labels, "fine_labels", coarse_labels=[l // 5 for l in labels])


fortran = {**batch(test, fine_test), "data": np.asfortranarray(planes(test))}
archives = {
    "cifar10-binary": [
        ("c/batches.meta.txt", text), ("c/data_batch_1.bin", records(train[:half], train_y[:half])),
        ("c/data_batch_2.bin", records(train[half:], train_y[half:])), ("c/test_batch.bin", records(test, test_y)),
    ],
    "cifar10-python": [
        ("c/readme.html", b"<html>"), ("c/batches.meta", pickled({"num_cases_per_batch": half, "label_names": names, "num_vis": 3072})),
        ("c/data_batch_1", pickled(batch(train[:half], fine_y[:half]))), ("c/data_batch_2", pickled(batch(train[half:], fine_y[half:]))),
        ("c/test_batch", pickled(fortran)),
    ],
    "cifar10-python3": [
        ("batches.meta", pickled({"label_names": names}, 3)), ("data_batch_1", pickled(batch(train, fine_y), 3)), ("test_batch", pickled(batch(test, fine_test), 3)),
    ],
    "cifar100-binary": [
        ("c/fine_label_names.txt", text), ("c/coarse_label_names.txt", "\n".join(coarse).encode()),
        ("c/train.bin", records(train, train_y // 5, train_y)), ("c/test.bin", records(test, test_y // 5, test_y)),
    ],
    "cifar100-python": [
        ("c/meta", pickled({"fine_label_names": names, "coarse_label_names": coarse})),
        ("c/train", pickled(both(train, fine_y))), ("c/test", pickled(both(test, fine_test))),
    ],
    "stl10": [
        ("s/class_names.txt", text), ("s/train_X.bin", stl(large)), ("s/train_y.bin", (large_y + 1).astype(np.uint8).tobytes()),
        ("s/test_X.bin", stl(255 - large)), ("s/test_y.bin", (large_y + 1).astype(np.uint8).tobytes()), ("s/unlabeled_X.bin", stl(large[:3] // 2)),
        ("s/fold_indices.txt", b"0 3 7 \n19 1 0 \n"),
    ],
    "svhn": [("train_32x32.mat", mat(train, train_y, True)), ("test_32x32.mat", mat(test, test_y, False))],
    "idx": [
        ("m/train-images-idx3-ubyte.gz", gzip.compress(idx(gray))), ("m/train-labels-idx1-ubyte.gz", gzip.compress(idx(train_y))),
        ("m/t10k-images-idx3-ubyte", idx(gray_test)), ("m/t10k-labels-idx1-ubyte", idx(test_y)),
    ],
    "npz": [("", npz(x_train=train, y_train=train_y.astype(np.int64)[:, None], x_test=test, y_test=test_y.astype(np.uint8)))],
    "npy-channels-first": [
        ("a/train_images.npy", npy(np.ascontiguousarray(train.transpose(0, 3, 1, 2)))), ("a/train_labels.npy", npy(train_y.astype(">i4"))),
        ("a/val_images.npy", npy(test)), ("a/val_labels.npy", npy(test_y)),
    ],
    "npy-fortran": [
        ("x_train.npy", npy(np.asfortranarray(train))), ("y_train.npy", npy(train_y)),
        ("x_test.npy", npy(np.asfortranarray(test.transpose(0, 3, 1, 2)))), ("y_test.npy", npy(test_y)),
    ],
    "npy-wide": [("images.npy", npy(gray[:, : size // 2, :])), ("labels.npy", npy(train_y))],
    "npy-floats": [("images.npy", npy(train / 255.0)), ("labels.npy", npy(train_y))],
    "evil-pickle": [("data_batch_1", pickled({"x": os.system, "data": planes(train), "labels": fine_y}, 2))],
}
files = [(name, path, np.frombuffer(data, np.uint8)) for name, entries in archives.items() for path, data in entries]
exchange.write([[name, path] for name, path, _ in files], [data for _, _, data in files])
