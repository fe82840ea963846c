"""Writes ranx-robust03.json: what ranx 0.3.21 makes of the five robust03 runs, as sums that any difference would change.

    python record-ranx.py PATH/TO/data/runs/robust03 > ranx-robust03.json

ranx sorts equal scores in no particular order, so each run is handed to it with its documents already in ranking order (score, then
id); what it does with them is its own. For each case: over all queries, and for a few, Σ score and Σ score · hash(id) / 2^32 with the
32-bit FNV-1a hash; and the best three documents of one query.
"""
import gzip, json, pathlib, re, sys, warnings
warnings.filterwarnings("ignore")
import numpy as np
from numba import njit
from ranx import Qrels, Run, fuse
from ranx.fusion import bayesfuse_train, mapfuse_train, posfuse_train, probfuse_train, segfuse_train, slidefuse_train
from ranx.meta import optimize_fusion

folder = pathlib.Path(sys.argv[1])

def ordered(hits):
    return sorted(hits, key=lambda hit: (-hit[1], hit[0]))

def read(path):
    queries = {}
    with gzip.open(path, "rt") as lines:
        for line in lines:
            query, _, document, _, score, _ = line.split()
            queries.setdefault(query, []).append((document, float(score)))
    return {query: ordered(hits) for query, hits in sorted(queries.items())}

def as_run(queries):
    # Descending stand-ins keep ranx's own sorting from undoing the order; then the scores take their places.
    run = Run({query: {document: float(len(hits) - i) for i, (document, _) in enumerate(hits)} for query, hits in queries.items()})
    for query, hits in queries.items():
        put(run.run[query], np.array([score for _, score in hits]))
    return run

@njit
def put(ranking, scores):
    for i, document in enumerate(list(ranking.keys())):
        ranking[document] = scores[i]

@njit
def pair(ranking):
    plain, hashed = 0.0, 0.0
    for document, score in ranking.items():
        value = 0x811C9DC5
        for character in document:
            value = ((value ^ ord(character)) * 0x01000193) & 0xFFFFFFFF
        plain += score
        hashed += score * (value / 2**32)
    return plain, hashed

raw = [read(path) for path in sorted(folder.glob("input.*.gz"))]
qrels = {}
for line in open(folder / "qrels.txt"):
    query, _, document, grade = line.split()
    if query in raw[0]:
        qrels.setdefault(query, {})[document] = int(grade)
queries = sorted(raw[0])
training, testing = queries[:50], queries[50:]
runs = [as_run(run) for run in raw]
some = {name: [as_run({query: run[query] for query in names}) for run in raw] for name, names in (("training", training), ("testing", testing))}
print("read", file=sys.stderr)
judged = {query: {d: g for d, g in qrels[query].items()} for query in training}
judgements = Qrels(judged)

def sums(fused):
    total = [0.0, 0.0]
    few = {}
    for query in fused.keys():
        plain, hashed = pair(fused.run[query])
        total = [total[0] + plain, total[1] + hashed]
        if query in ("303", "344", "378", "601", "650"):
            few[query] = [plain, hashed]
    best = ordered([(document, float(score)) for document, score in fused["650"].items()])[:3]
    return {"total": total, "queries": few, "best": best}

weights = [0.1, 0.3, 0.15, 0.25, 0.2]
cases = []

def case(method, norm=None, over=None, **params):
    fused = fuse(over or runs, norm=norm, method=method, params=params)
    shown = {name: value for name, value in params.items() if name not in ("probs", "map_scores", "log_odds")}
    print(method, norm, file=sys.stderr)
    cases.append({"method": method, "norm": norm, "params": shown, **sums(fused)})

for method, params in (("rrf", {"k": 60}), ("rrf", {"k": 10}), ("isr", {}), ("log_isr", {}), ("logn_isr", {"sigma": 0.01}), ("rbc", {"phi": 0.8}),
                       ("rbc", {"phi": 0.95}), ("bordafuse", {}), ("w_bordafuse", {"weights": weights})):
    case(method, **params)
for method, params in (("sum", {}), ("mnz", {}), ("max", {}), ("min", {}), ("med", {}), ("anz", {}), ("gmnz", {"gamma": 0.5}), ("wsum", {"weights": weights}),
                       ("mixed", {"weights": weights}), ("wmnz", {"weights": weights})):
    case(method, "min-max", **params)
for norm in ("min-max-inverted", "max", "sum", "zmuv", "rank", "borda", None):
    case("sum", norm)
    case("mnz", norm)
for method in ("max", "min", "med", "anz"):
    case(method, "borda")
    case(method, "zmuv")
train = some["training"]
case("mapfuse", over=some["testing"], map_scores=mapfuse_train(judgements, train))
case("posfuse", over=some["testing"], probs=posfuse_train(judgements, train))
case("slidefuse", over=some["testing"], probs=slidefuse_train(judgements, train), w=5)
case("probfuse", over=some["testing"], probs=probfuse_train(judgements, train, 25))
case("segfuse", "min-max", over=some["testing"], probs=segfuse_train(judgements, train))
case("bayesfuse", over=some["testing"], log_odds=bayesfuse_train(judgements, train))

_, report = optimize_fusion(Qrels(qrels), runs, norm=None, method="rrf", metric="map", return_optimization_report=True, show_progress=False)
optimized = {"rrf": {"metric": "map", "params": [int(c) for c in report.configs], "values": [float(v) for v in report.results]}}
_, report = optimize_fusion(Qrels(qrels), runs[:2], norm="min-max", method="wsum", metric="map", return_optimization_report=True, show_progress=False)
weights_of = lambda text: [float(x) for x in re.findall(r"float64\(([\d.]+)\)", text)]
optimized["wsum"] = {"metric": "map", "params": [weights_of(c) for c in report.configs], "values": [float(v) for v in report.results]}
print(json.dumps({"made by": "record-ranx.py with ranx 0.3.21", "cases": cases, "optimized": optimized}, indent=1))
