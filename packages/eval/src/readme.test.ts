import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { MeasureFamily } from './measure.ts';
import { measureFamilies } from './measures/index.ts';

const readme = readFileSync(fileURLToPath(new URL('../README.md', import.meta.url)), 'utf8');

/** A measure's row of the table: what its definition says. */
function row({ name, aliases = [], about, at = 'cutoff', needs, parameters }: MeasureFamily): string {
  const names = [name, ...aliases].map((text) => `\`${text}\``).join(', ');
  const cells = Object.entries(parameters).map(([parameter, { default: standard, required }]) => {
    const written = `\`${parameter === at ? '@' : ''}${parameter}\``;
    if (standard !== undefined) return `${written} ${standard}`;
    return required ? `${written} required` : written;
  });
  return `| ${names}${needs === 'subtopics' ? ' †' : ''} | ${about} | ${cells.join(', ') || '–'} |`;
}

describe('the README', () => {
  it.each(measureFamilies.map((family) => [family.name, family] as const))('has the row of %s', (_, family) => {
    expect(readme).toContain(row(family));
  });
});
