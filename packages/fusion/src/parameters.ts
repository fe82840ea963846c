import { checkInteger, checkNumber, checkOneOf, checkOptions, RankError, shown, unknownName } from '@rank-rank/core';
import type { FusionMethod, FusionModel, Parameter, Parameters } from './method.ts';
import { toNormalizer } from './normalization/normalization.ts';

/** Weights as callers give them: in the order of the runs, or by the names of the runs. */
export type Weights = readonly number[] | Readonly<Record<string, number>>;

/** What options are checked against: the runs they are about. */
export interface RunNames {
  readonly names: readonly string[];
  /** What was called, for messages. */
  readonly where: string;
}

const resultOptions = ['topK'];

/**
 * Checks the options of a method and fills in presets and defaults. Unknown options, numbers out of range and weights that do not
 * fit the runs throw.
 */
export function resolveParameters<P extends Parameters>(
  method: FusionMethod<P>,
  options: Readonly<Record<string, unknown>> | undefined,
  { names, where }: RunNames,
  alsoKnown: readonly string[] = resultOptions,
): P {
  const specifications: Readonly<Record<string, Parameter>> = method.parameters;
  const known = Object.keys(specifications);
  let given: Readonly<Record<string, unknown>> = none;
  if (options !== undefined) {
    checkOptions(where, options, [...known, ...(method.presets ? ['preset'] : []), ...alsoKnown]);
    given = options;
    if (given['preset'] !== undefined && method.presets) {
      const preset = checkOneOf(`${where}: preset`, given['preset'], Object.keys(method.presets));
      given = { ...method.presets[preset], ...withoutAbsent(given) };
    }
    const model = given['model'] as Partial<FusionModel> | null | undefined;
    if (model?.parameters !== undefined) given = { ...model.parameters, ...withoutAbsent(given) };
  }
  const parameters: Record<string, unknown> = {};
  for (const name of known) {
    const specification = specifications[name]!;
    const value = given[name];
    // A default needs no check, which is most of the work where a query has few hits.
    const isPlain = specification.type !== 'weights' && specification.type !== 'normalization' && !specification.required;
    parameters[name] =
      value === undefined && isPlain
        ? specification.default
        : resolveParameter(`${where}: ${name}`, specification, value ?? specification.default, names, method.name);
  }
  return parameters as P;
}

const none: Readonly<Record<string, unknown>> = {};

function resolveParameter(where: string, parameter: Parameter, value: unknown, names: readonly string[], method: string): unknown {
  if (parameter.type === 'weights') return resolveWeights(where, value as Weights | undefined, names);
  if (value === undefined) {
    const hint = parameter.type === 'model' ? ` Train one: fit(runs, qrels, { method: ${JSON.stringify(method)} }).` : '';
    throw new RankError('INVALID_ARGUMENT', `${where} is missing: ${parameter.description}${hint}`);
  }
  switch (parameter.type) {
    case 'number':
      return checkNumber(where, value, boundsOf(parameter));
    case 'integer':
      return checkInteger(where, value, boundsOf(parameter));
    case 'choice':
      return checkOneOf(where, value, parameter.choices!);
    case 'normalization':
      return toNormalizer(value, where);
    case 'model':
      return checkModel(where, value, method, names);
  }
}

function boundsOf({ min, max }: Parameter): { min?: number; max?: number } {
  return { ...(min === undefined ? {} : { min }), ...(max === undefined ? {} : { max }) };
}

