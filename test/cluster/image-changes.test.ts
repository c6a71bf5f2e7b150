// What others do to an image while gateways serve it: a feature or a role that it may not have ends
// every operation on every gateway, through librbd and past it, until it is taken back; and no
// gateway acts on a new header while another may still write by the old one.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { createPool } from '../../lab/ceph/throwaway-pools.ts';
import { RbdImage } from '../../src/ceph/rbd-image.ts';
import {
  GATEWAY_ANSWER,
  type HeaderMessage,
  headerMessage,
  QUIESCE_REFUSAL,
} from '../../src/volume/rbd/header-messages.ts';
import { headerObject } from '../../src/volume/rbd/image-settings.ts';
import type { Volume, VolumeResult } from '../../src/volume/volume.ts';
import { bytes, content } from '../contract/volume-bytes.ts';
import { cephOfFile } from '../support/ceph.ts';
import { RbdWorld } from '../support/rbd-world.ts';
import { waitFor } from '../support/wait-for.ts';

const MIB = 2 ** 20;
const OBJECT = 4 * MIB;
const BLOCK = 512;
/** What does not wait for a stopped gateway is done within this time. */
const STOPPED_MS = 500;
const ACTS_MAX = 8;
const NO_ANSWER: Uint8Array = new Uint8Array();
const ceph = await cephOfFile({ backend: 'memstore' });
await createPool(ceph, 'rbd');

/** The same image, open by two gateways. */
async function twice(
  name: string,
  body: (volumes: readonly [Volume, Volume], world: RbdWorld) => Promise<void>,
): Promise<void> {
  const world = new RbdWorld(ceph.conf);
  try {
    const stores = [world.open({ pool: 'rbd' }), world.open({ pool: 'rbd' })] as const;
    await stores[0].create(name, 4 * OBJECT);
    await body([await stores[0].open(name), await stores[1].open(name)], world);
  } finally {
    await world.dispose();
  }
}

/** Everything that a volume does, and what each comes to. */
async function everything(volume: Volume): Promise<readonly string[]> {
  const block = bytes(BLOCK, 7);
  const results: VolumeResult[] = [
    await volume.read(0, [bytes(BLOCK, 0)]),
    await volume.write(0, [block]),
    await volume.compareAndWrite(0, [block], [block]),
    await volume.writeSame(0, 2 * BLOCK, block),
    await volume.unmap(BLOCK, BLOCK),
    await volume.writeZeroes(BLOCK, BLOCK),
    await volume.flush(),
  ];
  const { result } = await volume.allocation(0, BLOCK, 1);
  return [...results, result].map(({ status }) => status);
}

const refused = Array(8).fill('unservable');
const served = Array(8).fill('done');

/** The first block of each object but the last, as a client sees them that holds the lock. */
async function seenByLockHolder(world: RbdWorld, name: string): Promise<readonly number[]> {
  const client = await world.connect();
  const pool = await client.openPool('rbd');
  const image = await RbdImage.open(pool, name);
  try {
    // A write takes the lock, and with it the object map.
    assert.equal(await image.write(3 * OBJECT, [bytes(BLOCK, 1)]), 0);
    const blocks = [0, 1, 2].map(async (object) => {
      const block = bytes(BLOCK, 0);
      assert.equal(await image.read(object * OBJECT, [block]), BLOCK);
      return block[0]!;
    });
    return await Promise.all(blocks);
  } finally {
    await image.close();
    pool.close();
    await client.close();
  }
}

test('whatever was answered is seen by a client with an object map', () =>
  twice('mapped', async (volumes, world) => {
    const answers = async () => {
      const exchange = async (volume: Volume, object: number) =>
        await volume.compareAndWrite(object * OBJECT, [bytes(BLOCK, 0)], [bytes(BLOCK, 9)]);
      return [await exchange(volumes[0], 0), await exchange(volumes[1], 1)].map(
        ({ status }) => status,
      );
    };
    await ceph.rbd('feature', 'enable', 'rbd/mapped', 'exclusive-lock', 'object-map');
    await ceph.rbd('object-map', 'rebuild', 'rbd/mapped');
    const before = await answers();
    const expected = before.map((status) => (status === 'done' ? 9 : 0));
    assert.deepEqual(await seenByLockHolder(world, 'mapped'), [...expected, 0]);
    assert.deepEqual(before, ['unservable', 'unservable']);
    for (const volume of volumes) {
      assert.deepEqual(await everything(volume), refused);
      assert.match(volume.unservable ?? '', /rbd feature disable/);
    }
    await ceph.rbd('feature', 'disable', 'rbd/mapped', 'object-map', 'exclusive-lock');
    assert.deepEqual(await answers(), ['done', 'done']);
    for (const volume of volumes) {
      assert.equal(volume.unservable, undefined);
      assert.deepEqual(await content(volume, OBJECT, BLOCK), bytes(BLOCK, 9));
    }
  }));

test('a demoted image takes nothing, and all again when it is promoted', () =>
  twice('mirrored', async (volumes) => {
    await ceph.rbd('mirror', 'pool', 'enable', 'rbd', 'image');
    await ceph.rbd('mirror', 'image', 'enable', 'rbd/mirrored', 'snapshot');
    for (const volume of volumes) assert.deepEqual(await everything(volume), served);
    await ceph.rbd('mirror', 'image', 'demote', 'rbd/mirrored');
    for (const volume of volumes) {
      assert.deepEqual(await everything(volume), refused);
      assert.match(volume.unservable ?? '', /rbd mirror image promote rbd\/mirrored/);
    }
    await ceph.rbd('mirror', 'image', 'promote', 'rbd/mirrored');
    for (const volume of volumes) {
      await waitFor('it is served again', () => volume.unservable === undefined);
      assert.deepEqual(await everything(volume), served);
    }
  }));

