// Proves that a throwaway Ceph is a Ceph (pools, erasure code, namespaces, images, users), that its
// daemons can be killed, stopped and started again, and that nothing of it is left: neither after a
// stop nor after a kill -9 of its owner.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readlink, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { claimName } from '../../lab/ceph/port-claim.ts';
import { ThrowawayCeph } from '../../lab/ceph/throwaway-ceph.ts';
import {
  createErasurePool,
  createImage,
  createNamespace,
  createPool,
  poolIsFull,
  setPoolQuota,
} from '../../lab/ceph/throwaway-pools.ts';
import {
  ownProcessIdentity,
  type ProcessIdentity,
  processState,
} from '../../src/host/process-identity.ts';
import { waitFor } from '../support/wait-for.ts';

const MIB = 2 ** 20;
const endLimitMs = 60_000;
const quotaLimitMs = 60_000;
const here = ownProcessIdentity();

function processesOf({ mon, osds, mgr }: ThrowawayCeph): ProcessIdentity[] {
  const daemons = [mon, ...osds, ...(mgr === undefined ? [] : [mgr])];
  return daemons.map((daemon) => daemon.process ?? assert.fail(`${daemon.name} runs`));
}

function haveEnded(processes: readonly ProcessIdentity[]): boolean {
  return processes.every((each) => processState(each, here) === 'ended');
}

/** Whether nobody claims the block of ports, and nobody listens on its first. */
async function isFree(first: number): Promise<boolean> {
  for (const where of [claimName(first), first]) {
    const server = createServer();
    try {
      if (typeof where === 'string') server.listen(where);
      else server.listen(where, '127.0.0.1');
      await once(server, 'listening');
    } catch {
      return false;
    } finally {
      server.close();
    }
  }
  return true;
}

