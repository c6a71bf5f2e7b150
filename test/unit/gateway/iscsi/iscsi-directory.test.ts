// Proves what iSCSI logins and discovery see of a document: access lists, LUN maps of initiators,
// CHAP of initiators, portals of IPv6, and the switch to another document.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { IscsiDirectory } from '../../../../src/gateway/iscsi/iscsi-directory.ts';
import { servedDocument } from '../../../../src/gateway/served-document.ts';
import type { Portal } from '../../../../src/iscsi/contracts.ts';
import type { DeviceServer } from '../../../../src/scsi/device-server.ts';
import type { LogicalUnit } from '../../../../src/scsi/logical-unit.ts';
import type { LunMap, Nexus } from '../../../../src/scsi/nexus.ts';
import type { NexusIdentity } from '../../../../src/scsi/nexus-identity.ts';
import { clusterDocument } from '../../../support/cluster-document.ts';
import { path } from '../../../support/scsi-call.ts';

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

function serving(targets: readonly object[], rest: object = {}) {
  const opened = new Opened();
  const portGroups = { isDraining: false };
  const directory = new IscsiDirectory({ gateway: 'g0', deviceServer: opened, portGroups });
  const serve = (parts: object, open = units) =>
    directory.serve(servedDocument(clusterDocument({ disks, gateways, ...parts }), open));
  serve({ targets, ...rest });
  return { directory, opened, portGroups, serve };
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
  assert.equal(directory.findTarget(target, portal)?.relativePortIdentifier, 17);
});

test("an initiator with a LUN map of its own gets that, others the target's", () => {
  const access = [{ initiator: host1, luns: { 5: 'b' } }, { initiator: host2 }];
  const { directory, opened } = serving([{ iqn: target, luns: { 0: 'a' }, access }]);
  const entry = directory.findTarget(target, portal) ?? assert.fail();
  entry.admit(host1)?.openNexus(path);
  entry.admit(host2)?.openNexus(path);
  const [first, second] = opened.nexuses;
  assert.deepEqual([...(first?.luns ?? [])], [[5, units.get('b')]]);
  assert.deepEqual([...(second?.luns ?? [])], [[0, units.get('a')]]);
  assert.equal(first?.identity, path);
});

test('a disk that is not open leaves its LUN out, and no other', () => {
  const targets = [{ iqn: target, luns: { 0: 'a', 1: 'b' }, access: 'any' }];
  const { directory, serve } = serving(targets);
  serve({ targets }, new Map([...units].filter(([name]) => name === 'b')));
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
  const { directory } = serving([{ iqn: target, access, chap: chap('t') }], rest);
  const entry = directory.findTarget(target, portal) ?? assert.fail();
  const text = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString();
  const one = entry.admit(host1)?.authentication;
  assert.deepEqual([one?.initiator.user, text(one?.initiator.secret)], ['i', secret('i')]);
  assert.deepEqual([one?.target?.user, text(one?.target?.secret)], ['m', secret('m')]);
  const two = entry.admit(host2)?.authentication;
  assert.deepEqual([two?.initiator.user, two?.target], ['t', undefined]);
  assert.equal(directory.discoveryAuthentication?.initiator.user, 'd');
});

test('logins are refused while the gateway drains', () => {
  const { directory, portGroups } = serving([]);
  assert.equal(directory.draining, false);
  portGroups.isDraining = true;
  assert.equal(directory.draining, true);
});

test('before a document is served there is nothing', () => {
  const portGroups = { isDraining: false };
  const empty = new IscsiDirectory({ gateway: 'g0', deviceServer: new Opened(), portGroups });
  assert.equal(empty.hasPortal(portal), false);
  assert.equal(empty.findTarget(target, portal), undefined);
  assert.deepEqual([...empty.listTargets(host1)], []);
  assert.equal(empty.discoveryAuthentication, undefined);
});

test('another document takes effect whole', () => {
  const { directory, serve } = serving([
    { iqn: target, luns: { 0: 'a' }, access: [{ initiator: host1 }] },
  ]);
  serve({});
  assert.equal(directory.findTarget(target, portal), undefined);
  assert.deepEqual([...directory.listTargets(host1)], []);
  assert.equal(directory.lunsOf(target, 7, host1), undefined);
});
