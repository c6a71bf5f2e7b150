// What a volume on RBD tells its user when its client instance is fenced, held or replaced: what
// may have been applied is told of only when the fence is finished, what changes nothing is done
// again.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Failure } from '../../../../src/base/failure.ts';
import { type Log, silentLog } from '../../../../src/log/log.ts';
import { InstancePool, SUCCESSOR_RETRY_MS } from '../../../../src/volume/rbd/instance-pool.ts';
import {
  HELD_CHECK_MS,
  HELD_MAX_MS,
  OPERATIONS_MAX,
  WRITE_BYTES_MAX,
} from '../../../../src/volume/rbd/operations.ts';
import {
  CLOSE_WAIT_MS,
  RbdVolume,
  REOPEN_RETRY_MS,
} from '../../../../src/volume/rbd/rbd-volume.ts';
import { fault } from '../../../../src/volume/refusal.ts';
import { DONE, type VolumeResult } from '../../../../src/volume/volume.ts';
import { FakeRbd } from '../../../support/fake-rbd.ts';
import { RecordingLog } from '../../../support/recording-log.ts';
import { settle, VirtualClock } from '../../../support/virtual-clock.ts';

const block = new Uint8Array(512);
const FENCED = fault('fenced');

async function world(
  names: readonly string[] = ['disk'],
  renew = async () => false,
  log: Log = silentLog,
) {
  const rbd = new FakeRbd();
  const clock = new VirtualClock();
  const { connect, guard, openImage } = rbd;
  const pool = new InstancePool({ connect, guard, instances: 1, clock, log });
  const volumes: RbdVolume[] = [];
  for (const name of names) {
    const open = await pool.place((instance) =>
      RbdVolume.open({
        ...{ name, spec: `pool/${name}`, instance, openImage, renew, clock, log },
        onClose() {},
      }),
    );
    volumes.push(open);
  }
  return { rbd, clock, pool, volumes, volume: volumes[0]! };
}

/** What the operations have ended with so far. */
function watch(
  ...pending: readonly (VolumeResult | Promise<VolumeResult>)[]
): (string | undefined)[] {
  const ended: (string | undefined)[] = pending.map(() => undefined);
  for (const [index, result] of pending.entries()) {
    void Promise.resolve(result).then(({ status }) => {
      ended[index] = status;
    });
  }
  return ended;
}

test('of what is in flight nothing is told before the fence is finished everywhere', async () => {
  const { rbd, volume } = await world();
  const ended = watch(volume.write(0, [block]), volume.read(0, [block]));
  const fence = watch(volume.fence());
  rbd.land(FENCED);
  await settle();
  assert.deepEqual([...ended, ...fence], [undefined, undefined, undefined]);
  rbd.endFence(true);
  await settle();
  assert.deepEqual([...ended, ...fence], ['fenced', 'busy', 'done']);
});

test('a write that never comes back ends when the fence is finished; a read does not', async () => {
  const { rbd, volumes } = await world(['self', 'neighbour']);
  const [self, neighbour] = volumes;
  const ended = watch(
    self!.write(0, [block]),
    neighbour!.compareAndWrite(0, [block], [block]),
    neighbour!.read(0, [block]),
  );
  void self!.fence();
  rbd.endFence(true);
  await settle();
  assert.deepEqual(ended, ['fenced', 'fenced', undefined]);
  const late = rbd.flights.splice(0);
  for (const flight of late) flight.land(flight.kind === 'read' ? FENCED : DONE);
  await settle();
  const [again] = rbd.flights;
  assert.equal(again?.kind, 'read');
  assert.ok(again.opening > late[2]!.opening);
  rbd.land(DONE);
  await settle();
  assert.deepEqual(ended, ['fenced', 'fenced', 'done']);
});

test('a read of the fenced client that ends late does not get the next one fenced', async () => {
  const { rbd, clock, volume } = await world();
  const read = watch(volume.read(0, [block]));
  const written = watch(volume.write(512, [block]));
  void volume.fence();
  rbd.openFails = true;
  rbd.endFence(true);
  await settle();
  assert.deepEqual(written, ['fenced']);
  // Moved to the next client, whose image does not open yet.
  rbd.flights.find(({ kind }) => kind === 'read')?.land(FENCED);
  rbd.flights.length = 0;
  await settle();
  rbd.openFails = false;
  await clock.advance(REOPEN_RETRY_MS);
  rbd.land(DONE);
  await settle();
  assert.deepEqual(read, ['done']);
  assert.equal(rbd.log.filter((line) => line.startsWith('fence')).length, 1);
});

