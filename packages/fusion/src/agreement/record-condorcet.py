"""Writes ranx-condorcet.json: the orders in which ranx 0.3.21 puts documents that all voters rank.

    python record-condorcet.py PATH/TO/data/runs/robust03 > ranx-condorcet.json

Of each query, the documents that InexpC2, SABIR03BASE and Sel50 all have among their first 300: with three voters who rank everything,
each pair has a majority. (Where voters do not have a document, ranx counts them for whichever of two comes second.) Documents are written as
their numbers in the order of their ids; the rankings of the voters come from the runs.
"""
import gzip, json, pathlib, sys, warnings
warnings.filterwarnings("ignore")
from ranx import Run, fuse

folder = pathlib.Path(sys.argv[1])

def read(name):
    queries = {}
    with gzip.open(folder / f"input.{name}.gz", "rt") as lines:
        for line in lines:
            query, _, document, _, score, _ = line.split()
            queries.setdefault(query, []).append((document, float(score)))
    return {query: sorted(hits, key=lambda hit: (-hit[1], hit[0]))[:300] for query, hits in queries.items()}

runs = [read(name) for name in ("InexpC2", "SABIR03BASE", "Sel50")]
orders = {}
for query in sorted(runs[0])[::4]:
    common = set.intersection(*({document for document, _ in run[query]} for run in runs))
    voters = []
    for run in runs:
        documents = [document for document, _ in run[query] if document in common]
        voters.append(Run({query: {document: float(len(documents) - i) for i, document in enumerate(documents)}}))
    numbers = {document: i for i, document in enumerate(sorted(common))}
    fused = fuse(voters, norm=None, method="condorcet")
    best = sorted(fused.run[query].items(), key=lambda hit: -hit[1])
    orders[query] = [numbers[document] for document, _ in best]
print(json.dumps({"made by": "record-condorcet.py with ranx 0.3.21", "orders": orders}))
