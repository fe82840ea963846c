import type { WorkOptions } from '../contracts.ts';
import { checkOptions, checkString } from '../validate.ts';
import { parseDecimal } from './decimal.ts';
import { isSpace, LineParser } from './line-parser.ts';
import { type ByteSource, chunksOf, toBytes } from './source.ts';

/** One line of a preference file: in this group (and subgroup) a document of a higher level is preferred to one of a lower. */
export interface Preference {
  readonly group: string;
  readonly subgroup: string;
  readonly id: string;
  readonly level: number;
}

/** Preferences between documents: query id → its lines, in the order of the file. */
export type Preferences = ReadonlyMap<string, readonly Preference[]>;

export interface PreferencesOptions {
  /** What is read, for error messages. */
  readonly file?: string;
}

/**
 * Reads a preference file of trec_eval (`-R prefs`): `query group subgroup document level`, fields apart by white space.
 *
 * @example parsePreferences('q1 jg1 jsg1 d1 2\nq1 jg1 jsg1 d2 1\n').get('q1')?.length // 2
 */
export function parsePreferences(data: string | Uint8Array, options: PreferencesOptions = {}): Preferences {
  const parser = new PreferenceParser('parsePreferences', options, ['file']);
  parser.push(toBytes(data, 'parsePreferences: data'));
  return parser.finish();
}

/** Reads a preference file from a stream, gzip or not. */
export async function readPreferences(source: ByteSource, options: PreferencesOptions & WorkOptions = {}): Promise<Preferences> {
  const parser = new PreferenceParser('readPreferences', options, ['file', 'signal', 'onProgress']);
  for await (const chunk of chunksOf(source, parser.file, options)) parser.push(chunk);
  return parser.finish();
}

class PreferenceParser extends LineParser {
  readonly #queries = new Map<string, Preference[]>();

  constructor(where: string, options: PreferencesOptions, known: readonly string[]) {
    checkOptions(where, options, known);
    super(options.file === undefined ? 'preferences' : checkString(`${where}: file`, options.file));
  }

  protected override onLine(bytes: Uint8Array, start: number, end: number): void {
    const fields: [start: number, end: number][] = [];
    for (let at = start; at < end; ) {
      while (at < end && isSpace(bytes[at]!)) at++;
      if (at === end) break;
      const from = at;
      while (at < end && !isSpace(bytes[at]!)) at++;
      fields.push([from, at]);
    }
    if (fields.length === 0 || bytes[fields[0]![0]] === 35) return;
    if (fields.length !== 5) throw this.badLine(bytes, start, end, 'five fields (query group subgroup document level)');
    const [query, group, subgroup, id] = fields.slice(0, 4).map(([from, to]) => this.text(bytes, from, to)) as [
      string,
      string,
      string,
      string,
    ];
    const level = parseDecimal(bytes, ...fields[4]!);
    if (!Number.isFinite(level)) throw this.failure(this.text(bytes, ...fields[4]!), 'a level, a number, as the fifth field');
    const lines = this.#queries.get(query);
    if (lines === undefined) this.#queries.set(query, [{ group, subgroup, id, level }]);
    else lines.push({ group, subgroup, id, level });
  }

  finish(): Preferences {
    this.end();
    return this.#queries;
  }
}
