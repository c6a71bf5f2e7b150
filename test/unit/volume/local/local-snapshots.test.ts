// Snapshots of the embedded store on any file system, with files copied in place of shared ones:
// when writes are held, and what an interrupted or refused command leaves.

import assert from 'node:assert/strict';
import { copyFile, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Failure } from '../../../../src/base/failure.ts';
import { systemClock } from '../../../../src/host/system-clock.ts';
import { systemRandom } from '../../../../src/host/system-random.ts';
import { LocalSnapshots } from '../../../../src/volume/local/local-snapshots.ts';
import { openLocalVolumeStore } from '../../../../src/volume/local/local-store.ts';
import { LockFile } from '../../../../src/volume/local/lock-file.ts';

const MIB = 2 ** 20;

async function world(context: TestContext, share = copyFile as (a: string, b: string) => unknown) {
  const folder = await mkdtemp(join(tmpdir(), 'allpath-snapshots-'));
  const options = { directory: folder, clock: systemClock, random: systemRandom };
  const store = await openLocalVolumeStore(options);
  context.after(async () => {
    await store.close();
    await rm(folder, { recursive: true });
  });
  await store.create('disk', MIB);
  let isHeld = false;
  const snapshots = new LocalSnapshots({
    folder,
    holdWrites: async (_, action) => {
      isHeld = true;
      await action();
      isHeld = false;
    },
    make: (_, action) => action(),
    syncFolder: async () => {},
    share: async (from, to) => {
      await share(from, to);
    },
  });
  return { folder, store, snapshots, isHeld: () => isHeld };
}

test('blocks are shared while writes are held, and not after that', async (context) => {
  const held: boolean[] = [];
  const { snapshots, isHeld } = await world(context, async (from, to) => {
    held.push(isHeld());
    await copyFile(from, to);
  });
  await snapshots.create('disk', 'a');
  await snapshots.clone({ volume: 'disk' }, 'clone', { uuid: 'u', wwn: 'w', serial: 's' });
  assert.deepEqual(held, [true, true]);
  assert.equal(isHeld(), false);
});

test('a snapshot waits for a write that another process has under way', async (context) => {
  const { folder, store } = await world(context);
  const lockFile = new LockFile(join(folder, 'disk.lock'));
  assert.ok(lockFile.tryShared(0, 512));
  let isOver = false;
  const making = store.snapshots.create('disk', 'a').then(
    () => {
      isOver = true;
    },
    (error: Failure) => {
      isOver = true;
      assert.equal(error.code, 'snapshotUnsupported');
    },
  );
  // The snapshot says that it waits by an intention.
  while (!lockFile.isAnyIntended()) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(isOver, false);
  lockFile.close();
  await making;
});

test('the bytes beyond the size of a volume are not in its snapshot', async (context) => {
  const { folder, snapshots } = await world(context);
  await writeFile(join(folder, 'disk.image'), Buffer.alloc(MIB + 4096, 1));
  await snapshots.create('disk', 'a');
  assert.equal((await stat(join(folder, 'disk@a.snapshot'))).size, MIB);
});

test('what an interrupted command left is listed, counted and deleted', async (context) => {
  const { folder, store, snapshots } = await world(context);
  await writeFile(join(folder, 'disk@a.snapshot.123.new'), '');
  const [left] = await snapshots.list('disk');
  assert.deepEqual([left?.name, left?.isIncomplete], ['a', true]);
  assert.equal((await store.list())[0]?.snapshots, 1);
  await assert.rejects(store.delete('disk'), { code: 'volumeInUse' });
  await snapshots.create('disk', 'a');
  await snapshots.delete('disk', 'a');
  assert.deepEqual(await snapshots.list('disk'), []);
  await store.delete('disk');
});

test('a command that fails leaves nothing', async (context) => {
  const { folder, snapshots } = await world(context, async (_, to) => {
    await writeFile(to, 'half');
    throw new Failure('volumeUnwritable', 'full');
  });
  const before = (await readdir(folder)).sort();
  await assert.rejects(snapshots.create('disk', 'a'), { code: 'volumeUnwritable' });
  const disk = { uuid: 'u', wwn: 'w', serial: 's' };
  await assert.rejects(snapshots.clone({ volume: 'disk' }, 'b', disk), {
    code: 'volumeUnwritable',
  });
  assert.deepEqual((await readdir(folder)).sort(), before);
});

test('names that would leave the folder, and the volume of another disk, are refused', async (context) => {
  const { store, snapshots } = await world(context);
  for (const name of ['', '../a', 'a/b', '.a', 'a@b', 'a'.repeat(64)]) {
    await assert.rejects(snapshots.create('disk', name), { code: 'volumeBadName' });
  }
  await store.assign('disk', { uuid: 'one', wwn: 'w', serial: 's' });
  const known = { uuid: 'two' };
  await assert.rejects(snapshots.create('disk', 'a', known), { code: 'volumeOfOtherDisk' });
  await assert.rejects(snapshots.list('disk', known), { code: 'volumeOfOtherDisk' });
  await assert.rejects(snapshots.delete('disk', 'a', known), { code: 'volumeOfOtherDisk' });
});
