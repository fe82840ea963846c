import { RankError, shown, unknownName } from '@rank-rank/core';
import type { Gains, Measure, MeasureFamily, Parameter, ParameterValue } from '../measure.ts';
import { measureFamilies } from '../measures/index.ts';
import { fromRanxName, ranxNames } from './ranx-names.ts';
import { parseTrecName, trecNames } from './trec-names.ts';

const families: ReadonlyMap<string, MeasureFamily> = new Map(
  measureFamilies.flatMap((family) => [family.name, ...(family.aliases ?? [])].map((name) => [name, family])),
);

/**
 * Reads the name of one measure: in the grammar of ir-measures (`nDCG@10`, `AP(rel=2)@100`), as trec_eval writes it
 * (`ndcg_cut_10`, `P.5`), or as ranx does (`ndcg@10`, `recall@100-l2`).
 *
 * A name that does not exist is an error that shows the nearest one.
 *
 * @example parseMeasure('nDCG@10').name // 'nDCG@10'
 */
export function parseMeasure(text: string): Measure {
  const measures = parseMeasures(text);
  if (measures.length !== 1) {
    throw new RankError(
      'INVALID_ARGUMENT',
      `${shown(text)} stands for ${measures.length} measures (${measures
        .slice(0, 3)
        .map(({ name }) => name)
        .join(', ')} …); expected one. Use parseMeasures.`,
      { text },
    );
  }
  return measures[0]!;
}

/**
 * Reads names of measures, each of which may stand for several (`P.5,10`, `official`).
 *
 * @example parseMeasures(['nDCG@10', 'P.5,10']).map(({ label }) => label) // ['nDCG@10', 'P_5', 'P_10']
 */
export function parseMeasures(names: string | Measure | readonly (string | Measure)[]): Measure[] {
  const measures: Measure[] = [];
  const seen = new Set<string>();
  for (const item of Array.isArray(names) ? (names as readonly (string | Measure)[]) : [names as string | Measure]) {
    for (const measure of typeof item === 'string' ? parseOne(item.trim()) : [checkMeasure(item)]) {
      // Asked for twice, a measure is there once.
      if (seen.has(measure.label)) continue;
      seen.add(measure.label);
      measures.push(measure);
    }
  }
  if (measures.length === 0) throw new RankError('EMPTY_INPUT', 'No measure was named; expected at least one, such as "nDCG@10".');
  return measures;
}

function checkMeasure(value: unknown): Measure {
  const { label, score } = (value ?? {}) as Partial<Measure>;
  if (typeof label === 'string' && typeof score === 'function') return value as Measure;
  throw new RankError('INVALID_ARGUMENT', `A measure is ${shown(value)}; expected its name, or what parseMeasure gives.`);
}

