// A process that leaves Ceph in the middle of something: `MODE CONF KEYRING POOL IMAGE`. It prints
// `ready` when that something is under way, and goes on at the first line of its input.

import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { RadosClient } from '../../src/ceph/rados-client.ts';
import type { RadosPool } from '../../src/ceph/rados-pool.ts';
import { RbdImage } from '../../src/ceph/rbd-image.ts';

const arguments_ = isMainThread ? process.argv.slice(2) : (workerData as string[]);
const [mode = '', conf = '', keyring = '', poolName = '', imageName = ''] = arguments_;
const operations = 64;

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function open(): Promise<{ client: RadosClient; pool: RadosPool; image: RbdImage }> {
  const client = await RadosClient.connect({ conf, user: 'admin', keyring });
  const pool = await client.openPool(poolName);
  return { client, pool, image: await RbdImage.open(pool, imageName) };
}

/** Reads and writes whose buffers and results nobody else holds. */
function startOperations(image: RbdImage, onEnd: (result: number) => void = () => {}): void {
  const wanted = (promise: Promise<number>): void => {
    promise.then(onEnd, onEnd);
  };
  for (let i = 0; i < operations; i++) {
    wanted(image.read(i * 65_536, [new Uint8Array(65_536), new Uint8Array(4096)]));
    wanted(image.write(i * 65_536, [new Uint8Array(65_536).fill(i)]));
  }
}

/** Unreferenced, so that it does not keep the process alive by itself. */
async function input(): Promise<void> {
  await once(process.stdin, 'data');
  process.stdin.destroy();
}