test('a volume that is closed with a write in flight hears of its fence, and then is gone', async () => {
  const { rbd, clock, volume, pool } = await world();
  const [instance] = pool.instances;
  const ended = watch(volume.write(0, [block]), volume.read(0, [block]));
  const closed = volume.close();
  await clock.advance(CLOSE_WAIT_MS);
  await closed;
  assert.equal(instance!.users.size, 1);
  rbd.land(FENCED);
  await settle();
  assert.deepEqual(ended, [undefined, undefined], 'what may have landed is not told of');
  rbd.endFence(true);
  await settle();
  assert.deepEqual(ended, ['fenced', 'busy']);
  assert.equal(pool.instances.flatMap(({ users }) => [...users]).length, 0);
});

test('one client found blocklisted is fenced once, and what follows goes to the next', async () => {
  const { rbd, volume, pool } = await world();
  const ended = watch(volume.read(0, [block]), volume.write(512, [block]));
  rbd.land(FENCED);
  await settle();
  ended.push(...watch(volume.write(1024, [block])));
  await settle();
  assert.equal(rbd.flights.length, 0, 'nothing is submitted to a client that is being fenced');
  rbd.endFence(true);
  await settle();
  assert.deepEqual(
    rbd.flights.map(({ opening, kind, offset }) => [opening, kind, offset]),
    [
      [2, 'read', 0],
      [2, 'write', 1024],
    ],
  );
  rbd.land(DONE);
  await settle();
  assert.equal(ended[1], 'fenced');
  assert.equal(rbd.log.filter((line) => line.startsWith('fence')).length, 1);
  assert.deepEqual(
    pool.instances.map(({ addresses }) => addresses),
    ['client-2'],
  );
  const order = ['fence client-1', 'connect client-2', 'register client-2', 'barrier client-2'];
  assert.deepEqual(
    rbd.log.filter((line) => order.includes(line)),
    order,
  );
  assert.ok(rbd.log.indexOf('close 1') < rbd.log.indexOf('close client-1'));
});

test('a fence that cannot be reached leaves what may have landed unanswered', async () => {
  const { rbd, volume } = await world();
  const ended = watch(volume.write(0, [block]), volume.read(0, [block]));
  const fence = watch(volume.fence());
  rbd.land(FENCED);
  rbd.endFence(false);
  await settle();
  assert.deepEqual([...ended, ...fence], [undefined, 'fenced', 'unsupported']);
  assert.equal((await volume.write(0, [block])).status, 'fenced');
});

test('a fenced volume is of use again once it was opened again, and not before', async () => {
  const { rbd, volume } = await world();
  const fence = volume.fence();
  rbd.endFence(true);
  assert.equal((await fence).status, 'done');
  await settle();
  assert.equal((await volume.read(0, [block])).status, 'fenced');
  assert.equal((await volume.reopen()).status, 'done');
  const read = watch(volume.read(0, [block]));
  rbd.land(DONE);
  await settle();
  assert.deepEqual(read, ['done']);
});

test('no successor, or an image that does not open there, is tried again', async () => {
  const { rbd, volume, clock } = await world();
  rbd.connectFails = true;
  const ended = watch(volume.read(0, [block]));
  rbd.land(FENCED);
  await settle();
  rbd.endFence(true);
  await clock.advance(1_500);
  rbd.connectFails = false;
  rbd.openFails = true;
  await clock.advance(1_500);
  assert.equal(rbd.flights.length, 0);
  rbd.openFails = false;
  await clock.advance(1_500);
  rbd.land(DONE);
  await settle();
  assert.deepEqual(ended, ['done']);
});

test('an image that was changed before it is opened again is not served until it is mended', async () => {
  const { rbd, volume, clock } = await world();
  const ended = watch(volume.write(0, [block]));
  rbd.land(FENCED);
  await settle();
  const held = watch(volume.write(0, [block]));
  rbd.openFails = new Failure('volumeUnsuitable', 'planted: exclusive-lock');
  rbd.endFence(true);
  await settle();
  assert.deepEqual([ended, held], [['fenced'], ['unservable']]);
  assert.deepEqual(await volume.read(0, [block]), { status: 'unservable' });
  assert.match(volume.unservable ?? '', /exclusive-lock/);
  rbd.openFails = false;
  await clock.advance(REOPEN_RETRY_MS);
  assert.equal(volume.unservable, undefined);
  const again = watch(volume.write(0, [block]));
  rbd.land(DONE);
  await settle();
  assert.deepEqual(again, ['done']);
});

test('why an image does not open is told once, however long it is so', async () => {
  const log = new RecordingLog();
  const { rbd, volume, clock } = await world(['disk'], async () => false, log);
  void volume.write(0, [block]);
  rbd.land(FENCED);
  await settle();
  const told = () => log.lines.filter(({ event }) => event === 'image_not_reopened');
  rbd.openFails = new Failure('volumeBroken', 'planted: no pool');
  rbd.endFence(true);
  await clock.advance(100 * REOPEN_RETRY_MS);
  assert.equal(told().length, 1);
  rbd.openFails = new Failure('volumeUnsuitable', 'planted: exclusive-lock');
  await clock.advance(100 * REOPEN_RETRY_MS);
  assert.equal(told().length, 2);
});