function parseOne(text: string): Measure[] {
  const base = /^[^(@]*/.exec(text)![0].trim();
  const family = families.get(base);
  if (family !== undefined) return [fromFamily(family, text, text.slice(base.length))];
  // trec_eval has an rbp too, whose parameters are written p=.95.
  const trec = /^rbp\.\d+$/.test(text) ? undefined : parseTrecName(text);
  if (trec !== undefined) return trec;
  const translated = fromRanxName(text);
  if (translated !== undefined) return [{ ...parseOne(translated)[0]!, label: text }];
  const known = [...families.keys(), ...trecNames, ...ranxNames, 'rbp'];
  throw unknownName('Measure', /^[^(@.]*/.exec(text)![0].trim() || text, known);
}

/** `(k=v, …)@c` behind the name of a measure. */
function fromFamily(family: MeasureFamily, label: string, rest: string): Measure {
  const given = new Map<string, ParameterValue>();
  const reader = new Reader(label, rest);
  if (reader.take('(')) {
    while (!reader.take(')')) {
      const key = reader.identifier();
      if (!Object.hasOwn(family.parameters, key)) throw unknownName(`${family.name}: parameter`, key, Object.keys(family.parameters));
      if (given.has(key)) throw reader.error(`${key} once`);
      reader.expect('=');
      given.set(key, reader.value());
      if (!reader.take(',') && !reader.peek(')')) throw reader.error('"," or ")"');
    }
  }
  if (reader.take('@')) {
    const at = family.at ?? 'cutoff';
    if (!Object.hasOwn(family.parameters, at))
      throw new RankError('INVALID_ARGUMENT', `${family.name} takes no @; remove it from ${shown(label)}.`);
    if (given.has(at)) throw reader.error(`${at} once`);
    given.set(at, reader.value());
  }
  reader.end();
  const parameters: Record<string, ParameterValue | undefined> = {};
  for (const [key, parameter] of Object.entries(family.parameters)) {
    const value = given.get(key) ?? parameter.default;
    if (value !== undefined) checkParameter(`${family.name}: ${key}`, value, parameter);
    else if (parameter.required) {
      const example = key === (family.at ?? 'cutoff') ? `${family.name}@10` : `${family.name}(${key}=3)`;
      throw new RankError('INVALID_ARGUMENT', `${family.name} needs ${key}: ${parameter.about}. Write it as in ${example}.`, {
        measure: label,
        parameter: key,
      });
    }
    parameters[key] = value;
  }
  return {
    name: canonical(family, parameters, given),
    label,
    aggregate: family.aggregate ?? 'mean',
    ...(family.needs === undefined ? {} : { needs: family.needs }),
    score: family.score(parameters),
  };
}

/** The name as ir-measures prints it: parameters that are not at their default, in the order given, then the cut-off. */
function canonical(family: MeasureFamily, parameters: Record<string, unknown>, given: ReadonlyMap<string, ParameterValue>): string {
  const at = family.at ?? 'cutoff';
  const written = [...given.keys()].filter((key) => key !== at && parameters[key] !== family.parameters[key]!.default);
  const inner = written.map((key) => `${key}=${printed(parameters[key] as ParameterValue)}`).join(',');
  return `${family.name}${inner && `(${inner})`}${parameters[at] === undefined ? '' : `@${parameters[at]}`}`;
}

function printed(value: ParameterValue): string {
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'string') return `'${value}'`;
  if (typeof value === 'number') return String(value);
  return `{${Object.entries(value)
    .map(([grade, gain]) => `${grade}:${gain}`)
    .join(',')}}`;
}

function checkParameter(where: string, value: ParameterValue, parameter: Parameter): void {
  const wrong = (expected: string, code: 'INVALID_ARGUMENT' | 'OUT_OF_RANGE' = 'INVALID_ARGUMENT'): RankError =>
    new RankError(code, `${where} is ${shown(value)}; expected ${expected} (${parameter.about}).`, { value });
  switch (parameter.kind) {
    case 'flag':
      if (typeof value !== 'boolean') throw wrong('true or false');
      return;
    case 'choice':
      if (!parameter.choices.includes(value as string)) throw wrong(`one of ${parameter.choices.join(', ')}`);
      return;
    case 'gains':
      if (typeof value !== 'object') throw wrong('gains by grade, such as {1: 1, 2: 3}');
      return;
    default: {
      if (typeof value !== 'number') throw wrong('a number');
      if (parameter.kind === 'integer' && !Number.isInteger(value)) throw wrong('a whole number');
      const { min, max } = parameter;
      const { above, below } = parameter as { above?: number; below?: number };
      if (
        (min !== undefined && value < min) ||
        (max !== undefined && value > max) ||
        (above !== undefined && value <= above) ||
        (below !== undefined && value >= below)
      ) {
        const bounds = [
          min !== undefined && `at least ${min}`,
          above !== undefined && `above ${above}`,
          max !== undefined && `at most ${max}`,
          below !== undefined && `below ${below}`,
        ].filter(Boolean);
        throw wrong(`a number ${bounds.join(' and ')}`, 'OUT_OF_RANGE');
      }
    }
  }
}

/** Reads what stands behind a measure's name. Values are written as in Python (`True`, `'exp-log2'`, `{1: 2}`) or as in JavaScript. */
class Reader {
  readonly #whole: string;
  #rest: string;

  constructor(whole: string, rest: string) {
    this.#whole = whole;
    this.#rest = rest.trimStart();
  }

  error(expected: string): RankError {
    const found = this.#rest === '' ? 'the end' : shown(this.#rest);
    return new RankError(
      'INVALID_ARGUMENT',
      `${shown(this.#whole)} is no measure: read ${found}, expected ${expected}. Measures are written as Name(k=v, k=v)@cutoff.`,
      { measure: this.#whole },
    );
  }

  peek(text: string): boolean {
    return this.#rest.startsWith(text);
  }

  take(text: string): boolean {
    if (!this.peek(text)) return false;
    this.#rest = this.#rest.slice(text.length).trimStart();
    return true;
  }

  expect(text: string): void {
    if (!this.take(text)) throw this.error(`"${text}"`);
  }

  end(): void {
    if (this.#rest !== '') throw this.error('nothing more');
  }

  #match(pattern: RegExp): string | undefined {
    const found = pattern.exec(this.#rest)?.[0];
    if (found !== undefined) this.#rest = this.#rest.slice(found.length).trimStart();
    return found;
  }

  identifier(): string {
    const name = this.#match(/^[A-Za-z_]\w*/);
    if (name === undefined) throw this.error('the name of a parameter');
    return name;
  }

  number(): number {
    const text = this.#match(/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?/);
    if (text === undefined) throw this.error('a number');
    return Number(text);
  }

  value(): ParameterValue {
    const quoted = this.#match(/^'[^']*'|^"[^"]*"/);
    if (quoted !== undefined) return quoted.slice(1, -1);
    if (this.take('{')) {
      const gains: Record<string, number> = {};
      while (!this.take('}')) {
        const grade = this.number();
        this.expect(':');
        gains[grade] = this.number();
        if (!this.take(',') && !this.peek('}')) throw this.error('"," or "}"');
      }
      return gains satisfies Gains;
    }
    const word = this.#match(/^[A-Za-z][\w-]*/);
    if (word !== undefined) return /^true$/i.test(word) ? true : /^false$/i.test(word) ? false : word;
    return this.number();
  }
}
