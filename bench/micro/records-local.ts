// The cost of records of the local store: `node bench/micro/records-local.ts [SECONDS] [FOLDER]`.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../src/host/system-clock.ts';
import { systemRandom } from '../../src/host/system-random.ts';
import { silentLog } from '../../src/log/log.ts';
import { openLocalRecords } from '../../src/records/local/open-local-records.ts';
import type { Records } from '../../src/records/records.ts';
import { RecordsProcess } from '../../test/support/records-process.ts';

const seconds = Number(process.argv[2] ?? 2);
const folder = process.argv[3] ?? tmpdir();
const value = new Uint8Array(400).fill(7);

const temporary = await mkdtemp(join(folder, 'allpath-bench-'));
const environment = { clock: systemClock, random: systemRandom, log: silentLog };
const open = (name: string): Promise<Records> =>
  openLocalRecords({ directory: join(temporary, 'store'), memberName: name, ...environment });

/** Repeats `step` for the given time, and prints its rate and the times of one step. */
async function measure(label: string, step: () => Promise<unknown>): Promise<void> {
  const tookMs: number[] = [];
  const endMs = performance.now() + seconds * 1000;
  while (performance.now() < endMs) {
    const begunMs = performance.now();
    await step();
    tookMs.push(performance.now() - begunMs);
  }
  tookMs.sort((a, b) => a - b);
  const at = (part: number): string => tookMs[Math.floor((tookMs.length - 1) * part)]!.toFixed(2);
  const rate = Math.round(tookMs.length / seconds);
  const times = `p50 ${at(0.5)}  p99 ${at(0.99)}  max ${at(1)} ms`;
  say(`${label.padEnd(48)} ${String(rate).padStart(6)}/s  ${times}`);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

const records = await open('bench');
let version = 0;
async function change(): Promise<void> {
  const set = await records.compareAndSet('bench/own', version, value);
  if (set.status === 'done') version = set.version;
}

await measure('get, 400 bytes', () => records.get('bench/own'));
await measure('compareAndSet, 400 bytes', change);
await measure('compareAndSet, 32 keys at one time', () =>
  Promise.all(Array.from({ length: 32 }, (_, index) => changeAny(`bench/${index}`))),
);
await measure('setFields with guard', () =>
  records.setFields('bench/map', { hb: value }, { field: 'inc', equals: undefined }),
);

const writer = new RecordsProcess('write', join(temporary, 'store'), 'writer', 'other');
await writer.line('done');
const before = writer.lines.length;
await measure('compareAndSet beside a process that does so too', change);
say(`  that process: ${Math.round((writer.lines.length - before) / seconds)}/s`);
await writer.end();

const watcher = new RecordsProcess('watch', join(temporary, 'store'), 'watcher', 'channel');
await watcher.line('ready');
await measure('notify another process, with its answer', () =>
  records.notify('channel', new Uint8Array(200), 1000),
);
await watcher.stop();
const holder = new RecordsProcess('hold', join(temporary, 'store'), 'holder', '60000');
await holder.line('holding');
await holder.stop();
const begunMs = performance.now();
await change();
const heldUpMs = Math.round(performance.now() - begunMs);
say(`a holder stopped inside a transaction held up a change for ${heldUpMs} ms`);
await Promise.all([watcher.end(), holder.end()]);
await records.close();
await rm(temporary, { recursive: true });

async function changeAny(key: string): Promise<void> {
  const expected = (await records.get(key))?.version ?? 0;
  await records.compareAndSet(key, expected, value);
}
