import { checkOptions, checkString, shown } from '@rank-rank/core';
import type { Warning } from '../warning.ts';
import type { LexicalQuery } from './lexical-query.ts';

export interface ParseQueryOptions {
  /** The fields that `name:` may speak of; other names are taken as words, with a warning. Any name, where absent. */
  readonly fields?: readonly string[];
  /** Whether words are all wanted (`and`) or any (`or`, the default). */
  readonly operator?: 'and' | 'or';
}

/** What was read, and what in it had to be guessed. */
export interface ParsedQuery {
  readonly query: LexicalQuery;
  readonly warnings: readonly Warning[];
}

type Clause = { readonly query: LexicalQuery; readonly occurs: 'must' | 'should' | 'mustNot' };

const token = /\s+|"(?:\\[\s\S]|[^"\\])*"?|[()]|(?:\\[\s\S]|[^\s()"\\])+/gu;
const deepest = 32;

/**
 * Reads the syntax that people know from search boxes. It never fails: what does not fit is taken as words.
 *
 * | written | means |
 * |---|---|
 * | `lazy dog` | any of the words |
 * | `"lazy dog"`, `"lazy dog"~3` | the phrase; moved by at most three places |
 * | `+lazy -dog`, `lazy AND NOT dog`, `a OR b`, `(a b) AND c` | must, must not, any, groups; AND binds more than OR |
 * | `title:dog`, `title:(a b)`, `title:"lazy dog"` | in a field |
 * | `do*`, `d?g`, `dgo~`, `dgo~1` | beginnings, patterns, misspellings |
 * | `dog^2` | counts twice |
 * | `\+`, `\"` | the character itself |
 *
 * @example parseQuery('+fox -title:"lazy dog" quik~').query
 */
export function parseQuery(text: string, options: ParseQueryOptions = {}): ParsedQuery {
  checkString('parseQuery: text', text);
  checkOptions('parseQuery', options, ['fields', 'operator']);
  const reader = new QueryReader(text, options);
  return { query: reader.read(), warnings: reader.warnings };
}

class QueryReader {
  readonly warnings: Warning[] = [];
  readonly #tokens: string[];
  readonly #options: ParseQueryOptions;
  #at = 0;

  constructor(text: string, options: ParseQueryOptions) {
    this.#tokens = [...text.matchAll(token)].map((match) => match[0]);
    this.#options = options;
  }

  read(): LexicalQuery {
    const parts: LexicalQuery[] = [];
    while (this.#at < this.#tokens.length) {
      parts.push(this.#alternatives(undefined, 0));
      // A parenthesis that closes nothing.
      if (this.#tokens[this.#at] === ')') {
        this.#guessed('a ")" closes nothing and is left out');
        this.#at++;
      }
    }
    return parts.length === 1 ? parts[0]! : parts.length === 0 ? '' : { should: parts };
  }

  #guessed(what: string): void {
    this.warnings.push({ code: 'SYNTAX', message: `In the query, ${what}.` });
  }

  #skipSpaces(): void {
    while (this.#tokens[this.#at]?.trim() === '') this.#at++;
  }

  /** Alternatives between ORs. */
  #alternatives(field: string | undefined, depth: number): LexicalQuery {
    const parts: LexicalQuery[] = [];
    let sawOr = false;
    for (;;) {
      const part = this.#clauses(field, depth);
      if (part !== undefined) parts.push(part);
      this.#skipSpaces();
      if (this.#tokens[this.#at] !== 'OR') break;
      this.#at++;
      sawOr = true;
    }
    if (parts.length === 0) return '';
    return parts.length === 1 && !sawOr ? parts[0]! : parts.length === 1 ? parts[0]! : { should: parts };
  }