/** A gateway of the image that may be stopped: it then answers nothing until it goes on. */
async function otherGateway(world: RbdWorld, name: string, toQuiesce = NO_ANSWER) {
  const client = await world.connect();
  const pool = await client.openPool('rbd');
  const image = await RbdImage.open(pool, name, { readOnly: true });
  const object = headerObject(image.info.id);
  await image.close();
  let unanswered: (() => void)[] | undefined;
  const heard: HeaderMessage['kind'][] = [];
  const watch = await pool.watch(object, {
    onNotify: (id, bytes) => {
      const message = headerMessage(bytes);
      heard.push(message.kind);
      const isGateways = message.kind === 'update' && message.goesBy !== undefined;
      const toOthers = message.kind === 'quiesce' ? toQuiesce : NO_ANSWER;
      const answer = () => watch.ack(id, isGateways ? GATEWAY_ANSWER : toOthers);
      if (unanswered === undefined) answer();
      else unanswered.push(answer);
    },
    onError: () => {},
  });
  return {
    heard,
    stop: () => {
      unanswered = [];
      heard.length = 0;
    },
    goOn: () => {
      for (const answer of unanswered ?? []) answer();
      unanswered = undefined;
    },
    close: async () => {
      await watch.close();
      pool.close();
      await client.close();
    },
  };
}

/**
 * What a change does while another gateway is stopped: of what `act` does, one after the other, one
 * waits until the other gateway goes on. Resolves with its number.
 */
async function waits(
  image: string,
  message: HeaderMessage['kind'],
  change: readonly string[],
  act: (volume: Volume, number: number) => Promise<VolumeResult> | VolumeResult,
): Promise<number> {
  const world = new RbdWorld(ceph.conf);
  const other = await otherGateway(world, image);
  try {
    const volume = await world.open({ pool: 'rbd' }).open(image);
    other.stop();
    const changed = ceph.rbd(...change);
    await waitFor('the change is told', () => other.heard.includes(message));
    // The gateway learns of it later, and until then it does what it is asked to do.
    for (let number = 0; number < ACTS_MAX; number++) {
      let status: string | undefined;
      const acted = Promise.resolve(act(volume, number)).then((result) => {
        status = result.status;
      });
      await delay(STOPPED_MS);
      if (status !== undefined) {
        assert.equal(status, 'done');
        continue;
      }
      other.goOn();
      await Promise.all([acted, changed]);
      assert.equal(status, 'done');
      return number;
    }
    return assert.fail('nothing waited for the gateway that is stopped');
  } finally {
    other.goOn();
    await other.close();
    await world.dispose();
  }
}

test('nothing is unmapped without the parent before every gateway knows that it is gone', async () => {
  await ceph.rbd('create', 'rbd/parent', '--size', '8M', '--image-feature', 'layering');
  await ceph.rbd('snap', 'create', 'rbd/parent@s');
  await ceph.rbd('snap', 'protect', 'rbd/parent@s');
  await ceph.rbd('clone', 'rbd/parent@s', 'rbd/child', '--image-feature', 'layering');
  await waits('child', 'update', ['flatten', 'rbd/child'], (volume) => volume.unmap(0, OBJECT));
});

test('a write that begins in a quiesce waits, and is not in the snapshot', async () => {
  await ceph.rbd('create', 'rbd/quiet', '--size', '8M', '--image-feature', 'layering');
  const one = [bytes(BLOCK, 1)];
  for (const [snapshot, act] of [
    ['s', (volume: Volume, at: number) => volume.write(at, one)],
    ['t', (volume: Volume, at: number) => volume.compareAndWrite(at, [bytes(BLOCK, 0)], one)],
  ] as const) {
    const from = snapshot === 's' ? 0 : OBJECT;
    const create = ['snap', 'create', `rbd/quiet@${snapshot}`];
    const late = await waits('quiet', 'quiesce', create, (volume, number) =>
      act(volume, from + number * BLOCK),
    );
    const file = join(dirname(ceph.conf), `quiet.${snapshot}`);
    await ceph.rbd('export', `rbd/quiet@${snapshot}`, file);
    const exported = await readFile(file);
    for (let number = 0; number <= late; number++) {
      assert.equal(exported[from + number * BLOCK], number < late ? 1 : 0);
    }
  }
});

test('a snapshot that a gateway refuses is not made', async () => {
  const world = new RbdWorld(ceph.conf);
  await ceph.rbd('create', 'rbd/refused', '--size', '8M', '--image-feature', 'layering');
  const other = await otherGateway(world, 'refused', QUIESCE_REFUSAL);
  try {
    await assert.rejects(ceph.rbd('snap', 'create', 'rbd/refused@s'), /ended with 16/);
    assert.equal(await ceph.rbd('snap', 'ls', 'rbd/refused'), '');
    await ceph.rbd('snap', 'create', 'rbd/refused@s', '--skip-quiesce');
  } finally {
    await other.close();
    await world.dispose();
  }
});

test('a write that a snapshot lacks is answered when every gateway knows the snapshot', async () => {
  await ceph.rbd('create', 'rbd/sudden', '--size', '8M', '--image-feature', 'layering');
  const create = ['snap', 'create', 'rbd/sudden@s', '--skip-quiesce'];
  await waits('sudden', 'update', create, (volume) => volume.write(0, [bytes(BLOCK, 1)]));
});
