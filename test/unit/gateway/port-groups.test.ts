// Proves that states of port groups follow from the document and the members alone, and that a
// change of state is found once.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PortGroups } from '../../../src/gateway/port-groups.ts';
import { servedDocument } from '../../../src/gateway/served-document.ts';
import type { MemberState, MembershipView } from '../../../src/membership/membership.ts';
import { clusterDocument } from '../../support/cluster-document.ts';

const portal = { address: '192.0.2.1', port: 3260, portalGroupTag: 7, relativePortIdentifier: 17 };
const other = { address: '192.0.2.2', port: 3260, portalGroupTag: 8, relativePortIdentifier: 18 };
const second = { ...other, port: 3261 };
const document = clusterDocument({
  gateways: [
    { name: 'g0', portals: [portal] },
    { name: 'g1', portals: [other, second] },
  ],
});

function serving(name: string): PortGroups {
  const portGroups = new PortGroups(name);
  portGroups.serve(servedDocument(document, new Map()).portGroups);
  return portGroups;
}

test('a port group has one target port, however many portals it has', () => {
  assert.deepEqual(serving('g0').all, [
    { portGroup: 7, state: 'activeOptimized', relativePortIdentifiers: [17] },
    { portGroup: 8, state: 'activeOptimized', relativePortIdentifiers: [18] },
  ]);
});

test('a draining gateway shows its own port group unavailable, and no other', () => {
  const portGroups = serving('g0');
  portGroups.isDraining = true;
  assert.deepEqual(
    portGroups.all.map(({ portGroup, state }) => [portGroup, state]),
    [
      [7, 'unavailable'],
      [8, 'activeOptimized'],
    ],
  );
});

function view(...members: readonly Partial<MemberState>[]): MembershipView {
  const common = { life: 1, epoch: 0, documentVersion: 1, marks: [] };
  const fill = (member: Partial<MemberState>): MemberState => ({
    ...{ name: 'g0', incarnation: `${member.name}-1`, start: 1, state: 'serving' },
    ...{
      isDraining: false,
      isAtRest: false,
      hasLeft: false,
      instances: [],
      fenceEpoch: undefined,
      enforcesEvents: true,
    },
    heartbeat: { counter: 1, epoch: 0, isHolding: false, acknowledged: new Map() },
    ...member,
  });
  return { ...common, members: members.map(fill) };
}

test('port groups of gateways that do not admit initiators are unavailable, through every one', () => {
  const through = ['g0', 'g1'].map(serving);
  const states = () => through.map(({ all }) => all.map(({ state }) => state).join());
  const both = (text: string) => [text, text];
  assert.deepEqual(states(), both('activeOptimized,activeOptimized'), 'none is known of');
  const [g0] = [{ name: 'g0' }];
  const others: readonly (readonly Partial<MemberState>[])[] = [
    [],
    [{ name: 'g1', state: 'joining' }],
    [{ name: 'g1', state: 'closed' }],
    [{ name: 'g1', state: 'finished' }],
    [{ name: 'g1', isDraining: true }],
  ];
  for (const members of others) {
    // The gateway that is away does not answer, or knows that it drains.
    through[1]!.isDraining = true;
    for (const each of through) each.follow(view(g0, ...members));
    assert.deepEqual(states(), both('activeOptimized,unavailable'), JSON.stringify(members));
    through[1]!.isDraining = false;
    for (const each of through) each.follow(view(g0, { name: 'g1' }));
    assert.deepEqual(states(), both('activeOptimized,activeOptimized'));
  }
});

test('a change of state is found once, also that of a gateway which was back at once', () => {
  const portGroups = serving('g0');
  const g0 = { name: 'g0' };
  const g1 = { name: 'g1' };
  const follow = (...members: readonly Partial<MemberState>[]) =>
    portGroups.follow(view(...members));
  assert.equal(follow(g0, g1), false, 'there is no state before the first');
  assert.equal(follow(g0, g1), false);
  assert.equal(follow(g0, { ...g1, state: 'closed' }), true);
  assert.equal(follow(g0, { ...g1, state: 'finished' }), false, 'it was not there before');
  assert.equal(follow(g0, { ...g1, incarnation: '2', state: 'joining' }), false);
  assert.equal(follow(g0, { ...g1, incarnation: '2' }), true);
  assert.equal(follow(g0, { ...g1, incarnation: '3' }), true);
  assert.equal(follow(g0, { ...g1, incarnation: '3' }, { name: 'other' }), false);
  assert.equal(follow(g0, { ...g1, incarnation: '3', isDraining: true }), true);
  assert.equal(follow(g0, { ...g1, incarnation: '3', state: 'finished', hasLeft: true }), false);
});
