"""What pytrec_eval computes on one robust03 run: the mean of each of its measures, one JSON line each, to hold ours to in the same run.

    python pytrec_eval_values.py PATH/TO/runs/robust03
"""
import gzip, json, pathlib, sys
import pytrec_eval

folder = pathlib.Path(sys.argv[1])
qrels, run = {}, {}
for line in open(folder / "qrels.txt"):
    query, _, document, grade = line.split()
    qrels.setdefault(query, {})[document] = int(grade)
with gzip.open(sorted(folder.glob("input.*.gz"))[0], "rt") as lines:
    for line in lines:
        query, _, document, _, score, _ = line.split()
        run.setdefault(query, {})[document] = float(score)
values = pytrec_eval.RelevanceEvaluator(qrels, pytrec_eval.supported_measures).evaluate(run)
for measure in sorted(next(iter(values.values()))):
    if measure in ("runid", "relstring"): continue
    value = pytrec_eval.compute_aggregated_measure(measure, [of[measure] for of in values.values()])
    print(json.dumps({"task": "eval", "peer": "pytrec_eval 0.5.11", "case": f"robust03/{measure}", "metric": "value", "value": value, "threads": 1}))
