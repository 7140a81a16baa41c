"""Search by faiss for the benches, beside ours.

faiss_peer.py VECTORS QUERIES DIMENSION K THREADS [flat|hnsw]: two files of little-endian float32 rows; IndexFlatIP, exact, or IndexHNSWFlat with pgvector's
numbers (16 neighbours, 64 candidates while it is built, 100 in a search). Prints a line of JSON with the version once it is ready; then, for each line `search` on
standard input, one with the seconds that searching all queries at once took; for `one`, one with the seconds of each query by itself; for `results`, one with the
row numbers found for each query.
"""

import json
import resource
import sys
import time

import faiss
import numpy


def say(value):
    print(json.dumps(value), flush=True)


def build(kind, dimension):
    if kind == "flat":
        return faiss.IndexFlatIP(dimension)
    index = faiss.IndexHNSWFlat(dimension, 16, faiss.METRIC_INNER_PRODUCT)
    index.hnsw.efConstruction = 64
    index.hnsw.efSearch = 100
    return index


def main():
    vectors_path, queries_path = sys.argv[1:3]
    dimension, k, threads = map(int, sys.argv[3:6])
    kind = sys.argv[6] if len(sys.argv) > 6 else "flat"
    faiss.omp_set_num_threads(threads)
    vectors = numpy.fromfile(vectors_path, dtype="<f4").reshape(-1, dimension)
    start = time.perf_counter()
    index = build(kind, dimension)
    index.add(vectors)
    seconds = time.perf_counter() - start
    del vectors
    queries = numpy.fromfile(queries_path, dtype="<f4").reshape(-1, dimension)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    say({"version": faiss.__version__, "rows": index.ntotal, "build_seconds": seconds, "peak_bytes": peak})
    rows = None
    for line in sys.stdin:
        if line.strip() == "results":
            say(rows.tolist())
            continue
        if line.strip() == "one":
            times, found = [], []
            for query in queries:
                start = time.perf_counter()
                _, rows = index.search(query[None, :], k)
                times.append(time.perf_counter() - start)
                found.append(rows[0])
            rows = numpy.stack(found)
            say({"seconds": times})
            continue
        start = time.perf_counter()
        _, rows = index.search(queries, k)
        say({"seconds": time.perf_counter() - start})


main()
