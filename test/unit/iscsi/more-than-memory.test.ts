// Proves with an initiator as QEMU's is, which puts data of older commands between new ones, that
// more writes than there is memory for are all done: none that waits keeps others from running.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  SESSION_DATA_BYTES_MAX,
  SESSION_OWN_DATA_BYTES,
  SLAB_BYTES,
} from '../../../src/iscsi/limits.ts';
import type { MemoryStream } from '../../support/iscsi-peer.ts';
import {
  dataOutPdu,
  FINAL,
  FIRST_CMD_SN,
  IscsiWorld,
  scsiCommand,
  WRITE,
} from '../../support/iscsi-world.ts';
import { settle } from '../../support/virtual-clock.ts';

const MIB = 2 ** 20;
const SESSION_BYTES_MAX = SESSION_OWN_DATA_BYTES + SESSION_DATA_BYTES_MAX + 2 * SLAB_BYTES;

/** Puts the Data-Outs of each command into their order, where they are in a batch. */
function sortByDataSn(batch: Buffer[]): void {
  const dataOuts = batch.filter((each) => each[0] === 0x05);
  const key = (each: Buffer): number => each.readUInt32BE(20) * 4 + each.readUInt32BE(36);
  dataOuts.sort((a, b) => key(a) - key(b));
  for (const [i, each] of batch.entries()) if (each[0] === 0x05) batch[i] = dataOuts.shift()!;
}

async function r2tsOf(stream: MemoryStream): Promise<Buffer[]> {
  await settle();
  return stream.take().filter((each) => each[0] === 0x31);
}

test('an initiator with more writes than there is memory gets all of them done', async () => {
  const world = new IscsiWorld();
  const stream = await world.logIn([
    'InitialR2T=No',
    'FirstBurstLength=262144',
    'MaxBurstLength=1048576',
  ]);
  const { nexus } = world;
  nexus.onSubmit = (task) => {
    task.transferLength = task.dataOutExpected;
    task.requestDataOut(task.dataOutExpected);
  };
  const first = Buffer.alloc(262_144);
  const { window } = world.server.sessions[0]!;
  const writes = 400;
  let sent = 0;
  let ended = 0;
  for (let idle = 0; ended < writes && idle < 3; idle++) {
    const batch: Buffer[] = [];
    while (sent < writes && FIRST_CMD_SN + sent <= window.maxCmdSn) {
      batch.push(scsiCommand(FIRST_CMD_SN + sent, sent, WRITE | FINAL, MIB, first));
      sent++;
    }
    // As QEMU's initiator does: data of older commands between new ones.
    for (const r2t of await r2tsOf(stream)) {
      const tag = r2t.readUInt32BE(16);
      for (let at = 0, sn = 0; at < 3 * 262_144; at += 262_144, sn++) {
        const offset = r2t.readUInt32BE(40) + at;
        const piece = dataOutPdu(tag, r2t.readUInt32BE(20), sn, offset, first, sn === 2);
        batch.splice((7 * sn + tag) % (batch.length + 1), 0, piece);
      }
    }
    sortByDataSn(batch);
    if (batch.length > 0) stream.feed(Buffer.concat(batch));
    await settle();
    await world.clock.advance(0);
    for (const task of nexus.arrived.splice(0)) {
      task.end(0, 0, undefined);
      ended++;
      idle = 0;
    }
    assert.ok(world.pool.held * SLAB_BYTES <= SESSION_BYTES_MAX + window.size * 262_144);
  }
  assert.equal(ended, writes);
  assert.equal(stream.destroyed, false);
});
