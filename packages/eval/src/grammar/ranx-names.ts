/** What names of ranx mean in our grammar, without cut-off and with one. */
const meanings: Readonly<Record<string, readonly [plain: string, atCutoff: string | undefined]>> = {
  hits: ['NumRelRet', 'NumRelRet'],
  hit_rate: ['', 'Success'],
  precision: ['SetP', 'P'],
  recall: ['SetR', 'R'],
  f1: ['SetF', 'F'],
  'r-precision': ['Rprec', undefined],
  mrr: ['RR', 'RR'],
  map: ['AP', 'AP'],
  dcg: ['DCG', 'DCG'],
  dcg_burges: ["DCG(dcg='exp-log2')", "DCG(dcg='exp-log2')"],
  ndcg: ['nDCG', 'nDCG'],
  ndcg_burges: ["nDCG(dcg='exp-log2')", "nDCG(dcg='exp-log2')"],
  bpref: ['Bpref', undefined],
};

export const ranxNames: readonly string[] = Object.keys(meanings);

/**
 * A measure as ranx writes it (`ndcg@10`, `map@100`, `recall@100-l2`, `rbp.95`) in our grammar, or undefined. Names that trec_eval
 * has too mean the same there (`map`, `ndcg`, `bpref`), except `recall` alone, which trec_eval takes for a list of cut-offs.
 */
export function fromRanxName(text: string): string | undefined {
  const rbp = /^rbp\.(\d+)$/.exec(text);
  if (rbp !== null) return `RBP(p=0.${rbp[1]})`;
  // The level stands behind the cut-off; before it, where ranx's own documentation puts it, it means the same.
  const parts = /^(r-precision|f1|[a-z_]+?)(?:-l(\d+))?(?:@(\d+))?(?:-l(\d+))?$/.exec(text);
  if (parts === null || !Object.hasOwn(meanings, parts[1]!)) return undefined;
  const [, name, early, cutoff, late] = parts;
  const level = early ?? late;
  if (early !== undefined && late !== undefined) return undefined;
  const [plain, atCutoff] = meanings[name!]!;
  const meaning = cutoff === undefined ? plain : atCutoff;
  if (meaning === undefined || meaning === '') return undefined;
  // Grades are gains in DCG: there is no level to set.
  if (level !== undefined && meaning.includes('DCG')) return undefined;
  return `${meaning}${level === undefined ? '' : `(rel=${level})`}${cutoff === undefined ? '' : `@${cutoff}`}`;
}
