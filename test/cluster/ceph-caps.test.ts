// Proves that what `allpath ceph caps` prints is enough for all that gateways and commands do
// (records, watch and notify, images, snapshots, the blocklist), and grants nothing beyond its
// pools.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { MonClient, type MonCommand } from '../../lab/ceph/mon-client.ts';
import {
  createErasurePool,
  createImage,
  createNamespace,
  createPool,
} from '../../lab/ceph/throwaway-pools.ts';
import { cephOfFile } from '../support/ceph.ts';
import { mustRun } from '../support/run.ts';
import { tied } from '../support/tied.ts';

const program = fileURLToPath(new URL('../../bin/allpath', import.meta.url));
const monLimitMs = 60_000;
const watchLimitMs = 60_000;
/** The monitor takes a number with a fraction alone, and JSON has none for a whole one. */
const yearSeconds = 365 * 24 * 3600 + 0.5;
const foreign: MonCommand = { prefix: 'osd blocklist', addr: '127.0.0.1:0/123' };

const ceph = await cephOfFile({ osds: 3 });

before(async () => {
  await Promise.all([createPool(ceph, 'p'), createPool(ceph, 'other')]);
  await createErasurePool(ceph, 'data');
  await createNamespace(ceph, 'p', 'n');
  await createImage(ceph, { pool: 'other', name: 'image', sizeBytes: 2 ** 20 });
});

/** Makes the user as the command says. */
async function grant(user: string, ...options: string[]): Promise<void> {
  const words = ['ceph', 'caps', '--pool', 'p', '--user', user, ...options, '--json'];
  const { entity, caps } = JSON.parse(await mustRun(program, words)) as {
    entity: string;
    caps: Record<string, string>;
  };
  assert.equal(entity, `client.${user}`);
  await ceph.createUser(user, caps);
}

/** Runs the commands as the user, in order. */
async function ask(user: string, ...commands: readonly MonCommand[]): Promise<void> {
  const client = new MonClient(ceph.conf, `client.${user}`);
  try {
    for (const command of commands) await client.ask(command, monLimitMs);
  } finally {
    await client.close();
  }
}

const denied = { code: 'cephProgramFailed', message: /Operation not permitted/ };
const deniedByMon = { code: 'cephCommandFailed', message: /errno 13/ };

for (const { user, namespace } of [
  { user: 'whole', namespace: '' },
  { user: 'within', namespace: 'n' },
]) {
  const within = namespace === '' ? [] : ['--namespace', namespace];
  const place = namespace === '' ? 'p' : `p/${namespace}`;
  const rados = (...words: string[]) =>
    ceph.rados('--id', user, '--pool', 'p', ...within, ...words);
  const rbd = (...words: string[]) => ceph.rbd('--id', user, ...words);

  describe(`the user of ${namespace === '' ? 'a pool' : 'a namespace'}`, () => {
    before(() => grant(user, '--data-pools', 'data', ...within));

    test('records: objects, attributes, locks, watch and notify', async () => {
      await rados('create', 'record');
      await rados('setxattr', 'record', 'version', '1');
      await rados('setomapval', 'record', 'key', 'value');
      await rados('lock', 'get', 'record', 'lock');
      const words = ['-c', ceph.conf, '--id', user, '-p', 'p', ...within, 'watch', 'record'];
      const watcher = spawn(...tied('/usr/bin/rados', words), {
        stdio: ['pipe', 'ignore', 'inherit'],
      });
      const ended = once(watcher, 'exit');
      try {
        const deadline = performance.now() + watchLimitMs;
        while ((await rados('listwatchers', 'record')) === '') {
          assert.ok(performance.now() < deadline, 'it watches');
        }
        assert.match(await rados('notify', 'record', 'hello'), /^reply client\./);
      } finally {
        watcher.kill('SIGKILL');
        await ended;
      }
      await rados('rm', 'record');
    });

    test('images: make, write, grow, mend, snapshot, clone, remove', async () => {
      const plain = ['--size', '16M', '--image-feature', 'layering'];
      await rbd('create', `${place}/image`, ...plain);
      await rbd('create', `${place}/coded`, ...plain, '--data-pool', 'data');
      for (const name of ['image', 'coded']) {
        const write = ['--io-type', 'write', '--io-size', '4096', '--io-total', '64K'];
        await rbd('bench', `${place}/${name}`, ...write);
      }
      await rbd('resize', `${place}/image`, '--size', '32M');
      await rbd('feature', 'enable', `${place}/image`, 'exclusive-lock');
      await rbd('feature', 'disable', `${place}/image`, 'exclusive-lock');
      await rbd('snap', 'create', `${place}/image@s`);
      await rbd('snap', 'protect', `${place}/image@s`);
      await rbd('clone', `${place}/image@s`, `${place}/clone`);
      await rbd('rm', `${place}/clone`);
      await rbd('snap', 'unprotect', `${place}/image@s`);
      await rbd('snap', 'purge', `${place}/image`);
      await rbd('rm', `${place}/image`);
      assert.equal((await rbd('ls', place)).trim(), 'coded');
    });

    test('fencing: adds to the blocklist and reads it, and cannot take from it', async () => {
      const add = { ...foreign, blocklistop: 'add', expire: yearSeconds };
      await ask(user, add, { prefix: 'osd blocklist ls' });
      await assert.rejects(ask(user, { ...foreign, blocklistop: 'rm' }), deniedByMon);
    });

    test('nothing beyond: no other pool, no key, no pool removed', async () => {
      await assert.rejects(ceph.rados('--id', user, '-p', 'other', 'create', 'x'), denied);
      await assert.rejects(ceph.rados('--id', user, '-p', 'other', 'ls'), denied);
      await assert.rejects(ceph.rbd('--id', user, 'info', 'other/image'), denied);
      await assert.rejects(ask(user, { prefix: 'auth ls' }), deniedByMon);
      await assert.rejects(
        ask(user, { prefix: 'config-key set', key: 'k', val: 'v' }),
        deniedByMon,
      );
      const removal = { prefix: 'osd pool delete', pool: 'p', pool2: 'p' };
      await assert.rejects(
        ask(user, { ...removal, yes_i_really_really_mean_it: true }),
        deniedByMon,
      );
      if (namespace !== '') {
        await assert.rejects(ceph.rados('--id', user, '-p', 'p', 'create', 'x'), denied);
      }
    });
  });
}

test('less is not enough: a monitor that is only read adds nobody to the blocklist', async () => {
  await ceph.createUser('less', { mon: 'allow r', osd: 'profile rbd pool=p' });
  const add = { ...foreign, blocklistop: 'add', expire: yearSeconds };
  await assert.rejects(ask('less', add), deniedByMon);
});
