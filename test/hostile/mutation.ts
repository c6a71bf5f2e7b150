import type { Random } from '../../src/base/random.ts';

/** Values at which length and count fields go wrong. */
const EDGES = [0, 1, 3, 4, 47, 48, 49, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fffffff];
const EDGE_MAX = 0xffffffff;
const INSERT_MAX = 64;

/** A changed copy of the bytes: one to four changes of random kind. */
export function mutated(source: Uint8Array, random: Random): Buffer {
  let bytes: Buffer = Buffer.from(source);
  for (let changes = 1 + random.below(4); changes > 0; changes--) bytes = once(bytes, random);
  return bytes;
}

function once(bytes: Buffer, random: Random): Buffer {
  if (bytes.length === 0) return Buffer.from(random.bytes(random.below(INSERT_MAX)));
  const at = random.below(bytes.length);
  switch (random.below(7)) {
    case 0:
      bytes[at]! ^= 1 << random.below(8);
      return bytes;
    case 1:
      bytes[at] = random.below(256);
      return bytes;
    case 2:
      return edge(bytes, at, random);
    case 3:
      return bytes.subarray(0, at);
    case 4:
      return Buffer.concat([bytes.subarray(0, at), random.bytes(random.below(INSERT_MAX))]);
    case 5: {
      const inserted = random.bytes(1 + random.below(INSERT_MAX));
      return Buffer.concat([bytes.subarray(0, at), inserted, bytes.subarray(at)]);
    }
    default: {
      const end = Math.min(bytes.length, at + 1 + random.below(INSERT_MAX));
      return Buffer.concat([bytes, bytes.subarray(at, end)]);
    }
  }
}

function edge(bytes: Buffer, at: number, random: Random): Buffer {
  const width = [1, 2, 3, 4][random.below(4)]!;
  const start = Math.min(at, bytes.length - width);
  if (start < 0) return bytes;
  const value = random.below(5) === 0 ? EDGE_MAX : EDGES[random.below(EDGES.length)]!;
  bytes.writeUIntBE(value % 256 ** width, start, width);
  return bytes;
}
