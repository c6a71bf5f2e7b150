// Proves what logins and discovery see of a document: access lists, LUN maps of initiators, CHAP of
// initiators, portals of IPv6, states of port groups, and the switch to another document.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GatewayDirectory } from '../../../src/gateway/directory.ts';
import type { Portal } from '../../../src/iscsi/contracts.ts';
import type { MemberState, MembersView } from '../../../src/members/members.ts';
import type { DeviceServer } from '../../../src/scsi/device-server.ts';
import type { LogicalUnit } from '../../../src/scsi/logical-unit.ts';
import type { LunMap, Nexus, NexusIdentity } from '../../../src/scsi/nexus.ts';
import { clusterDocument } from '../../support/cluster-document.ts';

const target = 'iqn.2026-11.com.example:t';
const [host1, host2] = ['iqn.1994-05.com.example:host1', 'iqn.1994-05.com.example:host2'];
const portal: Portal = { address: '2001:db8::1', port: 3260, portalGroupTag: 7 };
const other: Portal = { address: '192.0.2.2', port: 3261, portalGroupTag: 8 };
const gateways = [
  { name: 'g0', portals: [{ ...portal, relativePortIdentifier: 17 }] },
  { name: 'g1', portals: [{ ...other, relativePortIdentifier: 18 }] },
];
const disks = ['a', 'b'].map((name) => ({ name, size: '1M' }));
const secret = (letter: string) => letter.repeat(16);
// The directory hands units on and never looks inside.
const units = new Map(['a', 'b'].map((name) => [name, { name } as unknown as LogicalUnit]));

class Opened implements DeviceServer {
  readonly nexuses: { identity: NexusIdentity; luns: LunMap }[] = [];

  openNexus(identity: NexusIdentity, luns: LunMap): Nexus {
    this.nexuses.push({ identity, luns });
    return {} as Nexus;
  }
}

function serving(targets: readonly object[], name = 'g0', rest: object = {}) {
  const opened = new Opened();
  const directory = new GatewayDirectory(name, () => opened);
  directory.serve(clusterDocument({ disks, gateways, targets, ...rest }), units);
  return { directory, opened };
}

test('who is not in the access list sees no target and enters none', () => {
  const { directory } = serving([
    { iqn: target, luns: { 0: 'a' }, access: [{ initiator: host1 }] },
  ]);
  assert.deepEqual([...directory.listTargets(host2)], []);
  assert.equal(directory.findTarget(target, portal)?.admit(host2), undefined);
  assert.equal(directory.lunsOf(target, 7, host2), undefined);
  const [listed] = [...directory.listTargets(host1)];
  assert.deepEqual([...directory.listTargets(host1, target)], [listed]);
  assert.deepEqual([...directory.listTargets(host1, `${target}x`)], []);
  assert.equal(listed?.targetName, target);
  assert.deepEqual(listed?.portals, [portal, other]);
});

test('an empty access list admits nobody, "any" admits everybody', () => {
  const closed = serving([{ iqn: target, access: [] }]).directory;
  assert.deepEqual([...closed.listTargets(host1)], []);
  const { directory } = serving([{ iqn: target, access: 'any' }]);
  assert.ok(directory.findTarget(target, portal)?.admit(host2));
});

test('a target is there through the portals of this gateway alone', () => {
  const { directory } = serving([{ iqn: target, access: 'any' }]);
  assert.equal(directory.findTarget(target, other), undefined);
  assert.equal(directory.findTarget('iqn.2026-11.com.example:none', portal), undefined);
  const { port } = directory.findTarget(target, portal) ?? assert.fail();
  const { relativePortIdentifier, portGroup, name } = port;
  assert.deepEqual([relativePortIdentifier, portGroup], [17, 7]);
  assert.equal(name, `${target},t,0x0007`);
});

test("an initiator with a LUN map of its own gets that, others the target's", () => {
  const access = [{ initiator: host1, luns: { 5: 'b' } }, { initiator: host2 }];
  const { directory, opened } = serving([{ iqn: target, luns: { 0: 'a' }, access }]);
  const entry = directory.findTarget(target, portal) ?? assert.fail();
  entry.admit(host1)?.openNexus(`${host1},i,0x1`);
  entry.admit(host2)?.openNexus(`${host2},i,0x1`);
  const [first, second] = opened.nexuses;
  assert.deepEqual([...(first?.luns ?? [])], [[5, units.get('b')]]);
  assert.deepEqual([...(second?.luns ?? [])], [[0, units.get('a')]]);
  assert.equal(first?.identity.initiatorPort, `${host1},i,0x1`);
});

