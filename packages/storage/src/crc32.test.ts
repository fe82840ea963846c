import { describe, expect, it } from 'vitest';
import { crc32, fromTable } from './crc32.ts';

describe('the checksum', () => {
  const bytes = new TextEncoder().encode('123456789');

  it('is that of gzip, whole or in parts, with empty ones between', () => {
    expect(crc32(bytes)).toBe(0xcbf43926);
    expect(fromTable(bytes, 0)).toBe(0xcbf43926);
    for (const empty of [new Uint8Array(0), new Uint8Array(new Float32Array(0).buffer, 0, 0), bytes.subarray(4, 4)]) {
      const part = crc32(bytes.subarray(0, 4));
      expect(crc32(empty, part)).toBe(part);
      expect(crc32(bytes.subarray(4), crc32(empty, part))).toBe(0xcbf43926);
    }
  });
});
