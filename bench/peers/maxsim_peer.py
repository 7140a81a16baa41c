"""MaxSim by PyTorch for the benches, beside ours.

maxsim_peer.py QUERY CANDIDATES DIMENSION VECTORS THREADS: two files of little-endian float32 rows, candidates of VECTORS rows each. Prints a line of JSON with
the version once it is ready; then, for each line on standard input, one with the seconds that scoring all candidates took, and the scores' sum.
"""

import json
import sys
import time

import numpy
import torch


def main():
    query_path, candidates_path = sys.argv[1:3]
    dimension, vectors, threads = map(int, sys.argv[3:6])
    torch.set_num_threads(threads)
    query = torch.from_numpy(numpy.fromfile(query_path, dtype="<f4").reshape(-1, dimension))
    candidates = torch.from_numpy(numpy.fromfile(candidates_path, dtype="<f4").reshape(-1, vectors, dimension))
    print(json.dumps({"version": torch.__version__}), flush=True)
    for _ in sys.stdin:
        start = time.perf_counter()
        with torch.inference_mode():
            scores = torch.einsum("qd,nvd->nqv", query, candidates).amax(2).sum(1)
        seconds = time.perf_counter() - start
        print(json.dumps({"seconds": seconds, "sum": float(scores.sum())}), flush=True)


main()
