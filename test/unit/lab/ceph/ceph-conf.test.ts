// Proves that a cluster's configuration names no folder but its own, sets nothing for clients, and
// lets lines of the caller win.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cephConf } from '../../../../lab/ceph/ceph-conf.ts';

const options = {
  folder: '/tmp/somewhere',
  fsid: 'f',
  address: '192.0.2.1',
  ports: { first: 10_000, last: 10_099 },
  mons: 1,
  backend: 'bluestore',
  osdSizeBytes: 2 ** 30,
  poolSize: 1,
  lines: {},
} as const;

function section(text: string, name: string): string[] {
  const body = text.split(/^\[(\w+)\]$/m);
  return (body[body.indexOf(name) + 1] ?? assert.fail(name)).trim().split('\n');
}

test('every path lies in its folder; clients are told where the monitor is, and no more', () => {
  const text = cephConf(options);
  const paths = [...text.matchAll(/= (\/.*)$/gm)].map(([, path]) => path!);
  assert.ok(paths.length > 5);
  for (const path of paths) assert.ok(path.startsWith('/tmp/somewhere/'), path);
  assert.deepEqual(section(text, 'client'), ['']);
  assert.ok(section(text, 'global').includes('mon host = [v2:192.0.2.1:10000]'));
});

test('several monitors have a port each, and the other daemons the ports behind them', () => {
  const lines = section(cephConf({ ...options, mons: 3 }), 'global');
  const addresses = [10_000, 10_001, 10_002].map((port) => `[v2:192.0.2.1:${port}]`);
  assert.ok(lines.includes(`mon host = ${addresses.join(',')}`));
  assert.ok(lines.includes('ms bind port min = 10003'));
});

test('lines of the caller come last in their section', () => {
  const osd = ['osd heartbeat grace = 5'];
  const text = cephConf({ ...options, lines: { osd, client: ['rbd cache = true'] } });
  assert.equal(section(text, 'osd').at(-1), osd[0]);
  assert.deepEqual(section(text, 'client'), ['rbd cache = true']);
});