async function temporaryFolder(): Promise<AsyncDisposable & { path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'allpath-test-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

async function put(ceph: ThrowawayCeph, pool: string, name: string): Promise<void> {
  await ceph.rados('-p', pool, 'create', name);
}

async function list(ceph: ThrowawayCeph, pool: string): Promise<string[]> {
  return (await ceph.rados('-p', pool, 'ls')).trim().split('\n');
}

test('two at once keep apart; a stop leaves no process, no claim and no file', async () => {
  await using folder = await temporaryFolder();
  const options = { backend: 'memstore', parent: folder.path } as const;
  const clusters = await Promise.all([ThrowawayCeph.start(options), ThrowawayCeph.start(options)]);
  const processes = clusters.flatMap(processesOf);
  try {
    const [one, other] = clusters;
    await Promise.all([createPool(one, 'one'), createPool(other, 'other')]);
    await put(one, 'one', 'mine');
    assert.ok((await list(one, 'one')).includes('mine'));
    assert.ok(!(await list(other, 'other')).includes('mine'));
    assert.equal((await other.rados('lspools')).trim(), 'other');
    assert.ok(!haveEnded(processes));
    // Ceph 18 looks for the classes of its OSDs below the working folder.
    for (const { pid } of processes) {
      assert.equal(await readlink(`/proc/${pid}/cwd`), await readlink(`/proc/${pid}/root`));
    }
  } finally {
    await Promise.all(clusters.map((ceph) => ceph.stop()));
  }
  assert.ok(haveEnded(processes));
  for (const { ports } of clusters) assert.ok(await isFree(ports.first));
  assert.deepEqual(await readdir(folder.path), []);
});

test('three OSDs: replicas, erasure code, namespaces, images and users', async () => {
  await using ceph = await ThrowawayCeph.start({ osds: 3 });
  await createPool(ceph, 'rbd', { size: 2, minSize: 1 });
  await createErasurePool(ceph, 'data');
  await createNamespace(ceph, 'rbd', 'space');
  const base = { pool: 'rbd', sizeBytes: 64 * MIB };
  await createImage(ceph, { ...base, name: 'plain', objectSizeBytes: MIB });
  await createImage(ceph, { ...base, namespace: 'space', name: 'coded', dataPool: 'data' });
  const info = async (image: string) =>
    JSON.parse(await ceph.rbd('info', '--format', 'json', image)) as Record<string, unknown>;
  const plain = await info('rbd/plain');
  assert.deepEqual(
    [plain['size'], plain['object_size'], plain['features']],
    [64 * MIB, MIB, ['layering']],
  );
  const coded = await info('rbd/space/coded');
  assert.deepEqual([coded['data_pool'], coded['features']], ['data', ['layering', 'data-pool']]);
  await ceph.rbd('bench', 'rbd/space/coded', '--io-type', 'write', '--io-total', '1M');

  await ceph.createUser('reader', { mon: 'profile rbd', osd: 'profile rbd-read-only pool=rbd' });
  assert.match(await ceph.rbd('--id', 'reader', 'ls', 'rbd'), /plain/);
  const write = ceph.rbd('--id', 'reader', 'create', 'rbd/other', '--size', '1M');
  await assert.rejects(write, { code: 'cephProgramFailed' });
});

test('an OSD that is killed comes back with what it acknowledged; one that is stopped waits', async () => {
  await using ceph = await ThrowawayCeph.start();
  const [osd] = ceph.osds;
  await createPool(ceph, 'p');
  await put(ceph, 'p', 'before');
  await osd!.kill();
  assert.equal(osd!.process, undefined);
  await osd!.start();
  await put(ceph, 'p', 'after');
  const found = await list(ceph, 'p');
  assert.ok(found.includes('before') && found.includes('after'), found.join());

  await osd!.pause();
  assert.equal(processState(osd!.process!, here), 'stopped');
  let isDone = false;
  const waiting = put(ceph, 'p', 'meanwhile').then(() => {
    isDone = true;
  });
  // The monitor answers, and the client had the time that an answer takes; the write has not ended.
  await ceph.ask({ prefix: 'osd stat' });
  assert.ok(!isDone);
  osd!.resume();
  await waiting;

  const before = ceph.mon.process;
  await ceph.mon.terminate();
  await ceph.mon.start();
  assert.notDeepEqual(ceph.mon.process, before);
  await createPool(ceph, 'q');
});

test('with a manager a quota that is passed makes the pool full, and lifting it ends that', async () => {
  await using ceph = await ThrowawayCeph.start({ backend: 'memstore', mgr: true });
  await createPool(ceph, 'p');
  await setPoolQuota(ceph, 'p', MIB);
  const write = ['bench', '1', 'write', '--no-cleanup', '-b', `${MIB}`, '--max-objects', '2'];
  // It waits where the pool is full before its last write.
  const writing = ceph.rados('-p', 'p', ...write);
  writing.catch(() => {});
  const full = async (wanted: boolean) => {
    const deadline = performance.now() + quotaLimitMs;
    while ((await poolIsFull(ceph, 'p')) !== wanted) {
      assert.ok(performance.now() < deadline, `the pool becomes ${wanted ? '' : 'not '}full`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };
  await full(true);
  await setPoolQuota(ceph, 'p', 0);
  await full(false);
  await writing;
});

test('an OSD in memory keeps its objects over a clean end', async () => {
  await using ceph = await ThrowawayCeph.start({ backend: 'memstore' });
  await createPool(ceph, 'p');
  await put(ceph, 'p', 'kept');
  await ceph.osds[0]!.terminate();
  await ceph.osds[0]!.start();
  assert.ok((await list(ceph, 'p')).includes('kept'));
});

test('a daemon is asked, and told, on its admin socket', async () => {
  await using ceph = await ThrowawayCeph.start({ backend: 'memstore' });
  const name = 'paxos_propose_interval';
  assert.deepEqual(await ceph.mon.ask({ prefix: 'config get', var: name }), { [name]: '0.050000' });
  await ceph.mon.ask({ prefix: 'config set', var: name, val: ['1'] });
  assert.deepEqual(await ceph.mon.ask({ prefix: 'config get', var: name }), { [name]: '1.000000' });
  await assert.rejects(ceph.mon.ask({ prefix: 'nothing' }), { code: 'cephCommandFailed' });
  await ceph.mon.kill();
  await assert.rejects(ceph.mon.ask({ prefix: 'version' }), { code: 'cephDaemonSilent' });
});

test('killing its owner with -9 ends the daemons; the next start removes its folder', async () => {
  await using folder = await temporaryFolder();
  const source = new URL('../../lab/ceph/throwaway-ceph.ts', import.meta.url);
  const script = `
    import { ThrowawayCeph } from '${source}';
    const parent = process.argv[1];
    const ceph = await ThrowawayCeph.start({ osds: 2, backend: 'memstore', parent });
    const daemons = [ceph.mon, ...ceph.osds].map((daemon) => daemon.process);
    // One of them stopped: it must end all the same.
    await ceph.osds[1].pause();
    console.log(JSON.stringify({ first: ceph.ports.first, daemons }));
  `;
  const args = ['--input-type=module', '-e', script, folder.path];
  const owner = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const output = createInterface(owner.stdout);
    const line = await Promise.race([once(output, 'line'), once(output, 'close')]);
    const { first, daemons } = JSON.parse(String(line[0])) as {
      first: number;
      daemons: ProcessIdentity[];
    };
    assert.equal(daemons.length, 3);
    assert.ok(!haveEnded(daemons));
    const ended = once(owner, 'exit');
    owner.kill('SIGKILL');
    await ended;
    await waitFor('the daemons end', () => haveEnded(daemons), endLimitMs);
    assert.ok(await isFree(first));
    assert.equal((await readdir(folder.path)).length, 1);
    const next = await ThrowawayCeph.start({ backend: 'memstore', parent: folder.path });
    const left = await readdir(folder.path);
    await next.stop();
    assert.deepEqual(
      left.map((name) => join(folder.path, name)),
      [next.folder],
    );
  } finally {
    owner.kill('SIGKILL');
  }
});

test('a start that fails says why, in the words of the daemon, and leaves nothing', async () => {
  await using folder = await temporaryFolder();
  const options = { backend: 'memstore', parent: folder.path } as const;
  const noPort = ['ms bind port max = 1', 'ms bind retry count = 0', 'ms bind retry delay = 0'];
  const lines = { osd: noPort };
  await assert.rejects(ThrowawayCeph.start({ ...options, lines }), (error: Error) => {
    assert.match(error.message, /^the throwaway Ceph did not start: /);
    assert.match(error.message, /--- osd\.0:\n/);
    return true;
  });
  assert.deepEqual(await readdir(folder.path), []);
});
