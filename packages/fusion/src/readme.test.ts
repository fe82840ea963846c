import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { fusionMethods } from './index.ts';
import type { FusionMethod, Parameter } from './method.ts';

const readme = readFileSync(fileURLToPath(new URL('../README.md', import.meta.url)), 'utf8');

/** A method's row of the table: what its definition says. */
function row(method: FusionMethod): string {
  const parameters = Object.entries(method.parameters as Readonly<Record<string, Parameter>>).map(
    ([name, { type, required, default: standard }]) => {
      if (type === 'weights') return `\`${name}\` 1 each`;
      return required ? `\`${name}\`` : `\`${name}\` ${standard}`;
    },
  );
  const cells = [`\`${method.name}\``, method.formula.replaceAll('|', '\\|'), parameters.join(', ') || '–', method.missing];
  return `| ${cells.join(' | ')} |`;
}

describe('the README', () => {
  it.each(fusionMethods.map((method) => [method.name, method] as const))('has the row of %s', (_, method) => {
    expect(readme).toContain(row(method));
  });
});
