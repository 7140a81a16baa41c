"""Exact search by faiss IndexFlatIP for bench/cases/search.ts.

faiss_peer.py VECTORS QUERIES DIMENSION K THREADS: two files of little-endian float32 rows. Prints a line of JSON with the version once it is ready; then, for each
line `search` on standard input, one with the seconds that searching all queries took; for `results`, one with the row numbers found for each query.
"""

import json
import sys
import time

import faiss
import numpy


def say(value):
    print(json.dumps(value), flush=True)


def main():
    vectors_path, queries_path = sys.argv[1:3]
    dimension, k, threads = map(int, sys.argv[3:6])
    faiss.omp_set_num_threads(threads)
    index = faiss.IndexFlatIP(dimension)
    index.add(numpy.fromfile(vectors_path, dtype="<f4").reshape(-1, dimension))
    queries = numpy.fromfile(queries_path, dtype="<f4").reshape(-1, dimension)
    say({"version": faiss.__version__, "rows": index.ntotal})
    rows = None
    for line in sys.stdin:
        if line.strip() == "results":
            say(rows.tolist())
            continue
        start = time.perf_counter()
        _, rows = index.search(queries, k)
        say({"seconds": time.perf_counter() - start})


main()
