// @ts-check
/** Ours, asked as transformers.mjs is, for cold starts: `rank-rank.mjs THREADS`. */
import { createInterface } from 'node:readline';
import { openDenseEncoder } from '@rank-rank/models';
import { peakKilobytes } from '../peak-memory.mjs';

const threads = Number(process.argv[2]);
for await (const line of createInterface({ input: process.stdin })) {
  const { model, dtype, texts } = JSON.parse(line);
  const encoder = await openDenseEncoder(model, { precision: dtype, threads });
  await encoder.encode(texts, 'query');
  const { userCPUTime, systemCPUTime } = process.resourceUsage();
  console.log(JSON.stringify({ total: (userCPUTime + systemCPUTime) / 1000, kilobytes: peakKilobytes() }));
  await encoder.close();
}
