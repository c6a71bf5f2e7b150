// A gateway that is over is followed, after a back-off, by another of the same process that names
// it as its predecessor; the end that was asked for comes at any moment; a first start that fails
// is told.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sleep } from '../../../src/base/clock.ts';
import {
  type GatewayLife,
  type LivingGateway,
  runGatewayLives,
} from '../../../src/gateway/gateway-lives.ts';
import type { Store } from '../../../src/gateway/store.ts';
import { silentLog } from '../../../src/log/log.ts';
import type { FencingDriver } from '../../../src/membership/fencing-driver.ts';
import { BACK_OFF_MIN_MS } from '../../../src/membership/limits.ts';
import type { Member } from '../../../src/records/records.ts';
import { SeededRandom } from '../../support/seeded-random.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

class FakeGateway implements LivingGateway {
  readonly self;
  readonly ends = Promise.withResolvers<string>();
  readonly over = this.ends.promise;
  readonly calls: string[] = [];

  constructor(number: number) {
    this.self = { name: 'g', incarnation: String(number) };
  }

  async drain(): Promise<void> {
    this.calls.push('drain');
  }

  async close(): Promise<void> {
    this.calls.push('close');
  }
}

function start(
  failures: readonly number[] = [],
  storeParts: Partial<Store> = {},
  parts: { readonly previous?: Member; readonly closeMs?: number } = {},
) {
  const clock = new VirtualClock();
  const end = Promise.withResolvers<'drain' | 'now'>();
  const gateways: FakeGateway[] = [];
  const previous: (string | undefined)[] = [];
  const stores = { open: 0, opened: 0, processEnds: 0 };
  const run = runGatewayLives({
    name: 'g',
    previous: parts.previous,
    clock,
    random: new SeededRandom(1),
    log: silentLog,
    end: end.promise,
    openStore: async () => {
      stores.open += 1;
      stores.opened += 1;
      const close = async () => {
        await sleep(clock, parts.closeMs ?? 0);
        stores.open -= 1;
      };
      return { ...storeParts, close } as unknown as Store;
    },
    start: async (life: GatewayLife) => {
      previous.push(life.previous?.incarnation);
      if (failures.includes(previous.length)) throw new Error('planted');
      const gateway = new FakeGateway(previous.length);
      gateways.push(gateway);
      return gateway;
    },
    onServing: () => {},
    endProcess: () => {
      stores.processEnds += 1;
    },
  });
  let state = 'running';
  run.then(
    () => {
      state = 'ended';
    },
    () => {
      state = 'failed';
    },
  );
  return { clock, end, gateways, previous, stores, run, state: () => state };
}

test('one that is over is closed, its store too, and followed after a back-off', async () => {
  const { clock, end, gateways, previous, stores, state } = start();
  await clock.advance(0);
  gateways[0]!.ends.resolve('closed');
  await clock.advance(BACK_OFF_MIN_MS - 1);
  assert.deepEqual(gateways[0]!.calls, ['close']);
  assert.deepEqual([gateways.length, stores.open], [1, 0]);
  await clock.advance(BACK_OFF_MIN_MS + 1);
  assert.deepEqual([gateways.length, stores.open], [2, 1]);
  assert.deepEqual(previous, [undefined, '1']);
  end.resolve('drain');
  await clock.advance(0);
  assert.deepEqual(gateways[1]!.calls, ['drain', 'close']);
  assert.deepEqual([state(), stores.open, stores.opened], ['ended', 0, 2]);
});

test('the first names one whose process was seen to end', async () => {
  const { clock, end, previous } = start([], {}, { previous: { name: 'g', incarnation: 'x' } });
  await clock.advance(0);
  assert.deepEqual(previous, ['x']);
  end.resolve('now');
  await clock.advance(0);
});

test('what closing takes counts as waiting', async () => {
  const { clock, end, gateways, stores } = start([], {}, { closeMs: 2 * BACK_OFF_MIN_MS });
  await clock.advance(0);
  gateways[0]!.ends.resolve('closed');
  await clock.advance(2 * BACK_OFF_MIN_MS);
  assert.deepEqual([gateways.length, stores.opened], [2, 2]);
  end.resolve('now');
  await clock.advance(2 * BACK_OFF_MIN_MS);
});

test('a later start that fails is tried again, and names the last that served', async () => {
  const { clock, end, gateways, previous, stores, state } = start([2, 3]);
  await clock.advance(0);
  gateways[0]!.ends.resolve('cut');
  await clock.advance(60_000);
  assert.deepEqual(previous, [undefined, '1', '1', '1']);
  assert.equal(stores.open, 1);
  end.resolve('now');
  await clock.advance(0);
  assert.deepEqual([state(), gateways[1]!.calls.join()], ['ended', 'close']);
});

test('an end that is asked for while it waits is the end', async () => {
  const { clock, end, gateways, state } = start();
  await clock.advance(0);
  gateways[0]!.ends.resolve('closed');
  await clock.advance(BACK_OFF_MIN_MS / 2);
  end.resolve('drain');
  await clock.advance(0);
  assert.equal(state(), 'ended');
});

test('a first start that fails is told, and its store is closed', async () => {
  const { clock, stores, run, state } = start([1]);
  const told = assert.rejects(run, /planted/);
  await clock.advance(0);
  await told;
  assert.deepEqual([state(), stores.open], ['failed', 0]);
});

test('a store that does not close ends the process where members are processes', async () => {
  const processes = { living: async () => [], end: async () => true };
  for (const [driver, isAsked, ends] of [
    [{}, false, 0],
    [{ processes }, false, 1],
    [{ processes }, true, 0],
  ] as const) {
    const fencing = { driver: driver as unknown as FencingDriver, instances: [] };
    const { clock, end, gateways, stores } = start([], { fencing }, { closeMs: 10_000 });
    await clock.advance(0);
    if (isAsked) end.resolve('now');
    else gateways[0]!.ends.resolve('stalled');
    await clock.advance(2_900);
    assert.equal(stores.processEnds, 0);
    await clock.advance(200);
    assert.equal(stores.processEnds, ends);
    end.resolve('now');
    await clock.advance(4_000);
  }
});

test('one whose writes are stuck takes another life, but ends where members are processes', async () => {
  const processes = { living: async () => [], end: async () => true };
  for (const [driver, ends] of [
    [{}, 0],
    [{ processes }, 1],
  ] as const) {
    const fencing = { driver: driver as unknown as FencingDriver, instances: [] };
    const { clock, end, gateways, stores } = start([], { fencing });
    await clock.advance(0);
    gateways[0]!.ends.resolve('unfenced');
    await clock.advance(0);
    assert.equal(stores.processEnds, ends);
    assert.deepEqual(gateways[0]!.calls, ['close']);
    end.resolve('now');
    await clock.advance(0);
  }
  const { clock, end, gateways, stores } = start([], {
    fencing: { driver: { processes } as unknown as FencingDriver, instances: [] },
  });
  await clock.advance(0);
  gateways[0]!.ends.resolve('closed');
  await clock.advance(0);
  assert.equal(stores.processEnds, 0, 'one that was fenced has nothing stuck');
  end.resolve('now');
  await clock.advance(0);
});
