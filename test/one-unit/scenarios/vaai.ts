// The primitives of ESXi's block VAAI, as its hosts send them: segments of 4 MiB, all aligned to
// the 1 MiB of VMFS (codyhosterman.com, 2015/05, "XCOPY improvement for thin virtual disks").
// Clones are EXTENDED COPY with one segment, zeroes are WRITE SAME of a block of zeroes, deletes
// are UNMAP. What one host does through one gateway every host reads through every gateway. ATS is
// in ats-heartbeat.ts.

import assert from 'node:assert/strict';
import { ByteWriter } from '../../../src/base/bytes/byte-writer.ts';
import { inquiry, read16, write16 } from '../../initiator/cdb.ts';
import { copyList, extendedCopy } from '../../support/copy-lists.ts';
import type { Nexus } from '../nexus.ts';
import type { Nexuses } from '../nexuses.ts';
import type { Row } from '../row.ts';

const BLOCK_LENGTH = 512;
const MIB = 2 ** 20;
const MIB_BLOCKS = MIB / BLOCK_LENGTH;
const SEGMENT_MIB = 4;
const ALLOCATION_LENGTH = 255;

/** What VMFS has at a MiB of its volume. */
function content(mib: number): Buffer {
  return Buffer.alloc(MIB, `MiB ${mib} `);
}

async function writeMib(nexus: Nexus, mib: number): Promise<void> {
  await nexus.must({ cdb: write16(mib * MIB_BLOCKS, MIB_BLOCKS), dataOut: content(mib) });
}

async function readMib(nexus: Nexus, mib: number): Promise<Buffer> {
  return await nexus.must({ cdb: read16(mib * MIB_BLOCKS, MIB_BLOCKS), dataInLength: MIB });
}

async function everyoneReads({ all }: Nexuses, mib: number, expected: Buffer): Promise<void> {
  for (const nexus of all) {
    assert.ok((await readMib(nexus, mib)).equals(expected), `MiB ${mib} through ${nexus.name}`);
  }
}

/** The NAA designator of the logical unit, from VPD page 83h. */
async function naaOf(nexus: Nexus): Promise<Uint8Array> {
  const cdb = inquiry(ALLOCATION_LENGTH, 0x83);
  const page = await nexus.must({ cdb, dataInLength: ALLOCATION_LENGTH });
  for (let at = 4; at < page.length; at += 4 + page[at + 3]!) {
    const ofUnit = (page[at + 1]! & 0x30) === 0;
    if (ofUnit && (page[at + 1]! & 0x0f) === 3)
      return page.subarray(at + 4, at + 4 + page[at + 3]!);
  }
  assert.fail(`no NAA designator through ${nexus.name}`);
}

interface Clone {
  readonly source: Nexus;
  readonly destination: Nexus;
  readonly fromMib: number;
  readonly toMib: number;
}

async function clone({ source, destination, fromMib, toMib }: Clone) {
  const segment = {
    ...{ source: 0, destination: 1, blocks: SEGMENT_MIB * MIB_BLOCKS },
    ...{ sourceLba: fromMib * MIB_BLOCKS, destinationLba: toMib * MIB_BLOCKS },
  };
  const units = [await naaOf(source), await naaOf(destination)];
  const dataOut = Buffer.from(copyList({ units, segments: [segment] }));
  return { cdb: Uint8Array.from(extendedCopy(dataOut.length)), dataOut };
}

function writeSame(mib: number) {
  const cdb = new ByteWriter()
    .u8(0x93)
    .u8(0)
    .u64(mib * MIB_BLOCKS)
    .u32(MIB_BLOCKS)
    .zeros(2);
  return { cdb: cdb.finish(), dataOut: Buffer.alloc(BLOCK_LENGTH) };
}

function unmap(mib: number) {
  const descriptor = new ByteWriter()
    .u64(mib * MIB_BLOCKS)
    .u32(MIB_BLOCKS)
    .zeros(4)
    .finish();
  const head = new ByteWriter().u16(22).u16(16).zeros(4).finish();
  const dataOut = Buffer.concat([head, descriptor]);
  return { cdb: new ByteWriter().u8(0x42).zeros(6).u16(dataOut.length).u8(0).finish(), dataOut };
}

export const vaai: readonly Row[] = [
  {
    // The disk of the next row is the other datastore.
    name: 'ESXi: a clone in another datastore is whole through every gateway',
    run: async ({ nexuses, otherLun }) => {
      const { first, last } = nexuses;
      const mibs = [1, 2, 3, 5, 6, 7];
      for (const mib of mibs) await writeMib(first, mib);
      const copies = [
        { source: last, destination: last.at(otherLun), fromMib: 1, toMib: 2 },
        { source: last, destination: last.at(otherLun), fromMib: 5, toMib: 6 },
      ];
      for (const copy of copies) await last.must(await clone(copy));
      for (const nexus of nexuses.all) {
        const other = nexus.at(otherLun);
        await other.attentions();
        for (const mib of mibs) {
          assert.ok((await readMib(other, mib + 1)).equals(content(mib)), nexus.name);
        }
        // Never written in the source.
        assert.ok((await readMib(other, 5)).equals(Buffer.alloc(MIB)), nexus.name);
      }
    },
  },
  {
    name: 'ESXi: zeroes and deletes of one host are read by every host through every gateway',
    run: async ({ nexuses }) => {
      const { first, last } = nexuses;
      for (const mib of [1, 2, 3]) await writeMib(first, mib);
      await last.must(writeSame(1));
      await last.must(unmap(3));
      await everyoneReads(nexuses, 1, Buffer.alloc(MIB));
      await everyoneReads(nexuses, 2, content(2));
      await everyoneReads(nexuses, 3, Buffer.alloc(MIB));
    },
  },
  {
    name: 'ESXi: a clone that is aborted, and repeated through another gateway, is whole',
    run: async ({ nexuses }) => {
      const { first, firstElsewhere } = nexuses;
      for (const mib of [1, 2, 3, 4]) await writeMib(first, mib);
      const copy = (nexus: Nexus) =>
        clone({ source: nexus, destination: nexus, fromMib: 1, toMib: 9 });
      await first.abortTask(first.start(await copy(first)));
      // Written after the abort was answered: nothing of the aborted clone may follow.
      await first.must({ cdb: write16(9 * MIB_BLOCKS, MIB_BLOCKS), dataOut: content(77) });
      await everyoneReads(nexuses, 9, content(77));
      await firstElsewhere.must(await copy(firstElsewhere));
      for (const mib of [1, 2, 3, 4]) await everyoneReads(nexuses, mib + 8, content(mib));
    },
  },
];
