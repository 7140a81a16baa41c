"""Writes the golden .npy files with numpy: python tests/golden/npy/generate.py (numpy 2.1.3)."""

from pathlib import Path

import numpy

folder = Path(__file__).parent
# Every value is exact in 16 bits.
values = numpy.array([[0, 1, -2, 0.5], [0.25, -0.125, 1024, 65504], [6e-08, -1.5, 3, -0.0]]).astype("<f2")

for name, kind in {"f2": "<f2", "f4": "<f4", "f8": "<f8", "big-endian": ">f4", "integers": "<i4"}.items():
    numpy.save(folder / f"{name}.npy", values.astype(kind))
numpy.save(folder / "empty.npy", numpy.zeros((0, 4), "<f4"))
numpy.save(folder / "one-axis.npy", numpy.zeros(4, "<f4"))
numpy.save(folder / "columns-first.npy", numpy.asfortranarray(values.astype("<f4")))
with open(folder / "version-2.npy", "wb") as file:
    numpy.lib.format.write_array(file, values.astype("<f4"), version=(2, 0))
