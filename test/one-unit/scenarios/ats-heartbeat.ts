// Heartbeats of ESXi: a host proves that it lives by COMPARE AND WRITE of a block of its own, of
// the image that it wrote last and the next one, and takes a lock in the same way
// (cormachogan.com/2015/04/17/heads-up-ats-miscompare-detected-between-test-and-set-hb-images). One
// that takes 8 s is aborted and repeated, maybe through another path. If the first one was carried
// out after all, the repetition finds the host's own new image: a false miscompare, and the host
// loses the datastore (knowledge.broadcom.com, article 326437). So a command must either have told
// its true status before its abort is answered, or have changed nothing. Four refused aborts end a
// session of ESXi 6.7 (github.com/spdk/spdk, issue 2001).

import assert from 'node:assert/strict';
import { compareAndWrite, read16 } from '../../initiator/cdb.ts';
import { senseCode } from '../commands.ts';
import type { Nexus } from '../nexus.ts';
import type { Nexuses } from '../nexuses.ts';
import type { Row } from '../row.ts';

const BLOCK_LENGTH = 512;
const HEARTBEAT_LBA = 24;
const ROUNDS = 16;
const CHECK_CONDITION = 0x02;
const MISCOMPARE = '1d00';

function image(of: string, beat: number): Buffer {
  return Buffer.alloc(BLOCK_LENGTH, `${of} ${beat} `);
}

/** The host's previous block, and the next one. */
function testAndSet(before: Buffer, after: Buffer) {
  return { cdb: compareAndWrite(HEARTBEAT_LBA, 1), dataOut: Buffer.concat([before, after]) };
}

function beat(number: number) {
  return testAndSet(image('a', number - 1), image('a', number));
}

async function block(nexus: Nexus): Promise<Buffer> {
  const request = { cdb: read16(HEARTBEAT_LBA, 1), dataInLength: BLOCK_LENGTH };
  return await nexus.must(request);
}

async function startHeartbeat(nexus: Nexus): Promise<void> {
  await nexus.must(testAndSet(Buffer.alloc(BLOCK_LENGTH), image('a', 0)));
}

/** The paths of host a, in turn. */
function path(nexuses: Nexuses, round: number): Nexus {
  const paths = nexuses.of('a');
  return paths[round % paths.length]!;
}

export const atsHeartbeat: readonly Row[] = [
  {
    name: 'ESXi: a heartbeat that waits for data is aborted, and repeated through another gateway',
    run: async ({ nexuses: { first, firstElsewhere } }) => {
      await startHeartbeat(first);
      const aborted = await first.startWithoutData(beat(1));
      assert.equal(await first.abortTask(aborted), undefined);
      await firstElsewhere.must(beat(1));
    },
  },
  {
    name: 'ESXi: a heartbeat that races its abort tells its true status, or has changed nothing',
    run: async ({ nexuses }) => {
      await startHeartbeat(nexuses.first);
      for (let number = 1; number <= ROUNDS; number++) {
        const nexus = path(nexuses, number);
        const status = await nexus.abortTask(nexus.start(beat(number)));
        const other = path(nexuses, number + 1);
        if (status === undefined) await other.must(beat(number));
        else assert.equal(status, 0);
        for (const each of nexuses.all) assert.deepEqual(await block(each), image('a', number));
      }
    },
  },
  {
    name: 'ESXi: a heartbeat whose path is lost is carried out once, or by its repetition',
    run: async ({ nexuses }) => {
      await startHeartbeat(nexuses.first);
      for (let number = 1; number <= ROUNDS; number++) {
        const nexus = path(nexuses, number);
        nexus.start(beat(number));
        // Sent before the connection ends.
        await new Promise(setImmediate);
        nexus.cut();
        const { status, sense } = await path(nexuses, number + 1).execute(beat(number));
        if (status !== 0) {
          assert.equal(status, CHECK_CONDITION);
          assert.equal(senseCode(sense), MISCOMPARE);
        }
        for (const each of nexuses.connected) {
          assert.deepEqual(await block(each), image('a', number), each.name);
        }
        await nexus.logInAgain();
      }
    },
  },
  {
    name: 'ESXi: of the hosts that take a free lock through all gateways at once, one has it',
    run: async ({ nexuses: { all } }) => {
      let before: Buffer = Buffer.alloc(BLOCK_LENGTH);
      for (let round = 1; round <= ROUNDS; round++) {
        const images = all.map(({ name }) => image(name, round));
        const results = await Promise.all(
          all.map((nexus, at) => nexus.execute(testAndSet(before, images[at]!))),
        );
        const winners = images.filter((_, at) => results[at]!.status === 0);
        assert.equal(winners.length, 1);
        for (const { status, sense } of results) {
          if (status !== 0) assert.equal(senseCode(sense), MISCOMPARE);
        }
        for (const nexus of all) assert.deepEqual(await block(nexus), winners[0], nexus.name);
        before = winners[0]!;
      }
    },
  },
];
