// A submission goes through librbd on the event loop's thread (rbd_non_blocking_aio=false) and
// waits for nothing there. Were it to wait for the stopped OSD, this file would hang: only the
// thread that submits lets the OSD go on. Nor do hanging opens keep a barrier from being passed, or
// a conf file's time-outs end what may still be done.

import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { createImage, createPool } from '../../lab/ceph/throwaway-pools.ts';
import { BLOCKING_CALLS_MAX } from '../../src/ceph/call-gate.ts';
import { EAGAIN } from '../../src/ceph/errno.ts';
import { RadosClient } from '../../src/ceph/rados-client.ts';
import { IMAGE_OPERATIONS_MAX, RbdImage } from '../../src/ceph/rbd-image.ts';
import { cephOfFile } from '../support/ceph.ts';

const KIB = 1024;
const TIMEOUT_S = 1;
const sizeBytes = 64 * KIB ** 2;
const ceph = await cephOfFile({ backend: 'memstore' });
await createPool(ceph, 'rbd');
await createImage(ceph, { pool: 'rbd', name: 'one', sizeBytes });
const osd = ceph.osds[0] ?? assert.fail('there is an OSD');
const client = await RadosClient.connect({
  conf: ceph.conf,
  user: 'admin',
  keyring: ceph.keyring(),
});
const pool = await client.openPool('rbd');
const image = await RbdImage.open(pool, 'one');
test.after(async () => {
  pool.close();
  await client.close();
});

test('while an OSD is stopped, as many operations as may fly are submitted at once', async () => {
  assert.equal(await image.write(0, [new Uint8Array(4 * KIB)]), 0);
  await osd.pause();
  const ended: Promise<number>[] = [];
  for (let i = 0; i < IMAGE_OPERATIONS_MAX; i++) {
    const offset = (i * 32 * KIB) % sizeBytes;
    const bytes = new Uint8Array(32 * KIB);
    ended.push(i % 2 === 0 ? image.write(offset, [bytes]) : image.read(offset, [bytes]));
  }
  // Refused here, and by then all others went down.
  assert.equal(await image.read(0, [new Uint8Array(512)]), EAGAIN);
  assert.equal(image.inFlight, IMAGE_OPERATIONS_MAX);
  osd.resume();
  const results = new Set(await Promise.all(ended));
  assert.deepEqual(results, new Set([0, 32 * KIB]));
});

test('while the header changes, writes go on and each is answered', async () => {
  let isChanging = true;
  const changes = (async () => {
    for (let i = 0; i < 5; i++) {
      await ceph.rbd('snap', 'create', `rbd/one@s${i}`);
      const size = String(sizeBytes / KIB ** 2 + 4 * (i + 1));
      await ceph.rbd('resize', '-p', 'rbd', '--size', size, 'one');
    }
    isChanging = false;
  })();
  while (isChanging) {
    const writes = Array.from({ length: 32 }, (_, i) =>
      image.write(i * 4 * KIB, [new Uint8Array(4 * KIB)]),
    );
    assert.deepEqual(new Set(await Promise.all(writes)), new Set([0]));
  }
  await changes;
  assert.equal(await image.close(), 0);
});

test('opens that hang on a stopped OSD keep no barrier from being passed', async () => {
  await osd.pause();
  const opening = Array.from({ length: BLOCKING_CALLS_MAX }, () => RbdImage.open(pool, 'one'));
  try {
    assert.equal(client.gate.running, BLOCKING_CALLS_MAX);
    assert.equal(await client.waitForLatestOsdmap(), 0);
    assert.equal(client.gate.running, BLOCKING_CALLS_MAX);
  } finally {
    osd.resume();
  }
  for (const opened of await Promise.all(opening)) await opened.close();
});

test('an operation outlasts the time-outs that a conf file sets', async () => {
  const conf = `${ceph.conf}.impatient`;
  const text = await readFile(ceph.conf, 'utf8');
  await writeFile(conf, `${text}\n[client]\nrados osd op timeout = ${TIMEOUT_S}\n`);
  const impatient = await RadosClient.connect({ conf, user: 'admin', keyring: ceph.keyring() });
  const objects = await impatient.openPool('rbd');
  await osd.pause();
  const write = objects.operate('outlasting', [{ step: 'create', exclusive: false }]);
  const isEarly = await Promise.race([write.then(() => true), delay(3_000 * TIMEOUT_S, false)]);
  osd.resume();
  assert.equal(isEarly, false);
  assert.equal((await write).errno, 0);
  objects.close();
  await impatient.close();
});