const modes: Record<string, () => Promise<void>> = {
  /** Ends by itself with everything open and nothing under way. */
  async idle() {
    const { pool } = await open();
    await pool.operate('idle', [{ step: 'create', exclusive: false }]);
    await pool.watch('idle', { onNotify() {}, onError() {} });
    say('ready');
  },

  /** Does not end by itself before its operations have. */
  async flying() {
    const { image } = await open();
    say('open');
    await input();
    let ended = 0;
    startOperations(image, (result) => {
      if (result >= 0) ended++;
      if (ended === 2 * operations) say('all ended');
    });
    queueMicrotask(() => say('ready'));
  },

  /** Leaves with operations, an open and a flush of a silent cluster under way. */
  async exit() {
    const { pool, image } = await open();
    say('open');
    await input();
    startOperations(image);
    image.flush().catch(() => {});
    image.close().catch(() => {});
    RbdImage.open(pool, imageName).catch(() => {});
    say('ready');
    setTimeout(() => process.exit(3), 200);
  },

  /** Closes a client of a silent cluster with operations on objects under way. */
  async closing() {
    const client = await RadosClient.connect({ conf, user: 'admin', keyring });
    const pool = await client.openPool(poolName);
    await pool.operate('closing', [{ step: 'create', exclusive: false }]);
    say('open');
    await input();
    const exchange = Promise.withResolvers<number>();
    const block = new Uint8Array(512);
    pool.startCompareAndWrite('closing', 0, block, block, false, exchange.resolve);
    const ends = [
      pool.operate('closing', [{ step: 'create', exclusive: false }]).then(({ errno }) => errno),
      pool
        .read('closing', [{ step: 'omapGetValuesByKeys', keys: ['a'] }])
        .then(({ errno }) => errno),
      exchange.promise,
    ];
    pool.close();
    await client.close();
    say(`ended ${(await Promise.all(ends)).join(' ')}`);
  },

  /** Closes clients while their operations on objects are being answered. */
  async answered() {
    for (let round = 0; round < 12; round++) {
      const client = await RadosClient.connect({ conf, user: 'admin', keyring });
      const pool = await client.openPool(poolName);
      await pool.operate('answered', [{ step: 'create', exclusive: false }]);
      const ends: Promise<unknown>[] = [];
      for (let i = 0; i < operations; i++) {
        const bytes = new Uint8Array(4096);
        ends.push(pool.read('answered', [{ step: 'omapGetValuesByKeys', keys: ['a'] }]));
        ends.push(pool.operate(`answered-${i}`, [{ step: 'writeFull', bytes }]));
        ends.push(pool.read(`answered-${i}`, [{ step: 'read', offset: 0, length: 4096 }]));
        if (i % 8 === 0) ends.push(pool.notify('answered', bytes, 1000));
      }
      // At another moment of the answers each time.
      await new Promise((resolve) => setTimeout(resolve, round % 4));
      pool.close();
      await client.close();
      await Promise.all(ends);
    }
    say('all ended');
  },

  /** Reads of a pool that is deleted: nobody answers, and librados ends them by itself. */
  async deletedPool() {
    const { client, pool, image } = await open();
    await image.close();
    say('open');
    await input();
    await client.waitForLatestOsdmap();
    const ends = await Promise.all([
      pool.read('deleted', [{ step: 'omapGetValuesByKeys', keys: ['a'] }]),
      pool.read('deleted', [{ step: 'omapGetValues', max: 10 }]),
      pool.read('deleted', [{ step: 'getxattrs' }]),
    ]);
    say(`ended ${ends.map(({ errno }) => errno).join(' ')}`);
    pool.close();
    await client.close();
  },

  /** Forgets its buffers while they are in flight, and collects garbage. */
  async garbage() {
    const { image } = await open();
    say('open');
    await input();
    const forgotten: WeakRef<Uint8Array>[] = [];
    let ended = 0;
    const forget = (i: number): void => {
      const buffer = new Uint8Array(65_536).fill(i);
      forgotten.push(new WeakRef(buffer));
      const end = (): void => void ended++;
      image.write(i * 65_536, [buffer]).then(end, end);
    };
    for (let i = 0; i < operations; i++) forget(i);
    await collect();
    const held = forgotten.filter((reference) => reference.deref() !== undefined).length;
    say(`in flight ${image.inFlight}, held ${held}`);
    while (ended < operations) await new Promise((resolve) => setTimeout(resolve, 5));
    await collect();
    const left = forgotten.filter((reference) => reference.deref() !== undefined).length;
    say(`held when ended: ${left}`);
    await image.close();
    process.exit(0);
  },

  /** A worker that is ended with operations in flight, while its process goes on. */
  async worker() {
    const { client, pool, image } = await open();
    for (let round = 0; round < 3; round++) {
      const worker = new Worker(new URL(import.meta.url), {
        workerData: ['inWorker', conf, keyring, poolName, imageName],
      });
      await once(worker, 'message');
      await worker.terminate();
      const result = await image.read(0, [new Uint8Array(4096)]);
      say(`round ${round}: read ${result}`);
    }
    await image.close();
    pool.close();
    await client.close();
    say('closed');
  },

  /** The same of a cluster that is silent: its buffers cannot come back. */
  async silentWorker() {
    const worker = new Worker(new URL(import.meta.url), {
      workerData: ['inWorker', conf, keyring, poolName, imageName],
    });
    await once(worker, 'message');
    say('open');
    await input();
    worker.postMessage('more');
    await once(worker, 'message');
    say('ready');
    await worker.terminate();
    say('the worker ended');
  },

  /** Opens and closes all there is, again and again, and tells what is open each time. */
  async rounds() {
    for (let round = 0; round < 12; round++) {
      const { client, pool, image } = await open();
      await pool.operate('rounds', [{ step: 'create', exclusive: false }]);
      const watch = await pool.watch('rounds', { onNotify() {}, onError() {} });
      await image.write(0, [new Uint8Array(4096)]);
      await image.close();
      await watch.close();
      pool.close();
      await client.close();
      const [threads = 0, files = 0] = ['task', 'fd'].map(
        (name) => readdirSync(`/proc/self/${name}`).length,
      );
      say(`${threads} ${files}`);
    }
  },

  async inWorker() {
    const { image } = await open();
    const start = (): void => {
      startOperations(image);
      // After the submission, which waits for the end of this callback.
      queueMicrotask(() => parentPort?.postMessage('flying'));
    };
    parentPort?.on('message', start);
    start();
  },
};

async function collect(): Promise<void> {
  const { gc } = globalThis as { gc?: () => void };
  for (let i = 0; i < 5; i++) {
    await new Promise((resolve) => setImmediate(resolve));
    gc?.();
  }
}

await modes[mode]?.();
