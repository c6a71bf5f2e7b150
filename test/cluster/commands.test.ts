// Proves what commands do on a real cluster: where a disk is laid and what is told of it, how many
// clients its gateway takes, and that every way in which a cluster refuses is told in words.

import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createErasurePool, createPool } from '../../lab/ceph/throwaway-pools.ts';
import { cephOfFile } from '../support/ceph.ts';
import { CephGateways } from '../support/ceph-gateways.ts';
import { mustRun, run } from '../support/run.ts';

const program = fileURLToPath(new URL('../../bin/allpath', import.meta.url));
const ceph = await cephOfFile({ osds: 3 });
const store = (user = 'allpath', pool = 'p') => {
  return ['--ceph', ceph.conf, '--pool', pool, '--user', user];
};

before(async () => {
  await createPool(ceph, 'p');
  await createErasurePool(ceph, 'coded');
  await ceph.ask({ prefix: 'osd pool create', pool: 'bare', pg_num: 8 });
  const osd = 'profile rbd pool=p, profile rbd pool=coded';
  await ceph.createUser('allpath', { mon: 'profile rbd', osd });
  await ceph.createUser('narrow', { mon: 'profile rbd', osd: 'profile rbd pool=p' });
  await ceph.createUser('maps', { mon: 'profile rbd' });
  await ceph.createUser('bare', {
    mon: 'profile rbd',
    osd: 'profile rbd pool=bare namespace=n',
  });
});

/** Runs a command that fails; resolves with what it says. */
async function refusal(...words: readonly string[]): Promise<string> {
  const { code, stderr } = await run(program, [...words]);
  assert.equal(code, 1, stderr);
  assert.match(stderr, /^allpath: [^\n]*\n$/);
  return stderr;
}

test('a disk lies as it was asked for, and what it is is told', async () => {
  const laid = ['--data-pool', 'coded', '--object-size', '1M'];
  await mustRun(program, ['disk', 'create', 'laid', '16M', ...laid, ...store()]);
  await mustRun(program, ['disk', 'create', 'plain', '16M', ...store()]);
  const info = JSON.parse(await ceph.rbd('info', 'p/laid', '--format', 'json')) as object;
  assert.deepEqual({ data_pool: 'coded', object_size: 2 ** 20, ...info }, info);
  const list = JSON.parse(await mustRun(program, ['disk', 'list', '--json', ...store()])) as {
    store: { ceph: { pool: string } };
    disks: { name: string; dataPool?: string; objectSize: number }[];
  };
  assert.equal(list.store.ceph.pool, 'p');
  assert.deepEqual(
    list.disks.map(({ name, dataPool, objectSize }) => [name, dataPool, objectSize]),
    [
      ['laid', 'coded', 2 ** 20],
      ['plain', undefined, 2 ** 22],
    ],
  );
  const table = await mustRun(program, ['disk', 'list', ...store()]);
  assert.match(table, /^NAME +SIZE +DATA POOL.*\nlaid +16M +coded .*\nplain +16M +- /);
});

test('an image that is imported brings its layout, and is never taken for a new disk', async () => {
  const laid = ['--image-feature', 'layering', '--data-pool', 'coded', '--object-size', '64K'];
  await ceph.rbd('create', 'p/found', '--size', '16M', ...laid);
  const words = ['disk', 'import', 'found', '--json', ...store()];
  const made = JSON.parse(await mustRun(program, words)) as object;
  assert.deepEqual({ dataPool: 'coded', objectSize: 65_536, ...made }, made);
  const other = ['disk', 'create', 'left', '16M', '--object-size', '8M', ...store()];
  await ceph.rbd('create', 'p/left', '--size', '16M', '--image-feature', 'layering');
  const there = /volume left of 16M exists already: "disk import left" serves it/;
  assert.match(await refusal(...other), there);
});

test('what cannot be laid so is refused, and nothing is left of it', async () => {
  const create = (user: string, pool: string) => {
    return refusal('disk', 'create', 'refused', '16M', '--data-pool', pool, ...store(user));
  };
  assert.match(await create('allpath', 'none'), /the cluster has no pool none/);
  assert.match(await create('allpath', 'p'), /p is the pool of the images/);
  assert.match(await create('narrow', 'coded'), /ceph caps --data-pools/);
  assert.ok(!(await ceph.rbd('ls', 'p')).includes('refused'));
});

test('a cluster that cannot be used is told with what to look at', async () => {
  const list = ['disk', 'list'];
  const absent = ['--ceph', '/there/is/none.conf', '--pool', 'p'];
  assert.match(await refusal(...list, ...absent), /path of a ceph\.conf/);
  assert.match(await refusal(...list, ...store('nobody')), /client\.nobody.*allpath ceph caps/);
  assert.match(await refusal(...list, ...store('allpath', 'none')), /none.*none of that name/);
  // OSDs of Ceph 16 refuse a user without capabilities for them; later ones do not answer.
  const unheard = /(lacks a privilege|did not answer).*"allpath ceph caps"/;
  assert.match(await refusal(...list, ...store('maps')), unheard);
  const create = ['disk', 'create', 'x', '16M', '--namespace', 'n', ...store('bare', 'bare')];
  assert.match(await refusal(...create), /rbd pool init bare/);
  await ceph.rbd('pool', 'init', 'bare');
  assert.match(await refusal(...create), /rbd namespace create bare\/n/);
  await ceph.rbd('namespace', 'create', 'bare/n');
  await mustRun(program, create);
});

test('a disk that cannot be deleted stays what it is; how far it is gone is told', async () => {
  // The refused deletion marks the disk and takes the mark away: two versions.
  const document = async () =>
    (await mustRun(program, ['get', ...store()])).replace(/^basedOn: .*$/m, '');
  await mustRun(program, ['disk', 'create', 'gone', '256M', '--object-size', '64K', ...store()]);
  await ceph.rbd('snap', 'create', 'p/gone@s');
  const before = await document();
  assert.match(await refusal('disk', 'delete', 'gone', ...store()), /has snapshots: rbd snap ls p/);
  assert.equal(await document(), before);
  await ceph.rbd('snap', 'rm', 'p/gone@s');
  const words = ['disk', 'delete', 'gone', '--json', ...store()];
  const deleted = await run(program, words);
  const { code, stdout, stderr } = deleted;
  assert.equal(code, 0, JSON.stringify(deleted));
  assert.deepEqual(JSON.parse(stdout), { name: 'gone', deleted: true });
  const percents = stderr
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).progress.percent);
  assert.ok(percents.length > 2, stderr);
  assert.deepEqual(
    percents,
    percents.toSorted((a, b) => a - b),
  );
  assert.ok(!(await document()).includes('name: gone'));
});

test('the disks of a gateway share as many clients as the document says', async () => {
  await createPool(ceph, 'shared');
  const place = { conf: ceph.conf, pool: 'shared', namespace: '', user: 'admin' };
  const names = ['a', 'b', 'c'];
  const parts = {
    settings: { drainSeconds: 0, volumeInstances: 2 },
    disks: names.map((name) => ({ name, size: '16M' })),
    targets: [{ iqn: 'iqn.2026-11.com.example:t', luns: { ...names }, access: 'any' }],
  };
  await using cluster = await CephGateways.start({ place, gateways: 1, parts });
  const { instances } = await cluster.serving(0);
  assert.deepEqual(
    instances.map(({ kind }) => kind),
    ['records', 'volume', 'volume'],
  );
});
