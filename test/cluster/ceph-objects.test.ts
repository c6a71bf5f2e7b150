// The addon's objects on a real Ceph: one operation is atomic and returns its version, its
// comparisons end as Ceph documents, reads see one moment; watches answer, age and are lost; a
// fenced client can no longer do anything.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createNamespace, createPool } from '../../lab/ceph/throwaway-pools.ts';
import { errnoOf } from '../../src/ceph/ceph-failure.ts';
import {
  CMPEXT_MISMATCH,
  EAGAIN,
  ECANCELED,
  EEXIST,
  ENOENT,
  ENOTCONN,
  EOVERFLOW,
  ERANGE,
  ESHUTDOWN,
  ETIMEDOUT,
} from '../../src/ceph/errno.ts';
import { RadosClient } from '../../src/ceph/rados-client.ts';
import { OBJECT_OPERATIONS_MAX } from '../../src/ceph/rados-pool.ts';
import { cephOfFile } from '../support/ceph.ts';
import { waitFor } from '../support/wait-for.ts';

const ceph = await cephOfFile({ backend: 'memstore' });
await createPool(ceph, 'objects');
const connect = (): Promise<RadosClient> =>
  RadosClient.connect({ conf: ceph.conf, user: 'admin', keyring: ceph.keyring() });
const client = await connect();
const pool = await client.openPool('objects');
test.after(async () => {
  pool.close();
  await client.close();
});

const text = (value: string): Uint8Array => Buffer.from(value);

test('an operation is applied whole or not at all, and tells its own version', async () => {
  const first = await pool.operate('whole', [
    { step: 'create', exclusive: true },
    { step: 'writeFull', bytes: text('one') },
    { step: 'setxattr', name: 'x', value: text('1') },
    { step: 'omapSet', entries: [['k', text('v')]] },
  ]);
  assert.equal(first.errno, 0);
  const both = await Promise.all([
    pool.operate('whole', [{ step: 'writeFull', bytes: text('two') }]),
    pool.operate('whole', [{ step: 'writeFull', bytes: text('three') }]),
  ]);
  assert.deepEqual(
    both.map((one) => one.version),
    [first.version + 1, first.version + 2],
  );
  const failed = await pool.operate('whole', [
    { step: 'writeFull', bytes: text('four') },
    { step: 'cmpxattr', name: 'x', comparison: 'eq', value: text('2') },
  ]);
  assert.equal(failed.errno, ECANCELED);
  const { values, version } = await pool.read('whole', [
    { step: 'read', offset: 0, length: 100 },
    { step: 'stat' },
  ]);
  assert.equal(version, first.version + 2);
  const [read, stat] = values;
  assert.ok(read?.step === 'read' && stat?.step === 'stat');
  assert.deepEqual(Buffer.from(read.bytes).toString(), 'three');
  assert.equal(stat.sizeBytes, 5);
});

test('every comparison ends with the errno that Ceph has for it', async () => {
  await pool.operate('compared', [{ step: 'create', exclusive: true }]);
  const { version } = await pool.operate('compared', [{ step: 'writeFull', bytes: text('abcd') }]);
  const errno = async (...steps: Parameters<typeof pool.operate>[1]): Promise<number> =>
    (await pool.operate('compared', steps)).errno;
  assert.equal(await errno({ step: 'create', exclusive: true }), EEXIST);
  assert.equal(await errno({ step: 'assertVersion', version: version - 1 }), ERANGE);
  assert.equal(await errno({ step: 'assertVersion', version: version + 1 }), EOVERFLOW);
  const omapCmp = { step: 'omapCmp', key: 'k', comparison: 'eq', value: text('') } as const;
  assert.equal(await errno(omapCmp, { step: 'omapSet', entries: [['k', text('v')]] }), 0);
  assert.equal(await errno(omapCmp), ECANCELED);
  assert.equal((await pool.operate('absent', [{ step: 'assertExists' }])).errno, ENOENT);
  const compared = await pool.operate('compared', [
    { step: 'cmpext', offset: 0, bytes: text('ab') },
    { step: 'cmpext', offset: 2, bytes: text('cx') },
    { step: 'write', offset: 0, bytes: text('zzzz') },
  ]);
  assert.equal(compared.errno, CMPEXT_MISMATCH - 1);
  assert.deepEqual(compared.stepErrnos, [0, CMPEXT_MISMATCH - 1, 0]);
});

