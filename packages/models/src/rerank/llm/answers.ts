/**
 * Reads an order of 1 … count out of whatever a model wrote: `[2] > [1] > [3]`, `2, 1, 3`, a JSON list, a numbered list, with talk around
 * it. Numbers out of range and repetitions are left out, what is missing follows in its old order.
 *
 * Gives undefined where no identifier can be found at all.
 */
export function readPermutation(answer: string, count: number): number[] | undefined {
  const inBrackets = [...answer.matchAll(/\[([\d\s,;>]+)\]/g)].flatMap(([, inside]) => inside!.match(/\d+/g) ?? []);
  // Without brackets a list's own numbering ("1. passage 3") must not be taken for the identifiers.
  const plain = answer.replace(/^\s*\d+[.)]\s+(?=\D*\d)/gm, '').match(/\d+/g) ?? [];
  const found = (inBrackets.length > 0 ? inBrackets : plain).map(Number).filter((id) => id >= 1 && id <= count);
  const order = [...new Set(found)].map((id) => id - 1);
  if (order.length === 0) return undefined;
  for (let i = 0; i < count; i++) if (!order.includes(i)) order.push(i);
  return order;
}

/** Reads which of the first `count` letters a model chose: `B`, `[B]`, `Passage B`, `**B**`, `{"answer": "B"}`. */
export function readLabel(answer: string, count: number): number | undefined {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'.slice(0, count);
  const valid = (letter: string | undefined): number | undefined => {
    const at = letter === undefined ? -1 : letters.indexOf(letter.toUpperCase());
    return at < 0 ? undefined : at;
  };
  const text = answer.trim();
  // "A" is a word too: an answer that is nothing but a letter, or names its kind, is surer than a letter somewhere.
  const only = /^\W*([A-Za-z])\W*$/.exec(text)?.[1];
  const named = [...text.matchAll(/(?:passage|document|answer|option|label|output)\W{0,4}\b([A-Z])\b/gi)]
    .map(([, letter]) => valid(letter))
    .filter((at) => at !== undefined);
  const marked = [...text.matchAll(/[[("'*`]([A-Z])[\])"'*`]/g)].map(([, letter]) => valid(letter)).filter((at) => at !== undefined);
  const alone = [...text.matchAll(/(?<![\w'])([B-Z])(?![\w'])/g)].map(([, letter]) => valid(letter)).filter((at) => at !== undefined);
  const leading = /^([A-Z])\b[^a-z]*(?:$|[\n.:,)])/.exec(text)?.[1];
  return valid(only) ?? valid(leading) ?? named.at(-1) ?? marked.at(-1) ?? alone.at(-1);
}
