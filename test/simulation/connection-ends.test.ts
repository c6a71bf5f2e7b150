// A connection of the simulator: what is sent arrives in order, also at an end that pauses reading.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ServerEnd } from '../../sim/network/connection-ends.ts';
import { Pipe } from '../../sim/time/pipe.ts';
import { SimProcess } from '../../sim/time/sim-process.ts';
import { Timeline } from '../../sim/time/timeline.ts';
import { SeededRandom } from '../support/seeded-random.ts';

const ADDRESS = { address: '192.0.2.1', port: 3260 };

function connection(seed: number) {
  const timeline = new Timeline();
  const random = new SeededRandom(seed);
  const pipe = () => new Pipe({ timeline, random, latencyMaxMs: 0.4, isOpen: () => true });
  const end = (name: string) =>
    new ServerEnd(new SimProcess(name, timeline, random), pipe(), ADDRESS, ADDRESS);
  const [from, to] = [end('from'), end('to')];
  from.join(to);
  to.join(from);
  return { timeline, random, from, to };
}

test('bytes arrive in the order in which they were sent, however reading is paused', async () => {
  for (let seed = 1; seed <= 50; seed++) {
    const { timeline, random, from, to } = connection(seed);
    const buffer = Buffer.alloc(1);
    const read: number[] = [];
    to.start({
      buffer: () => buffer,
      received: () => {
        read.push(buffer[0]!);
        if (random.below(2) === 0) to.pause();
      },
      closed: () => {},
    });
    for (let byte = 0; byte < 30; byte++) from.write([Uint8Array.of(byte)], () => {});
    while (read.length < 30) {
      await timeline.run(timeline.nowMs + random.below(3));
      to.resume();
    }
    assert.deepEqual(read, [...Array(30).keys()], `seed ${seed}`);
  }
});
