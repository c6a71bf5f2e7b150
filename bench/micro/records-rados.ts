// The cost of records on RADOS, on a throwaway Ceph: `node bench/micro/records-rados.ts [SECONDS]`.

import { ThrowawayCeph } from '../../lab/ceph/throwaway-ceph.ts';
import { createPool } from '../../lab/ceph/throwaway-pools.ts';
import { openRadosMember } from '../../test/support/rados-member.ts';

const seconds = Number(process.argv[2] ?? 2);
const value = new Uint8Array(400).fill(7);
const LISTED = 1000;

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

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

async function run(osds: number): Promise<void> {
  await using ceph = await ThrowawayCeph.start({ osds });
  await createPool(ceph, 'records');
  const place = { conf: ceph.conf, pool: 'records', namespace: '', user: 'admin' };
  const [one, other] = await Promise.all([
    openRadosMember(place, 'one'),
    openRadosMember(place, 'other'),
  ]);
  const { records } = one;
  const versions = new Map<string, number>();
  async function change(key: string): Promise<void> {
    const set = await records.compareAndSet(key, versions.get(key) ?? 0, value);
    if (set.status === 'done') versions.set(key, set.version);
  }
  say(`${osds} OSD${osds > 1 ? 's' : ''}, bluestore`);
  await change('own');
  await measure('get, 400 bytes', () => records.get('own'));
  await measure('compareAndSet, 400 bytes', () => change('own'));
  const keys = Array.from({ length: 32 }, (_, index) => `lu/${index}`);
  await measure('compareAndSet, 32 keys at one time', () => Promise.all(keys.map(change)));
  await measure('setFields with guard', () =>
    records.setFields('map', { hb: value }, { field: 'inc', equals: undefined }),
  );
  for (const member of [one, other]) {
    await member.records.watch('channel', { onNotify: (message) => message, onLost() {} });
  }
  await measure('notify, two members answer', () => records.notify('channel', value, 5000));
  await measure('list, 33 records', () => records.list(''));
  const many = Array.from({ length: LISTED }, (_, index) => `many/${index}`);
  await Promise.all(many.map(change));
  await measure(`list, ${LISTED} records of 400 bytes`, () => records.list('many/'));
  await Promise.all([one.end(), other.end()]);
}

await run(1);
await run(3);
