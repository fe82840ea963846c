"""Writes scipy-kendall.json: τ-b of scipy between pairs of the five robust03 runs, over the documents both have.

    python record-scipy.py PATH/TO/data/runs/robust03 > scipy-kendall.json
"""
import gzip, json, pathlib, sys
import scipy
from scipy.stats import kendalltau

runs = {}
for path in sorted(pathlib.Path(sys.argv[1]).glob("input.*.gz")):
    queries = {}
    with gzip.open(path, "rt") as lines:
        for line in lines:
            query, _, document, _, score, _ = line.split()
            queries.setdefault(query, {})[document] = float(score)
    runs[path.name[6:-3]] = queries

rows = []
names = list(runs)
for i, a in enumerate(names):
    for b in names[i + 1 :]:
        for query in ("303", "344", "601", "650"):
            common = sorted(runs[a][query].keys() & runs[b][query].keys())
            if len(common) > 1:
                tau = kendalltau([runs[a][query][d] for d in common], [runs[b][query][d] for d in common]).statistic
                rows.append([a, b, query, len(common), None if tau != tau else float(tau)])
print(json.dumps({"made by": f"record-scipy.py with scipy {scipy.__version__}", "rows": rows}, indent=0))
