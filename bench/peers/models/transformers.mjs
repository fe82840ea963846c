// @ts-check
/**
 * transformers.js, asked a case at a time: `transformers.mjs THREADS`. Each line of stdin is {"model", "dtype", "texts"}; the answer is {"ms", "cpu"}: what
 * tokenising, running, pooling and normalising them took, by the clock and of the processor, in batches of 32, texts cut at 256 tokens; and the peak memory until then.
 */

import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { peakKilobytes } from '../peak-memory.mjs';

const threads = Number(process.argv[2]);
const peers = process.env['PEERS_DIR'] ?? join(homedir(), '.cache/rank-rank-peers');
const { env, pipeline } = await import(
  pathToFileURL(createRequire(join(peers, 'models/node/package.json')).resolve('@huggingface/transformers')).href
);
env.allowRemoteModels = false;
/** @type {Map<string, any>} */
const pipelines = new Map();

for await (const line of createInterface({ input: process.stdin })) {
  const { model, dtype, texts } = JSON.parse(line);
  const key = `${model} ${dtype}`;
  if (!pipelines.has(key)) {
    env.localModelPath = `${dirname(model)}/`;
    const made = await pipeline('feature-extraction', basename(model), { dtype, session_options: { intraOpNumThreads: threads } });
    Object.defineProperty(made.tokenizer, 'model_max_length', { value: 256 });
    pipelines.set(key, made);
  }
  const encode = pipelines.get(key);
  const start = performance.now();
  const used = process.cpuUsage();
  for (let at = 0; at < texts.length; at += 32) await encode(texts.slice(at, at + 32), { pooling: 'mean', normalize: true });
  const ms = performance.now() - start;
  const { user, system } = process.cpuUsage(used);
  const { userCPUTime, systemCPUTime } = process.resourceUsage();
  console.log(JSON.stringify({ ms, cpu: (user + system) / 1000, total: (userCPUTime + systemCPUTime) / 1000, kilobytes: peakKilobytes() }));
}