test('a disk that is not open leaves its LUN out, and no other', () => {
  const { directory } = serving([{ iqn: target, luns: { 0: 'a', 1: 'b' }, access: 'any' }]);
  const document = clusterDocument({
    disks,
    gateways,
    targets: [{ iqn: target, luns: { 0: 'a', 1: 'b' }, access: 'any' }],
  });
  directory.serve(document, new Map([...units].filter(([name]) => name === 'b')));
  assert.deepEqual([...(directory.lunsOf(target, 7, host1)?.keys() ?? [])], [1]);
});

test('CHAP: of the initiator, else of the target; of discovery apart from both', () => {
  const chap = (letter: string, mutual?: object) => ({
    user: letter,
    secret: secret(letter),
    mutual,
  });
  const access = [
    { initiator: host1, chap: chap('i', { user: 'm', secret: secret('m') }) },
    { initiator: host2 },
  ];
  const rest = { discovery: { chap: chap('d') } };
  const { directory } = serving([{ iqn: target, access, chap: chap('t') }], 'g0', rest);
  const entry = directory.findTarget(target, portal) ?? assert.fail();
  const text = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString();
  const one = entry.admit(host1)?.authentication;
  assert.deepEqual([one?.initiator.user, text(one?.initiator.secret)], ['i', secret('i')]);
  assert.deepEqual([one?.target?.user, text(one?.target?.secret)], ['m', secret('m')]);
  const two = entry.admit(host2)?.authentication;
  assert.deepEqual([two?.initiator.user, two?.target], ['t', undefined]);
  assert.equal(directory.discoveryAuthentication?.initiator.user, 'd');
});

test('a draining gateway shows its own port group unavailable, and no other', () => {
  const { directory } = serving([{ iqn: target, access: 'any' }]);
  const states = () =>
    directory.portGroups(target).map(({ portGroup, state }) => [portGroup, state]);
  assert.deepEqual(states(), [
    [7, 'activeOptimized'],
    [8, 'activeOptimized'],
  ]);
  directory.draining = true;
  assert.deepEqual(states(), [
    [7, 'unavailable'],
    [8, 'activeOptimized'],
  ]);
});

test('another document takes effect whole', () => {
  const { directory } = serving([
    { iqn: target, luns: { 0: 'a' }, access: [{ initiator: host1 }] },
  ]);
  directory.serve(clusterDocument({ disks, gateways }), units);
  assert.equal(directory.findTarget(target, portal), undefined);
  assert.deepEqual([...directory.listTargets(host1)], []);
  assert.equal(directory.lunsOf(target, 7, host1), undefined);
});

function view(...members: readonly Partial<MemberState>[]): MembersView {
  const common = { life: 1, epoch: 0, documentVersion: 1, unsettled: [] };
  const fill = (member: Partial<MemberState>): MemberState => ({
    ...{ name: 'g0', incarnation: `${member.name}-1`, start: 1, state: 'serving' },
    ...{ isDraining: false, hasLeft: false, instances: [], fenceEpoch: undefined },
    heartbeat: { counter: 1, epoch: 0, isHolding: false },
    ...member,
  });
  return { ...common, members: members.map(fill) };
}

test('port groups of gateways that do not admit initiators are unavailable, through every one', () => {
  const through = ['g0', 'g1'].map((name) => serving([], name).directory);
  const states = () =>
    through.map((directory) =>
      directory
        .portGroups(target)
        .map(({ state }) => state)
        .join(),
    );
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
    through[1]!.draining = true;
    for (const directory of through) directory.follow(view(g0, ...members));
    assert.deepEqual(states(), both('activeOptimized,unavailable'), JSON.stringify(members));
    through[1]!.draining = false;
    for (const directory of through) directory.follow(view(g0, { name: 'g1' }));
    assert.deepEqual(states(), both('activeOptimized,activeOptimized'));
  }
});

test('a change of state is found once, also that of a gateway which was back at once', () => {
  const { directory } = serving([]);
  const g0 = { name: 'g0' };
  const g1 = { name: 'g1' };
  const follow = (...members: readonly Partial<MemberState>[]) =>
    directory.follow(view(...members));
  assert.equal(follow(g0, g1), false, 'there is no state before the first');
  assert.equal(follow(g0, g1), false);
  assert.equal(follow(g0, { ...g1, state: 'closed' }), true);
  assert.equal(follow(g0, { ...g1, state: 'finished' }), false, 'it was not there before');
  assert.equal(follow(g0, { ...g1, incarnation: '2', state: 'joining' }), false);
  assert.equal(follow(g0, { ...g1, incarnation: '2' }), true);
  assert.equal(follow(g0, { ...g1, incarnation: '3' }), true);
  assert.equal(follow(g0, { ...g1, incarnation: '3' }, { name: 'stranger' }), false);
  assert.equal(follow(g0, { ...g1, incarnation: '3', isDraining: true }), true);
  assert.equal(follow(g0, { ...g1, incarnation: '3', state: 'finished', hasLeft: true }), false);
});