test('a compare-and-write ends with what its steps would end with', async () => {
  const exchange = (
    object: string,
    offset: number,
    from: string,
    to: string,
    mustExist = false,
    by = pool,
  ) =>
    new Promise<number>((done) =>
      by.startCompareAndWrite(object, offset, text(from), text(to), mustExist, done),
    );
  assert.equal(await exchange('exchanged', 4, '\0\0', 'ab', true), ENOENT);
  assert.equal(await exchange('exchanged', 4, '\0\0', 'ab'), 0, 'an absent object holds zeros');
  assert.equal(await exchange('exchanged', 4, 'ax', 'cd'), CMPEXT_MISMATCH - 1);
  assert.equal(await exchange('exchanged', 4, 'ab', 'cd', true), 0);
  const { values } = await pool.read('exchanged', [{ step: 'read', offset: 0, length: 100 }]);
  assert.ok(values[0]?.step === 'read');
  assert.equal(Buffer.from(values[0].bytes).toString(), '\0\0\0\0cd');
  const many = Array.from({ length: OBJECT_OPERATIONS_MAX + 1 }, () =>
    exchange('exchanged', 0, 'x', 'y'),
  );
  const ends = await Promise.all(many);
  assert.equal(ends.pop(), EAGAIN, 'one more than may be in flight');
  assert.deepEqual(new Set(ends), new Set([CMPEXT_MISMATCH]));
  assert.equal(pool.inFlight, 0);
  const closed = await client.openPool('objects');
  closed.close();
  assert.equal(await exchange('exchanged', 4, 'cd', 'ef', false, closed), ESHUTDOWN);
});

test('omaps are read page by page and by key, attributes all at once', async () => {
  const entries = Array.from({ length: 10 }, (_, i) => [`p.${i}`, text(`${i}`)] as const);
  await pool.operate('rows', [
    { step: 'omapSet', entries: [...entries, ['q', text('')]] },
    { step: 'setxattr', name: 'a', value: text('A') },
  ]);
  const { values } = await pool.read('rows', [
    { step: 'omapGetValues', startAfter: 'p.3', prefix: 'p.', max: 4 },
    { step: 'omapGetValuesByKeys', keys: ['q', 'none'] },
    { step: 'getxattrs' },
  ]);
  const [page, byKey, attributes] = values;
  assert.ok(page?.step === 'omapGetValues' && page.more);
  assert.deepEqual([...page.values.keys()], ['p.4', 'p.5', 'p.6', 'p.7']);
  assert.ok(byKey?.step === 'omapGetValuesByKeys');
  assert.deepEqual([...byKey.values.keys()], ['q']);
  assert.ok(attributes?.step === 'getxattrs');
  assert.deepEqual([...attributes.values.keys()], ['a']);
  await pool.operate('rows', [{ step: 'omapRemove', keys: ['q'] }]);
  const left = await pool.read('rows', [{ step: 'omapGetValuesByKeys', keys: ['q'] }]);
  assert.ok(left.values[0]?.step === 'omapGetValuesByKeys' && left.values[0].values.size === 0);
});