/** Weights in the order of the runs. They may be 0, but not all of them. */
function resolveWeights(where: string, weights: Weights | undefined, names: readonly string[]): readonly number[] {
  if (weights === undefined) return names.map(() => 1);
  let ordered: readonly number[];
  if (Array.isArray(weights)) {
    if (weights.length !== names.length) {
      throw new RankError(
        'DIMENSION_MISMATCH',
        `${where} has ${weights.length} numbers for ${names.length} runs; expected one for each run.`,
        {
          weights: weights.length,
          runs: names.length,
        },
      );
    }
    ordered = weights.map((weight, run) => checkNumber(`${where}[${run}]`, weight, { min: 0 }));
  } else if (typeof weights === 'object' && weights !== null) {
    for (const name of Object.keys(weights)) if (!names.includes(name)) throw unknownName(`${where}: run`, name, names);
    ordered = names.map((name) => {
      const weight = (weights as Readonly<Record<string, number>>)[name];
      if (weight === undefined)
        throw new RankError('DIMENSION_MISMATCH', `${where} says nothing of run ${shown(name)}; expected a weight for each run.`);
      return checkNumber(`${where}[${shown(name)}]`, weight, { min: 0 });
    });
  } else {
    throw new RankError(
      'INVALID_ARGUMENT',
      `${where} is ${shown(weights)}; expected an array of numbers, or an object from run name to weight.`,
    );
  }
  if (ordered.every((weight) => weight === 0)) {
    throw new RankError('OUT_OF_RANGE', `${where} are all 0; at least one run must count.`);
  }
  return ordered;
}

function checkModel(where: string, value: unknown, method: string, names: readonly string[]): FusionModel {
  const model = value as Partial<FusionModel> | null;
  if (typeof model !== 'object' || model === null || typeof model.method !== 'string' || !Array.isArray(model.tables)) {
    throw new RankError('INVALID_ARGUMENT', `${where} is ${shown(value)}; expected what fit() returned.`);
  }
  if (model.method !== method) {
    throw new RankError(
      'INVALID_ARGUMENT',
      `${where} was trained for ${shown(model.method)}, and is used with ${shown(method)}. Train one for ${shown(method)}.`,
    );
  }
  if (model.tables.length !== names.length) {
    throw new RankError(
      'DIMENSION_MISMATCH',
      `${where} was trained on ${model.tables.length} runs, and is used with ${names.length}; expected the same runs in the same order.`,
      { trained: model.tables.length, runs: names.length },
    );
  }
  for (const table of model.tables) {
    if (!Array.isArray(table) || !table.every((number) => typeof number === 'number' && Number.isFinite(number))) {
      throw new RankError('INVALID_ARGUMENT', `${where} has a table that is no list of finite numbers; expected what fit() returned.`);
    }
  }
  return model as FusionModel;
}

function withoutAbsent(options: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

/**
 * Parameters from text, as a command line gives them: `k=60`, `weights=0.7,0.3`, `weights=bm25:2,dense:1`, `normalization=z-score`.
 * What the text says is checked when the parameters are used.
 */
export function parseParameters(method: FusionMethod, texts: Readonly<Record<string, string>>): Record<string, unknown> {
  const parameters: Record<string, unknown> = {};
  const specifications = method.parameters as Readonly<Record<string, Parameter>>;
  for (const [name, text] of Object.entries(texts)) {
    const specification = specifications[name];
    if (specification === undefined && name !== 'preset' && name !== 'topK') {
      throw unknownName(`Parameter of ${method.name}`, name, [
        ...Object.keys(specifications),
        ...(method.presets ? ['preset'] : []),
        'topK',
      ]);
    }
    if (specification?.type === 'weights') parameters[name] = parseWeights(text);
    else if (specification?.type === 'number' || specification?.type === 'integer' || name === 'topK')
      parameters[name] = parseNumber(name, text);
    else parameters[name] = text;
  }
  return parameters;
}

function parseWeights(text: string): Weights {
  const parts = text.split(',').map((part) => part.trim());
  if (!parts.some((part) => part.includes(':'))) return parts.map((part) => parseNumber('weights', part));
  return Object.fromEntries(
    parts.map((part) => {
      const colon = part.lastIndexOf(':');
      return [part.slice(0, Math.max(0, colon)), parseNumber('weights', part.slice(colon + 1))];
    }),
  );
}

function parseNumber(name: string, text: string): number {
  const number = text.trim() === '' ? Number.NaN : Number(text);
  if (Number.isNaN(number)) throw new RankError('INVALID_ARGUMENT', `${name} is ${shown(text)}; expected a number.`);
  return number;
}