test('a volume that had an operation stuck is probed there before it is used again', async () => {
  const { rbd, volume, clock } = await world();
  void volume.write(8192, [block]);
  await clock.advance(1_500);
  void volume.fence();
  rbd.endFence(true);
  await settle();
  const reopened = watch(volume.reopen());
  await settle();
  const [, probe] = rbd.flights;
  assert.deepEqual([probe?.opening, probe?.kind, probe?.offset], [2, 'read', 8192]);
  assert.deepEqual(reopened, [undefined]);
  probe!.land(DONE);
  await settle();
  assert.deepEqual(reopened, ['done']);
});

test('what is held waits, in order, and is not submitted before the release', async () => {
  const { rbd, volume, pool } = await world();
  pool.hold();
  const ended = watch(volume.write(0, [block]), volume.read(512, [block]));
  await settle();
  assert.equal(rbd.flights.length, 0);
  pool.release();
  assert.deepEqual(
    rbd.flights.map(({ offset }) => offset),
    [0, 512],
  );
  rbd.land(DONE);
  await settle();
  assert.deepEqual(ended, ['done', 'done']);
});

test('beyond its bounds an operation ends busy and is not submitted', async () => {
  const { rbd, volume } = await world();
  const large = new Uint8Array(64 * 1024 * 1024);
  const fitting = WRITE_BYTES_MAX / large.length;
  for (let i = 0; i < fitting; i++) void volume.write(0, [large]);
  assert.equal((await volume.write(0, [block])).status, 'busy');
  for (let i = fitting; i < OPERATIONS_MAX; i++) void volume.read(0, [block]);
  assert.equal((await volume.read(0, [block])).status, 'busy');
  assert.equal(rbd.flights.length, OPERATIONS_MAX);
  rbd.land(DONE);
  await settle();
  const ended = watch(volume.write(0, [block]));
  rbd.land(DONE);
  await settle();
  assert.deepEqual(ended, ['done']);
});

test('a close waits for what is in flight, but not for ever', async () => {
  const { rbd, volume, clock } = await world();
  const ended = watch(volume.write(0, [block]));
  let isClosed = false;
  void volume.close().then(() => {
    isClosed = true;
  });
  await clock.advance(CLOSE_WAIT_MS - 1);
  assert.equal(isClosed, false);
  await clock.advance(2);
  assert.equal(isClosed, true);
  assert.deepEqual(ended, [undefined], 'of its outcome nothing is known');
  rbd.land(DONE);
  await settle();
  assert.deepEqual(ended, ['done']);
  assert.equal((await volume.read(0, [block])).status, 'closed');
});

test('a volume with no change in flight is fenced by dropping what waits', async () => {
  const { rbd, pool, volume } = await world();
  const read = watch(volume.read(0, [block]));
  pool.hold();
  const held = watch(volume.write(0, [block]));
  assert.equal((await volume.fence()).status, 'done');
  assert.deepEqual([...read, ...held], [undefined, 'busy']);
  assert.equal((await volume.write(0, [block])).status, 'fenced');
  assert.equal((await volume.reopen()).status, 'done');
  pool.release();
  assert.equal(rbd.flights.length, 1, 'nothing of what waited is submitted');
  assert.equal(rbd.log.filter((line) => line.startsWith('fence')).length, 0);
});

test('what waits for a probe ends busy in time, and fences nobody', async () => {
  const { rbd, volumes, clock } = await world(['stuck', 'other']);
  const [stuck, other] = volumes;
  void stuck!.write(8192, [block]);
  void other!.write(4096, [block]);
  await clock.advance(1_500);
  void stuck!.fence();
  rbd.endFence(true);
  await settle();
  const waiting = watch(other!.write(0, [block]));
  await clock.advance(HELD_MAX_MS - HELD_CHECK_MS);
  assert.deepEqual(waiting, [undefined]);
  await clock.advance(2 * HELD_CHECK_MS);
  assert.deepEqual(waiting, ['busy']);
  const later = watch(other!.write(512, [block]));
  assert.equal((await other!.fence()).status, 'done');
  await settle();
  assert.deepEqual(later, ['busy']);
  assert.equal(rbd.log.filter((line) => line.startsWith('fence')).length, 1);
});

