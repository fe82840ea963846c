"""ONNX Runtime in Python, asked a case at a time: `python_runtime.py THREADS`. Each line of stdin is {"graph", "batches"}: a graph, and
token ids in batches of rows; the answer is {"ms", "cpu"}: what running and mean-pooling them took, by the clock and of the processor.
Tokenising is not part of it."""
import json, os, sys, time

threads = int(sys.argv[1])
os.environ.update(OMP_NUM_THREADS=str(threads))
import numpy as np, onnxruntime as ort

options = ort.SessionOptions()
options.intra_op_num_threads = threads
sessions = {}


def padded(rows):
    width = max(len(row) for row in rows)
    ids = np.zeros((len(rows), width), np.int64)
    mask = np.zeros_like(ids)
    for i, row in enumerate(rows):
        ids[i, : len(row)] = row
        mask[i, : len(row)] = 1
    return {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}


def pooled(states, mask):
    vectors = (states * mask[..., None]).sum(1) / mask.sum(1, keepdims=True)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


for line in sys.stdin:
    asked = json.loads(line)
    graph = asked["graph"]
    if graph not in sessions:
        sessions[graph] = ort.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    session = sessions[graph]
    names = [value.name for value in session.get_inputs()]
    feeds = [padded(batch) for batch in asked["batches"]]
    start, used = time.perf_counter(), time.process_time()
    for feed in feeds:
        out = session.run(None, {name: feed[name] for name in names})[0]
        if out.ndim == 3:
            pooled(out, feed["attention_mask"])
    print(json.dumps({"ms": (time.perf_counter() - start) * 1e3, "cpu": (time.process_time() - used) * 1e3}), flush=True)
