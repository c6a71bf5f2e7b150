// Proves that each thing that can be wrong is one problem in words, and that nothing else is one.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { GatewayStatus } from '../../../../src/control/channels.ts';
import {
  type StatusFacts,
  statusProblems,
} from '../../../../src/control/status/status-problems.ts';

const GIB = 2 ** 30;
const EMPTY = { usedBytes: 0, availableBytes: 0 };

function gateway(name: string, part: Partial<GatewayStatus> = {}): GatewayStatus {
  return {
    ...{ name, pid: 1, documentVersion: 5, draining: false, uptimeSeconds: 1 },
    ...{ residentBytes: 1, portals: ['192.0.2.1:3260'], sessionCount: 0, sessions: [] },
    traffic: {
      ...{ reads: 0, writes: 0, otherCommands: 0, bytesRead: 0, bytesWritten: 0 },
      ...{ readsPerSecond: 0, writesPerSecond: 0, bytesReadPerSecond: 0, bytesWrittenPerSecond: 0 },
    },
    ...part,
  };
}

/** What is wrong of a cluster that is well but for `part`: kinds and messages. */
function found(part: Partial<StatusFacts>): string[] {
  const facts: StatusFacts = {
    version: 5,
    gateways: [gateway('a'), gateway('b')],
    wanted: ['a', 'b'],
    ...{ silent: [], silentStates: [], stuck: [], unserved: [], renamed: [], places: [] },
    members: { life: 1, barrierEpoch: 0, list: [] },
    units: { marked: 0, list: [] },
    softThresholdPercent: 80,
    ...part,
  };
  const problems = statusProblems(facts, {
    gatewayCommand: (name) => `allpath gateway --store s --name ${name}`,
  });
  return problems.map(({ kind, message }) => `${kind}: ${message}`);
}

test('nothing is wrong where every gateway serves all of the newest version', () => {
  assert.deepEqual(found({}), []);
  // It was applied while status asked.
  assert.deepEqual(found({ version: 4 }), []);
  assert.deepEqual(found({ version: 4, wanted: ['a'] }), [], 'b came with it');
});

test('a document without gateways serves nothing, which is told with what to do', () => {
  const [only, ...more] = found({ gateways: [], wanted: [] });
  assert.match(only!, /^gatewaysMissing: the document has no gateways, .* "allpath apply" it$/);
  assert.deepEqual(more, []);
});

test('a store without a document has only that problem', () => {
  const [only, ...more] = found({ version: 0, gateways: [], wanted: [] });
  assert.match(only!, /^documentMissing: the store has no document yet: "allpath apply"/);
  assert.deepEqual(more, []);
});

test('a gateway that does not answer is told with its state', () => {
  for (const [state, words] of [
    ['not running', /a is not running: start it \(allpath gateway --store s --name a\)$/],
    ['no answer', /a does not answer, but its process is running$/],
    ['joining', /a is starting, and does not serve yet$/],
    ['draining', /a is stopping: it drains$/],
    ['closed', /a is being fenced$/],
    ['fenced', /a was fenced and does not serve yet: see its log, or start it \(allpath/],
  ] as const) {
    const silentStates = [{ name: 'a', state, portals: [] }];
    const [only, ...more] = found({ gateways: [gateway('b')], silentStates });
    assert.match(only!, /^gatewayNotServing: gateway /);
    assert.match(only!, words);
    assert.deepEqual(more, []);
  }
});

test('a gateway that answers is wrong if it drains, is behind, or is in no document', () => {
  const others = [
    gateway('a', { draining: true, documentVersion: 4 }),
    gateway('b', { documentVersion: 4 }),
    gateway('c', { portals: [] }),
  ];
  assert.deepEqual(found({ gateways: others }), [
    'gatewayNotServing: gateway a is stopping: it drains',
    'gatewayBehind: gateway b serves version 4 of the document, which is at version 5: ' +
      'see its log if this persists',
    'gatewayUnknown: gateway c is not in the document and serves nothing: stop its process',
  ]);
});

function member(incarnation: string, name: string, isHolding: boolean, enforcesEvents = true) {
  const state = 'serving' as const;
  const rest = { state, start: 1, isDraining: false, instances: 1, enforcesEvents };
  return { incarnation, name, isHolding, ...rest };
}

test('a gateway of a release that does not enforce reservations is named', () => {
  const list = [member('1', 'a', false), member('2', 'b', false, false)];
  assert.deepEqual(found({ members: { life: 1, barrierEpoch: 3, list } }), [
    'gatewayTooOld: gateway b runs a release that does not enforce reservations: no host can ' +
      'reserve a disk until it is upgraded',
  ]);
});

test('a gateway that answers is wrong while it holds commands', () => {
  const list = [member('1', 'a', true), member('2', 'a', false), member('3', 'b', true)];
  assert.deepEqual(found({ members: { life: 1, barrierEpoch: 3, list } }), [
    "gatewayNotServing: gateway b holds new commands until Ceph's monitors answer",
  ]);
});

test('a disk is told once, whatever the number of its gateways', () => {
  const disks = [{ disk: 'd', reason: 'no image' }];
  const unserved = ['a', 'b'].map((name) => ({ gateway: name, count: 1, disks }));
  assert.deepEqual(found({ unserved }), ['diskNotServed: disk d: not served by a, b: no image']);
  const full = ['a', 'b'].map((name) => gateway(name, { fullDisks: ['e', 'd'] }));
  assert.deepEqual(
    found({ gateways: full }).map((line) => line.split(':').slice(0, 2).join()),
    ['diskFull, disk d', 'diskFull, disk e'],
  );
});

test('an image with another name is served; one without a name may go', () => {
  const image = { disk: 'd', volume: 'd', id: '1.2' };
  const [only, ...more] = found({ renamed: [{ ...image, name: 'e' }, image] });
  assert.match(only!, /^imageUnnamed: disk d: its image d with the id 1.2 has no name/);
  assert.deepEqual(more, []);
});

test('a place is nearly full from the soft threshold on', () => {
  const place = (usedBytes: number) => [
    { place: 'pool p', usedBytes, availableBytes: 10 * GIB - usedBytes },
  ];
  assert.deepEqual(found({ places: place(8 * GIB - 1) }), []);
  assert.deepEqual(found({ places: place(8 * GIB) }), [
    'storeNearlyFull: the pool p is nearly full: 80 % of its space are used, 2.0 GiB are left ' +
      '(softThresholdPercent is 80)',
  ]);
  const inodes = { used: 99, available: 1 };
  assert.deepEqual(found({ places: [{ place: 'file system of /s', ...EMPTY, inodes }] }), [
    'storeNearlyFull: the file system of /s is nearly full: 99 % of its inodes are used ' +
      '(softThresholdPercent is 80)',
  ]);
  assert.deepEqual(found({ places: [{ place: 'pool p', ...EMPTY }] }), []);
});
