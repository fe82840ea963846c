import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { leadingDecimal, parseDecimal } from './decimal.ts';

const read = (text: string): number => {
  const bytes = new TextEncoder().encode(`x${text} `);
  return parseDecimal(bytes, 1, bytes.length - 1);
};

describe('numbers in bytes', () => {
  it('are read as Number reads them, whatever was printed', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        expect(read(String(value))).toBe(value + 0);
      }),
      { numRuns: 2000 },
    );
    fc.assert(
      fc.property(fc.double({ min: -1000, max: 1000, noNaN: true }), fc.integer({ min: 1, max: 25 }), (value, digits) => {
        for (const text of [value.toFixed(Math.min(digits, 20)), value.toPrecision(digits), value.toExponential(Math.min(digits, 20))])
          expect(read(text)).toBe(Number(text));
      }),
      { numRuns: 5000 },
    );
  });

  it('are read as Number reads them, whatever the digits', () => {
    const digits = fc.string({ unit: fc.constantFrom(...'0123456789'), maxLength: 24 });
    fc.assert(
      fc.property(digits, digits, fc.integer({ min: -40, max: 40 }), fc.boolean(), (whole, fraction, exponent, scaled) => {
        if (whole === '' && fraction === '') return;
        const text = `${whole}.${fraction}${scaled ? `e${exponent}` : ''}`;
        expect(read(text)).toBe(Number(text));
      }),
      { numRuns: 20_000 },
    );
  });

  it('round halves to even where 17 digits stand on the border', () => {
    // 9007199254740993 lies half way between two doubles, and so do its neighbours' odd ones.
    for (const text of [
      '9007199254740993',
      '9007199254740995',
      '9007199254740992.5',
      '4503599627370497.5',
      '900719925474099.25',
      '1.00000000000000011102230246251565',
    ])
      expect(read(text)).toBe(Number(text));
  });

  it.each(['', '+', '-', '.', 'e5', '1e', '1e+', '1.2.3', '12a', '0x10', 'NaN', 'Infinity', '1 2', '--1'])(
    'that are none give NaN: %j',
    (text) => {
      expect(read(text)).toBeNaN();
    },
  );

  it.each([
    ['1.5x', 1.5],
    ['x', 0],
    ['', 0],
    ['-3', -3],
    ['+.5e1z', 5],
    ['1e', 1],
    ['0x1Fg', 31],
    ['-inf', Number.NEGATIVE_INFINITY],
    ['nan', Number.NaN],
  ])('are read as atof reads them: %j', (text, value) => {
    expect(leadingDecimal(text)).toBe(value);
  });
});
