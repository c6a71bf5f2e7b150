// Proves that the reserve is made, given back slice by slice, and made again; and that a process
// that only reads leaves nothing behind. test/fault/full-file-system.test.ts proves what it is for.

import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '../../../../src/host/system-clock.ts';
import { systemRandom } from '../../../../src/host/system-random.ts';
import { silentLog } from '../../../../src/log/log.ts';
import { openLocalRecords } from '../../../../src/records/local/open-local-records.ts';
import { Reserve, withRoom } from '../../../../src/records/local/reserve.ts';
import {
  ReserveKeeper,
  SLICE_LENGTH_BYTES,
  SLICES_MAX,
} from '../../../../src/records/local/reserve-keeper.ts';

async function inFolder(body: (directory: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'allpath-reserve-'));
  try {
    await body(directory);
  } finally {
    await rm(directory, { recursive: true });
  }
}

const noSpace = () => Object.assign(new Error('full'), { code: 'ENOSPC' });

test('a reserve takes up its room, and two keepers make one', () =>
  inFolder(async (directory) => {
    const reserve = new Reserve(directory);
    const keepers = [1, 2].map(() => new ReserveKeeper(reserve, systemClock, systemRandom));
    await Promise.all(keepers.map((keeper) => keeper.fill()));
    const slices = await readdir(reserve.folder);
    assert.equal(slices.length, SLICES_MAX);
    for (const slice of slices) {
      const { blocks } = await stat(join(reserve.folder, slice));
      assert.ok(blocks * 512 >= SLICE_LENGTH_BYTES, 'its blocks are its own');
    }
    assert.ok(reserve.release());
    assert.equal((await readdir(reserve.folder)).length, SLICES_MAX - 1);
    await keepers[0]!.fill();
    assert.equal((await readdir(reserve.folder)).length, SLICES_MAX);
    await Promise.all(keepers.map((keeper) => keeper.close()));
  }));

test('work that finds no room is done again with a slice less each time, and ends without any', () =>
  inFolder(async (directory) => {
    const reserve = new Reserve(directory);
    assert.equal(reserve.release(), false, 'there is none yet');
    await assert.rejects(
      withRoom(reserve, () => Promise.reject(noSpace())),
      /full/,
    );
    await new ReserveKeeper(reserve, systemClock, systemRandom).fill();
    let attempts = 0;
    const third = async () => {
      attempts++;
      if (attempts < 3) throw noSpace();
      return 'done';
    };
    assert.equal(await withRoom(reserve, third), 'done');
    assert.equal((await readdir(reserve.folder)).length, SLICES_MAX - 2);
    const other = Object.assign(new Error('denied'), { code: 'EACCES' });
    await assert.rejects(
      withRoom(reserve, () => Promise.reject(other)),
      /denied/,
    );
    assert.equal((await readdir(reserve.folder)).length, SLICES_MAX - 2);
    await assert.rejects(
      withRoom(reserve, () => Promise.reject(noSpace())),
      /full/,
    );
    assert.equal((await readdir(reserve.folder)).length, 0);
  }));

test('a reader sees the records and calls the members, and shows itself to nobody', () =>
  inFolder(async (directory) => {
    const environment = { directory, clock: systemClock, random: systemRandom, log: silentLog };
    const reader = () => openLocalRecords({ ...environment, memberName: 'r', isReader: true });
    await assert.rejects(reader, { code: 'recordsUnavailable' });
    assert.deepEqual(await readdir(directory), [], 'it makes no store');
    const member = await openLocalRecords({ ...environment, memberName: 'm' });
    try {
      await member.compareAndSet('key', 0, Uint8Array.of(1));
      await member.watch('channel', { onNotify: (message) => message, onLost() {} });
      const before = await readdir(join(directory, 'run'));
      const records = await reader();
      assert.deepEqual((await records.get('key'))?.value, Uint8Array.of(1));
      const { answers } = await records.notify('channel', Uint8Array.of(7), 10_000);
      assert.deepEqual(
        answers.map(({ from, payload }) => [from.name, ...payload]),
        [['m', 7]],
      );
      assert.deepEqual(await records.processes.living(), [member.self]);
      assert.deepEqual(await readdir(join(directory, 'run')), before);
      await assert.rejects(records.compareAndSet('key', 1, Uint8Array.of(2)), /only reads/);
      await records.close();
      assert.deepEqual((await member.get('key'))?.value, Uint8Array.of(1));
    } finally {
      await member.close();
    }
  }));
