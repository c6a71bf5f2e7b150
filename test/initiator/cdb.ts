import { ByteWriter } from '../../src/base/bytes/byte-writer.ts';

/** CDBs of SPC and SBC, by name; addresses and counts in logical blocks. */
export function testUnitReady(): Uint8Array {
  return new Uint8Array(6);
}

export function inquiry(allocationLength: number, page?: number): Uint8Array {
  const evpd = page === undefined ? 0 : 1;
  return new ByteWriter()
    .u8(0x12)
    .u8(evpd)
    .u8(page ?? 0)
    .u16(allocationLength)
    .u8(0)
    .finish();
}

export function requestSense(allocationLength: number, descriptor = false): Uint8Array {
  return Uint8Array.of(0x03, descriptor ? 1 : 0, 0, 0, allocationLength, 0);
}

export function readCapacity16(allocationLength = 32): Uint8Array {
  return new ByteWriter().u8(0x9e).u8(0x10).zeros(8).u32(allocationLength).zeros(2).finish();
}

export function reportLuns(allocationLength: number): Uint8Array {
  return new ByteWriter().u8(0xa0).zeros(5).u32(allocationLength).zeros(2).finish();
}

export function read16(lba: number, blocks: number, fua = false): Uint8Array {
  return sixteen(0x88, lba, blocks, fua);
}

export function write16(lba: number, blocks: number, fua = false): Uint8Array {
  return sixteen(0x8a, lba, blocks, fua);
}

/** The data-out holds what is compared, then what is written: `2 * blocks` blocks. */
export function compareAndWrite(lba: number, blocks: number): Uint8Array {
  return new ByteWriter().u8(0x89).u8(0).u64(lba).zeros(3).u8(blocks).zeros(2).finish();
}

export function synchronizeCache16(lba = 0, blocks = 0): Uint8Array {
  return sixteen(0x91, lba, blocks, false);
}

function sixteen(operationCode: number, lba: number, blocks: number, fua: boolean): Uint8Array {
  const flags = fua ? 0x08 : 0;
  return new ByteWriter().u8(operationCode).u8(flags).u64(lba).u32(blocks).zeros(2).finish();
}

/** REPORT TARGET PORT GROUPS, length only header. */
export function reportTargetPortGroups(allocationLength: number): Uint8Array {
  return new ByteWriter().u8(0xa3).u8(0x0a).zeros(4).u32(allocationLength).zeros(2).finish();
}
