// Proves data-out in every combination of immediate, unsolicited and solicited data, data-in in
// bursts and segments, digests, and residuals; the initiator checks each number of each PDU.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { inquiry, read16, write16 } from '../../initiator/cdb.ts';
import { Demo } from '../../support/demo.ts';
import { SeededRandom } from '../../support/seeded-random.ts';
import { loggedIn } from './logged-in.ts';

let demo: Demo;
before(async () => {
  demo = await Demo.start();
});
after(async () => {
  await demo.stop();
});

const random = new SeededRandom(7143);
const BLOCK = 512;
const LENGTHS = [BLOCK, 3 * BLOCK, 8192, 9 * BLOCK * 3, 65536, 65536 + BLOCK, 1 << 20];

for (const initialR2t of ['Yes', 'No']) {
  for (const immediateData of ['Yes', 'No']) {
    for (const digest of ['None', 'CRC32C']) {
      const name = `InitialR2T=${initialR2t} ImmediateData=${immediateData} digests ${digest}`;
      test(`what is written is read: ${name}`, async () => {
        const session = await loggedIn(demo, {
          keys: {
            InitialR2T: initialR2t,
            ImmediateData: immediateData,
            HeaderDigest: digest,
            DataDigest: digest,
            FirstBurstLength: '16384',
            MaxBurstLength: '32768',
            MaxRecvDataSegmentLength: '4096',
            MaxOutstandingR2T: '4',
          },
        });
        assert.equal(session.parameters.headerDigest, digest === 'CRC32C');
        for (const length of LENGTHS) {
          const dataOut = random.bytes(length);
          const written = await session.execute({ cdb: write16(8, length / BLOCK), dataOut });
          assert.deepEqual([written.status, written.residual], [0, 0]);
          const cdb = read16(8, length / BLOCK);
          const read = await session.execute({ cdb, dataInLength: length });
          assert.ok(read.status === 0 && read.dataIn.equals(dataOut), `${length} bytes`);
        }
        assert.equal(await session.logout(), 0);
      });
    }
  }
}

test('odd segments: less immediate and unsolicited data than allowed, small Data-Outs', async () => {
  const session = await loggedIn(demo, { keys: { InitialR2T: 'No' } });
  assert.equal(session.parameters.initialR2t, false);
  const dataOut = random.bytes(131072);
  for (const segmentLength of [512, 1000, 4095]) {
    const written = await session.execute({
      cdb: write16(0, 256),
      dataOut,
      immediateLength: segmentLength,
      unsolicitedLength: 65536 - segmentLength,
      segmentLength,
    });
    assert.equal(written.status, 0);
    const read = await session.execute({ cdb: read16(0, 256), dataInLength: dataOut.length });
    assert.ok(read.dataIn.equals(dataOut));
  }
  await session.logout();
});

test('several R2Ts are outstanding, at most MaxOutstandingR2T', async () => {
  const keys = { MaxOutstandingR2T: '4', MaxBurstLength: '4096', InitialR2T: 'Yes' };
  const session = await loggedIn(demo, { keys: { ...keys, ImmediateData: 'No' } });
  let seen = 0;
  const held = session.start({
    cdb: write16(0, 256),
    dataOut: random.bytes(131072),
    // Leaving them unanswered shows how many the target sends at once.
    onR2t: () => {
      seen += 1;
      return false;
    },
  });
  for (let turns = 0; turns < 3; turns++) await session.nop();
  assert.ok(seen >= 1 && seen <= session.parameters.maxOutstandingR2t, `${seen} R2Ts`);
  assert.equal(seen, session.parameters.maxOutstandingR2t);
  const { response } = await session.manage({ function: 1, of: held });
  assert.equal(response, 0);
  session.abandon(held);
  await session.logout();
});

test('many commands at once through one session', async () => {
  const session = await loggedIn(demo);
  const writes = Array.from({ length: 300 }, (_, index) => ({
    lba: index * 16,
    dataOut: random.bytes(8192),
  }));
  const statuses = await Promise.all(
    writes.map(({ lba, dataOut }) => session.execute({ cdb: write16(lba, 16), dataOut })),
  );
  assert.ok(statuses.every(({ status }) => status === 0));
  const reads = await Promise.all(
    writes.map(({ lba }) => session.execute({ cdb: read16(lba, 16), dataInLength: 8192 })),
  );
  assert.ok(reads.every(({ dataIn }, index) => dataIn.equals(writes[index]!.dataOut)));
  await session.logout();
});

test('residuals: underflow and overflow of data-in', async () => {
  const session = await loggedIn(demo);
  const under = await session.execute({ cdb: read16(0, 2), dataInLength: 4096 });
  assert.deepEqual([under.status, under.residual, under.dataIn.length], [0, -3072, 1024]);
  const over = await session.execute({ cdb: read16(0, 8), dataInLength: 1024 });
  assert.equal(over.residual, 3072);
  const page = await session.execute({ cdb: inquiry(255), dataInLength: 255 });
  assert.equal(page.dataIn.length, 255 + page.residual);
  const none = await session.execute({ cdb: read16(0, 0), dataInLength: 512 });
  assert.deepEqual([none.status, none.residual, none.dataIn.length], [0, -512, 0]);
  await session.logout();
});

test('residuals: underflow and overflow of data-out', async () => {
  const session = await loggedIn(demo);
  const dataOut = random.bytes(4096);
  const under = await session.execute({ cdb: write16(0, 2), dataOut });
  assert.deepEqual([under.status, under.residual], [0, -3072]);
  const read = await session.execute({ cdb: read16(0, 2), dataInLength: 1024 });
  assert.ok(read.dataIn.equals(dataOut.subarray(0, 1024)));
  const over = await session.execute({ cdb: write16(0, 8), dataOut: dataOut.subarray(0, 1024) });
  assert.equal(over.residual, 3072);
  const unexpected = await session.execute({ cdb: write16(0, 8) });
  assert.equal(unexpected.residual, 4096);
  await session.logout();
});
