import pc from 'picocolors';

/** Whether people are looking: then there is colour and progress. */
export const interactive: boolean = process.stderr.isTTY === true && process.env['TERM'] !== 'dumb';

/**
 * Whether stdout takes colours: at a terminal, and where FORCE_COLOR says so; never under NO_COLOR. A pipe or a file has none, under CI
 * too: what is printed there is searched and compared.
 */
export const colour: boolean =
  !process.env['NO_COLOR'] &&
  (process.env['FORCE_COLOR'] ? process.env['FORCE_COLOR'] !== '0' : process.stdout.isTTY === true && process.env['TERM'] !== 'dumb');

const colours = pc.createColors(colour);
export const bold: (text: string) => string = colours.bold;
export const dim: (text: string) => string = colours.dim;
export const red: (text: string) => string = colours.red;
export const green: (text: string) => string = colours.green;
export const yellow: (text: string) => string = colours.yellow;
export const cyan: (text: string) => string = colours.cyan;

/** Escape sequences take no room on the screen. */
const escapes = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, 'g');

export function widthOf(text: string): number {
  return [...text.replace(escapes, '')].length;
}

/** Columns side by side; those named in `right` are flush right, as numbers are read. */
export function table(rows: readonly (readonly string[])[], right: readonly number[] = []): string {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, column) => Math.max(...rows.map((row) => widthOf(row[column] ?? ''))));
  return rows
    .map((row) =>
      row
        .map((cell, column) => {
          const space = ' '.repeat(widths[column]! - widthOf(cell));
          return right.includes(column) ? space + cell : cell + space;
        })
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** A number for people: four significant digits. */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  if (value === 0) return '0';
  const size = Math.abs(value);
  return size >= 1000
    ? String(Math.round(value))
    : value
        .toPrecision(4)
        .replace(/(\.\d*?)0+$/, '$1')
        .replace(/\.$/, '');
}