test('objects are listed page by page, of one namespace, by prefix', async () => {
  await createNamespace(ceph, 'objects', 'apart');
  const apart = await client.openPool('objects', { namespace: 'apart' });
  const names = Array.from({ length: 25 }, (_, i) => `n${i}`);
  for (const name of [...names, 'other']) {
    await apart.operate(name, [{ step: 'create', exclusive: true }]);
  }
  const listing = apart.listObjects('n');
  const found: string[] = [];
  for (let done = false; !done; ) {
    const page = await listing.next(7);
    assert.equal(page.errno, 0);
    assert.ok(page.names.length <= 7);
    found.push(...page.names);
    done = page.done;
  }
  assert.deepEqual(found.sort(), names.sort());
  const some = await apart.listObjects().all(3);
  assert.equal(some.complete, false);
  apart.close();
});

test('a notification reaches every watch and brings answers and time-outs', async () => {
  await pool.operate('channel', [{ step: 'create', exclusive: false }]);
  const other = await connect();
  const otherPool = await other.openPool('objects');
  const heard: string[] = [];
  const answering = await pool.watch('channel', {
    onNotify(notifyId, message, fromGid) {
      heard.push(Buffer.from(message).toString());
      assert.equal(fromGid, client.instanceId);
      answering.ack(notifyId, text('yes'));
    },
    onError: (errno) => assert.fail(`lost with ${errno}`),
  });
  const silent = await otherPool.watch('channel', { onNotify() {}, onError() {} });
  const late = await pool.notify('channel', text('one'), 300);
  assert.equal(late.errno, ETIMEDOUT);
  assert.deepEqual(
    late.answers.map(({ gid, payload }) => [gid, Buffer.from(payload).toString()]),
    [[client.instanceId, 'yes']],
  );
  assert.deepEqual(
    late.timeouts.map(({ gid }) => gid),
    [other.instanceId],
  );
  await silent.close();
  const all = await pool.notify('channel', text('two'), 5000);
  assert.equal(all.errno, 0);
  assert.deepEqual(heard, ['one', 'two']);
  assert.ok(answering.ageMs() >= 0);
  await answering.close();
  assert.equal(answering.ageMs(), ENOTCONN);
  otherPool.close();
  await other.close();
});

test('a blocklisted client loses its watch and every operation, and cannot watch again', async () => {
  const victim = await connect();
  const victimPool = await victim.openPool('objects');
  await pool.operate('fenced', [{ step: 'create', exclusive: false }]);
  let lost = 0;
  const watch = await victimPool.watch('fenced', {
    onNotify() {},
    onError(errno) {
      lost = errno;
    },
  });
  assert.equal(await client.blocklist(victim.addresses, 3600), 0);
  assert.equal(await client.waitForLatestOsdmap(), 0);
  const written = await victimPool.operate('fenced', [{ step: 'writeFull', bytes: text('x') }]);
  assert.equal(written.errno, ESHUTDOWN);
  await waitFor('the loss of the watch', () => lost !== 0);
  assert.equal(lost, ENOTCONN);
  assert.ok(watch.ageMs() < 0);
  await watch.close();
  const again = victimPool.watch('fenced', { onNotify() {}, onError() {} });
  await assert.rejects(again, (error) => errnoOf(error) === ESHUTDOWN);
  victimPool.close();
  await victim.close();
});

test('what cannot be made says which call ended how', async () => {
  const { conf } = ceph;
  const noConf = RadosClient.connect({ conf: '/nonexistent/ceph.conf', user: 'admin' });
  await assert.rejects(noConf, (error) => errnoOf(error) === ENOENT);
  const noUser = RadosClient.connect({ conf, user: 'nobody', keyring: ceph.keyring() });
  await assert.rejects(noUser, /client\.nobody: rados_connect ended with/);
  await assert.rejects(client.openPool('nowhere'), (error) => errnoOf(error) === ENOENT);
  await assert.rejects(client.openPool('obejcts'), /of that name; did you mean objects\?$/);
  const command = await client.monCommand({ prefix: 'nonsense' });
  assert.ok(command.errno < 0 && command.status.length > 0);
  const status = await client.monCommand({ prefix: 'osd dump', format: 'json' });
  assert.equal((JSON.parse(status.output) as { fsid: string }).fsid, (await client.fsid()).fsid);
});