  /** Clauses up to an OR, a closing parenthesis or the end. */
  #clauses(field: string | undefined, depth: number): LexicalQuery | undefined {
    const clauses: Clause[] = [];
    let joined = false;
    let negated = false;
    for (;;) {
      this.#skipSpaces();
      const next = this.#tokens[this.#at];
      if (next === undefined || next === ')' || next === 'OR') break;
      if (next === 'AND' || next === 'NOT') {
        this.#at++;
        if (next === 'NOT') negated = !negated;
        else if (clauses.length > 0) {
          joined = true;
          // What stands before AND is wanted too.
          const last = clauses.pop()!;
          clauses.push(last.occurs === 'should' ? { ...last, occurs: 'must' } : last);
        }
        continue;
      }
      const sign = next.length > 1 || this.#tokens[this.#at + 1] === '"' || this.#tokens[this.#at + 1] === '(' ? next[0] : undefined;
      const signed = sign === '+' || sign === '-';
      if (signed) {
        if (next.length === 1) this.#at++;
        else this.#tokens[this.#at] = next.slice(1);
      }
      const query = this.#item(field, depth);
      const wanted = this.#options.operator === 'and' || joined || sign === '+';
      if (query !== undefined)
        clauses.push({ query, occurs: negated || (signed && sign === '-') ? 'mustNot' : wanted ? 'must' : 'should' });
      joined = false;
      negated = false;
    }
    if (clauses.length === 0) return undefined;
    if (clauses.every(({ occurs }) => occurs === 'should'))
      return clauses.length === 1 ? clauses[0]!.query : joinWords(clauses.map(({ query }) => query));
    const of = (occurs: Clause['occurs']): LexicalQuery[] => clauses.filter((clause) => clause.occurs === occurs).map(({ query }) => query);
    const [must, should, mustNot] = [of('must'), of('should'), of('mustNot')];
    return { ...(must.length > 0 && { must }), ...(should.length > 0 && { should }), ...(mustNot.length > 0 && { mustNot }) };
  }

  /** A group, a phrase, or a word with its marks. */
  #item(field: string | undefined, depth: number): LexicalQuery | undefined {
    const next = this.#tokens[this.#at++]!;
    if (next === '(') {
      if (depth >= deepest) {
        this.#guessed(`groups are nested more than ${deepest} deep, and what lies deeper is left out`);
        this.#at = this.#tokens.length;
        return undefined;
      }
      const inner = this.#alternatives(field, depth + 1);
      if (this.#tokens[this.#at] === ')') this.#at++;
      else this.#guessed('a "(" is never closed and reaches to the end');
      const boost = this.#suffix(/^\^(\d+(?:\.\d+)?)$/);
      return boosted(inner, boost === undefined ? 1 : Number(boost));
    }
    if (next.startsWith('"')) {
      const closed = next.length > 1 && next.endsWith('"') && !/(?:^|[^\\])(?:\\\\)*\\"$/.test(next);
      if (!closed) this.#guessed('a quotation mark is never closed and reaches to the end');
      const phrase = unescaped(next.slice(1, closed ? -1 : undefined));
      const marks = /^(?:~(\d{1,3}))?(?:\^(\d+(?:\.\d+)?))?$/.exec(this.#tokens[this.#at] ?? '');
      if (marks !== null && marks[0] !== '') this.#at++;
      const boost = Number(marks?.[2] ?? 1);
      return {
        phrase,
        ...(field !== undefined && { field }),
        ...(marks?.[1] !== undefined && { slop: Number(marks[1]) }),
        ...(boost > 0 && boost !== 1 && { boost }),
      };
    }
    return this.#word(next, field, depth);
  }

  #word(written: string, outer: string | undefined, depth: number): LexicalQuery | undefined {
    const named = /^((?:[\p{L}\p{N}_.-])+):(.*)$/su.exec(written);
    if (named !== null && !written.includes('://')) {
      const [, name, rest] = named as unknown as [string, string, string];
      if (this.#options.fields === undefined || this.#options.fields.includes(name)) {
        if (rest !== '') return this.#word(rest, name, depth);
        const after = this.#tokens[this.#at];
        if (after !== undefined && (after === '(' || after.startsWith('"'))) return this.#item(name, depth);
      } else this.#guessed(`${shown(name)} is no field, and ${shown(written)} is taken as words`);
    }
    let word = written;
    let boost = 1;
    const boosting = /(?<!\\)\^(\d+(?:\.\d+)?)$/.exec(word);
    if (boosting !== null) {
      boost = Number(boosting[1]);
      word = word.slice(0, boosting.index);
    }
    const common = { ...(outer !== undefined && { field: outer }), ...(boost > 0 && boost !== 1 && { boost }) };
    const fuzzy = /(?<!\\)~([012])?$/.exec(word);
    if (fuzzy !== null && fuzzy.index > 0) {
      const edits = fuzzy[1] === undefined ? {} : { edits: Number(fuzzy[1]) as 0 | 1 | 2 };
      return { fuzzy: unescaped(word.slice(0, fuzzy.index)), ...edits, ...common };
    }
    const plain = word.replace(/\\[\s\S]/gu, '');
    if (/[*?]/.test(plain) && /[\p{L}\p{N}]/u.test(plain)) {
      // A question mark at the end of a word is a question.
      if (/^[^*?]+\*$/.test(plain)) return { prefix: unescaped(word.slice(0, -1)), ...common };
      if (!/^[^*?]+\?+$/.test(plain)) return { wildcard: word, ...common };
    }
    const text = unescaped(word);
    if (text === '') return undefined;
    return outer === undefined && boost === 1 ? text : { text, ...common };
  }

  #suffix(pattern: RegExp): string | undefined {
    const match = pattern.exec(this.#tokens[this.#at] ?? '');
    if (match === null) return undefined;
    this.#at++;
    return match[1];
  }
}

/** Plain words stay one text, so that they are analysed together. */
function joinWords(queries: readonly LexicalQuery[]): LexicalQuery {
  return queries.every((query) => typeof query === 'string') ? queries.join(' ') : { should: queries };
}

function boosted(query: LexicalQuery, boost: number): LexicalQuery {
  if (boost === 1 || !(boost > 0)) return query;
  return typeof query === 'string' ? { text: query, boost } : { should: [query], boost };
}

function unescaped(text: string): string {
  return text.replace(/\\([\s\S])/gu, '$1');
}