/** Two volumes on the next client; a probe of the first flies there, where a write was stuck. */
async function probing() {
  const { rbd, volumes, clock } = await world(['stuck', 'other']);
  const [stuck, other] = volumes;
  void stuck!.write(8192, [block]);
  await clock.advance(1_500);
  void stuck!.fence();
  rbd.endFence(true);
  await settle();
  return { rbd, clock, other, reopened: watch(stuck!.reopen()) };
}

test('a probe that is fenced is no probe: the next instance is probed as well', async () => {
  const { rbd, other, reopened } = await probing();
  void other!.write(0, [block]);
  void other!.fence();
  for (const flight of rbd.flights) if (flight.opening > 2) flight.land(FENCED);
  rbd.flights.length = 0;
  rbd.endFence(true);
  await settle();
  assert.deepEqual(reopened, [undefined]);
  const probe = rbd.flights.find(({ kind, offset }) => kind === 'read' && offset === 8192);
  assert.ok(probe !== undefined, 'probed again');
  probe.land(DONE);
  await settle();
  assert.deepEqual(reopened, ['done']);
});

test('a probe that ends well after the fence of its client is no end of the move either', async () => {
  const { rbd, clock, other, reopened } = await probing();
  const probe = rbd.flights.find(({ opening, offset }) => opening > 2 && offset === 8192);
  void other!.write(0, [block]);
  void other!.fence();
  // The next client is not there yet when the probe lands.
  rbd.connectFails = true;
  rbd.endFence(true);
  await settle();
  probe?.land(DONE);
  await settle();
  assert.deepEqual(reopened, [undefined], 'it waits for the next client');
  rbd.connectFails = false;
  await clock.advance(SUCCESSOR_RETRY_MS);
  rbd.land(DONE);
  await settle();
  assert.deepEqual(reopened, ['done']);
});

test('a volume whose client is being fenced for another is of use again afterwards', async () => {
  const { rbd, volumes } = await world(['self', 'neighbour']);
  const [self, neighbour] = volumes;
  assert.equal((await self!.fence()).status, 'done', 'with nothing in flight');
  void neighbour!.write(0, [block]);
  void neighbour!.fence();
  const reopened = watch(self!.reopen());
  await settle();
  assert.deepEqual(reopened, [undefined]);
  rbd.endFence(true);
  await settle();
  assert.deepEqual(reopened, ['done']);
});

const FORBIDDEN: VolumeResult = { status: 'writeError', errno: 1 };

test('what a client may not do is done once more when the volume has one that may', async () => {
  const answer = Promise.withResolvers<boolean>();
  let asked = 0;
  const { rbd, volume, pool } = await world(['disk'], () => {
    asked += 1;
    return answer.promise;
  });
  const ended = watch(volume.write(0, [block]), volume.read(512, [block]));
  rbd.land(FORBIDDEN);
  await settle();
  // A barrier that is passed meanwhile submits what waits, and it is refused again.
  pool.hold();
  pool.release();
  await settle();
  rbd.land(FORBIDDEN);
  await settle();
  assert.deepEqual([asked, ...ended], [1, undefined, undefined]);
  await pool.renew(pool.instances[0]!);
  answer.resolve(true);
  await settle();
  rbd.land(DONE);
  await settle();
  assert.deepEqual(ended, ['done', 'done']);
});

test('a header that its client may not read has the client renewed', async () => {
  let asked = 0;
  const { rbd, volume } = await world(['disk'], async () => {
    asked += 1;
    return false;
  });
  rbd.listener?.onForbidden();
  await settle();
  rbd.listener?.onForbidden();
  assert.equal(asked, 2);
  await volume.close();
  rbd.listener?.onForbidden();
  await settle();
  assert.equal(asked, 2);
});

test('what no client may do ends as it was refused', async () => {
  const { rbd, volume } = await world(['disk']);
  const ended = watch(volume.write(0, [block]));
  rbd.land(FORBIDDEN);
  await settle();
  assert.deepEqual(ended, ['writeError']);
  assert.equal(rbd.flights.length, 0);
});

test('a refusal that stays although it should not is told, and asked about once', async () => {
  let asked = 0;
  const { rbd, volume } = await world(['disk'], async () => {
    asked += 1;
    return true;
  });
  const ended = watch(volume.write(0, [block]));
  for (let attempt = 0; attempt < 2; attempt++) {
    rbd.land(FORBIDDEN);
    await settle();
  }
  assert.deepEqual([asked, ...ended], [1, 'writeError']);
});

test('a fence of the volume drops what waits for a client that may', async () => {
  const { rbd, volume } = await world(['disk'], () => new Promise(() => undefined));
  const ended = watch(volume.write(0, [block]));
  rbd.land(FORBIDDEN);
  await settle();
  assert.equal((await volume.fence()).status, 'done');
  await settle();
  assert.deepEqual(ended, ['busy']);
});
