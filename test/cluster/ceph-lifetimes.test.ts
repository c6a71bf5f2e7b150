// Nobody pulls memory or ground from under Ceph: buffers that were forgotten live until their
// operation ended, a worker may end with operations in flight, and a process leaves when it wants
// to, with its own exit code, also while the cluster is silent and calls hang.

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { afterEach, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createImage, createPool } from '../../lab/ceph/throwaway-pools.ts';
import { ENOENT, ESHUTDOWN } from '../../src/ceph/errno.ts';
import { cephOfFile } from '../support/ceph.ts';
import { tied } from '../support/tied.ts';

const program = fileURLToPath(new URL('../support/ceph-lifetime-main.ts', import.meta.url));
const ceph = await cephOfFile({ backend: 'memstore' });
await createPool(ceph, 'rbd');
await createImage(ceph, { pool: 'rbd', name: 'lived', sizeBytes: 64 * 2 ** 20 });
const osd = ceph.osds[0] ?? assert.fail('there is an OSD');
const endLimitMs = 60_000;
afterEach(() => osd.resume());

/** One run of the program, line by line. */
class Life {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly ended: Promise<number | null>;
  stderr = '';

  constructor(mode: string, pool = 'rbd') {
    const args = ['--expose-gc', program, mode, ceph.conf, ceph.keyring(), pool, 'lived'];
    this.#child = spawn(...tied(process.execPath, args), { stdio: 'pipe' });
    this.#child.stderr?.on('data', (chunk: Buffer) => {
      this.stderr += chunk.toString();
    });
    this.#lines = createInterface({ input: this.#child.stdout! })[Symbol.asyncIterator]();
    const limit = setTimeout(() => this.#child.kill('SIGKILL'), endLimitMs);
    this.ended = once(this.#child, 'close').then(([code]) => {
      clearTimeout(limit);
      return code as number | null;
    });
  }

  async line(): Promise<string> {
    const { done, value } = await this.#lines.next();
    return done ? assert.fail(`it ended: ${this.stderr}`) : value;
  }

  goOn(): void {
    this.#child.stdin?.write('on\n');
  }
}

test('a process with everything open and nothing under way ends by itself', async () => {
  const life = new Life('idle');
  assert.equal(await life.line(), 'ready');
  assert.equal(await life.ended, 0, life.stderr);
});

test('operations under way keep a process alive until they have ended', async () => {
  const life = new Life('flying');
  assert.equal(await life.line(), 'open');
  await osd.pause();
  life.goOn();
  assert.equal(await life.line(), 'ready');
  osd.resume();
  assert.equal(await life.line(), 'all ended');
  assert.equal(await life.ended, 0, life.stderr);
});

test('a process leaves a silent cluster with the exit code it wants', async () => {
  const life = new Life('exit');
  assert.equal(await life.line(), 'open');
  await osd.pause();
  life.goOn();
  assert.equal(await life.line(), 'ready');
  assert.equal(await life.ended, 3, life.stderr);
});

test('operations on objects that a closing client leaves at a silent cluster end', async () => {
  const life = new Life('closing');
  assert.equal(await life.line(), 'open');
  await osd.pause();
  life.goOn();
  assert.equal(await life.line(), `ended ${Array(3).fill(ESHUTDOWN).join(' ')}`);
  assert.equal(await life.ended, 0, life.stderr);
});

test('clients that close while their operations on objects are answered harm nothing', async () => {
  const life = new Life('answered');
  assert.equal(await life.line(), 'all ended');
  assert.equal(await life.ended, 0, life.stderr);
});

test('reads of a pool that was deleted end like any other', async () => {
  await createPool(ceph, 'doomed');
  await createImage(ceph, { pool: 'doomed', name: 'lived', sizeBytes: 2 ** 20 });
  const life = new Life('deletedPool', 'doomed');
  assert.equal(await life.line(), 'open');
  await ceph.ask({
    prefix: 'osd pool delete',
    pool: 'doomed',
    pool2: 'doomed',
    yes_i_really_really_mean_it: true,
  });
  life.goOn();
  assert.equal(await life.line(), `ended ${Array(3).fill(ENOENT).join(' ')}`);
  assert.equal(await life.ended, 0, life.stderr);
});

test('buffers that were forgotten live until their operations have ended', async () => {
  const life = new Life('garbage');
  assert.equal(await life.line(), 'open');
  await osd.pause();
  life.goOn();
  assert.equal(await life.line(), 'in flight 64, held 64');
  osd.resume();
  assert.equal(await life.line(), 'held when ended: 0');
  assert.equal(await life.ended, 0, life.stderr);
});

test('a worker ends with operations in flight, and its process goes on', async () => {
  const life = new Life('worker');
  for (let round = 0; round < 3; round++) {
    assert.equal(await life.line(), `round ${round}: read 4096`);
  }
  assert.equal(await life.line(), 'closed');
  assert.equal(await life.ended, 0, life.stderr);
});

test('a process whose worker ends while a silent cluster holds its buffers leaves at once', async () => {
  const life = new Life('silentWorker');
  assert.equal(await life.line(), 'open');
  await osd.pause();
  life.goOn();
  assert.equal(await life.line(), 'ready');
  assert.equal(await life.ended, 70, life.stderr);
  assert.match(life.stderr, /Ceph still holds its buffers/);
});

test('clients, images and watches that were closed leave no thread and no file open', async () => {
  const life = new Life('rounds');
  const rounds: number[][] = [];
  for (let round = 0; round < 12; round++) {
    rounds.push((await life.line()).split(' ').map(Number));
  }
  // The first rounds make what the libraries and Node keep.
  const [settled, last] = [rounds[3]!, rounds.at(-1)!];
  assert.ok(last[0]! <= settled[0]! + 1 && last[1]! <= settled[1]! + 1, JSON.stringify(rounds));
  assert.equal(await life.ended, 0, life.stderr);
});
