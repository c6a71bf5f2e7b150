// Proves, with real gateways, that `status` says what is wrong, a line each, and fails then.

import assert from 'node:assert/strict';
import { hostname } from 'node:os';
import { test } from 'node:test';
import { DocumentCluster } from '../support/document-cluster.ts';
import { run } from '../support/run.ts';

const program = new URL('../../bin/allpath', import.meta.url).pathname;
const LIMIT_MS = 240_000;

const parts = {
  settings: { drainSeconds: 0, softThresholdPercent: 100 },
  disks: [
    { name: 'a', size: '1M' },
    { name: 'b', size: '1M' },
  ],
  targets: [{ iqn: 'iqn.2026-11.com.example:t', luns: { 0: 'a', 1: 'b' }, access: 'any' }],
};

/** The cells of each line, tables and all, as people see them. */
async function shown(cluster: DocumentCluster) {
  const { code, stdout } = await run(program, ['status', '--store', cluster.store]);
  return {
    code,
    lines: stdout
      .trimEnd()
      .split('\n')
      .map((line) => line.split(/ {2,}/)),
  };
}

/** When each gateway began, as programs see it. */
async function since(cluster: DocumentCluster): Promise<string[]> {
  const { stdout } = await cluster.allpath('status');
  return JSON.parse(stdout).gateways.map((gateway: { since: string }) => gateway.since);
}

test('status shows each gateway, and fails while one does not serve', {
  timeout: LIMIT_MS,
}, async () => {
  const before = Date.now();
  await using cluster = await DocumentCluster.start(2, parts);
  const served = Date.now();
  const portals = [0, 1].map((i) => `127.0.0.1:${cluster.address(i).port}`);
  const well = await shown(cluster);
  assert.equal(well.code, 0, well.lines.join('\n'));
  assert.deepEqual(well.lines[0], ['GATEWAY', 'STATE', 'SINCE', 'HOST', 'PORTALS', 'DISKS']);
  for (const [i, name] of ['g0', 'g1'].entries()) {
    const [found, state, since, ...rest] = well.lines[i + 1]!;
    assert.deepEqual([found, state], [name, 'serving']);
    assert.ok(Math.abs(Date.parse(since!) - Date.now()) < LIMIT_MS, since);
    assert.deepEqual(rest, [hostname(), portals[i], '2']);
  }
  const began = await since(cluster);
  for (const time of began) {
    assert.ok(Date.parse(time) >= before && Date.parse(time) <= served, time);
  }
  assert.deepEqual(await since(cluster), began);

  // As when its terminal is closed.
  cluster.gateways[1]!.child.kill('SIGHUP');
  await cluster.gateways[1]!.ended();
  const ill = await shown(cluster);
  assert.equal(ill.code, 1);
  assert.deepEqual(ill.lines[2], ['g1', 'not running', '-', '-', portals[1], '-']);
  const command = `allpath gateway --store ${cluster.store} --name g1`;
  const message = `gateway g1 is not running: start it (${command})`;
  assert.deepEqual(ill.lines.at(-1), [message]);
  const { code, stdout } = await cluster.allpath('status');
  const { silentStates, problems, members } = JSON.parse(stdout);
  assert.deepEqual([code, problems], [1, [{ kind: 'gatewayNotServing', message }]]);
  assert.deepEqual(silentStates[0].portals, [portals[1]]);
  const left = members.list.find(({ name }: { name: string }) => name === 'g1');
  assert.equal(left.state, 'left', 'it needs no fence');

  cluster.gateways[1] = cluster.startGateway('g1');
  await cluster.gateways[1].ready();
  // The members may list it a moment later.
  while ((await shown(cluster)).code !== 0);
});
