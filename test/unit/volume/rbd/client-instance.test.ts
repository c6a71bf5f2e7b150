// Proves what happens to the volumes of one client instance: when they may submit, that it is
// fenced once and says what came of it, what its barrier tells, and that its client ends after its
// images.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RadosClient } from '../../../../src/ceph/rados-client.ts';
import { ClientInstance, type InstanceUser } from '../../../../src/volume/rbd/client-instance.ts';
import { settle } from '../../../support/virtual-clock.ts';

const ETIMEDOUT = -110;

function begin() {
  const events: string[] = [];
  const lost = Promise.withResolvers<boolean>();
  const map = Promise.withResolvers<number>();
  const client = {
    addresses: '192.0.2.1:0/1',
    waitForLatestOsdmap: () => map.promise,
    close: async () => void events.push('client closed'),
  };
  const instance = new ClientInstance(client as unknown as RadosClient, async (each) => {
    assert.equal(each, instance);
    events.push(`lost while ${instance.state}`);
    return await lost.promise;
  });
  const idle = Promise.withResolvers<void>();
  const addUser = (name = 'user') => {
    const user: InstanceUser = {
      idle: () => idle.promise,
      suspend: () => void events.push(`${name} suspended`),
      resume: () => void events.push(`${name} resumed`),
      fenced: () => void events.push(`${name} fenced`),
      moveTo: () => {},
      abandon: () => {},
    };
    instance.add(user);
    return user;
  };
  const told = () => events.splice(0);
  return { instance, addUser, told, lost, map, idle };
}

test('its users may submit while it is open, and while it is neither held nor retired', () => {
  const { instance, addUser, told } = begin();
  assert.deepEqual([instance.addresses, instance.state], ['192.0.2.1:0/1', 'open']);
  addUser();
  assert.deepEqual([instance.submits, instance.takesUsers], [true, true]);
  instance.hold();
  assert.deepEqual([instance.submits, instance.takesUsers], [false, true]);
  assert.deepEqual(told(), ['user suspended']);
  instance.release();
  assert.deepEqual([instance.submits, told()], [true, ['user resumed']]);
});

test('a user that left is told nothing', () => {
  const { instance, addUser, told } = begin();
  const user = addUser('first');
  addUser('second');
  instance.delete(user);
  instance.hold();
  assert.deepEqual([told(), instance.users.size], [['second suspended'], 1]);
});

test('it is retired when nothing of its users is in flight, and takes no users meanwhile', async () => {
  const { instance, addUser, told, idle } = begin();
  addUser('first');
  addUser('second');
  let isRetired = false;
  void instance.retire().then(() => {
    isRetired = true;
  });
  await settle();
  assert.deepEqual([told(), isRetired], [['first suspended', 'second suspended'], false]);
  assert.deepEqual([instance.submits, instance.takesUsers, instance.state], [false, false, 'open']);
  instance.hold();
  instance.release();
  assert.ok(!told().includes('first resumed'), 'the end of a hold does not undo it');
  idle.resolve();
  await settle();
  assert.ok(isRetired);
});

test('it is fenced once, however often it is asked, and all hear what came of it', async () => {
  for (const isFenced of [true, false]) {
    const { instance, addUser, told, lost } = begin();
    addUser();
    const fences = [instance.fence(), instance.fence()];
    assert.deepEqual(told(), ['user suspended', 'lost while fencing']);
    assert.deepEqual([instance.state, instance.takesUsers], ['fencing', false]);
    lost.resolve(isFenced);
    assert.deepEqual(await Promise.all(fences), [isFenced, isFenced]);
    assert.deepEqual([instance.state, told()], ['fenced', []]);
  }
});

test('one that is closed cannot be fenced any longer, and one that closes meanwhile stays closed', async () => {
  const closed = begin();
  await closed.instance.close();
  assert.equal(await closed.instance.fence(), false);
  assert.deepEqual(closed.told(), ['client closed']);
  const { instance, lost } = begin();
  const fence = instance.fence();
  await instance.close();
  lost.resolve(true);
  assert.equal(await fence, true);
  assert.equal(instance.state, 'closed');
});

test('the end of a hold resumes nothing of an instance that was lost meanwhile', () => {
  const { instance, addUser, told } = begin();
  addUser();
  instance.hold();
  void instance.fence();
  told();
  instance.release();
  assert.deepEqual(told(), []);
});

test('it passes a barrier when it has the latest map', async () => {
  const { instance, map } = begin();
  let isPassed = false;
  const barrier = instance.passBarrier().then(() => {
    isPassed = true;
  });
  await settle();
  assert.equal(isPassed, false);
  map.resolve(0);
  await barrier;
});

test('a barrier that fails is told, unless the instance is over: then it changes nothing any more', async () => {
  const failing = begin();
  failing.map.resolve(ETIMEDOUT);
  await assert.rejects(failing.instance.passBarrier(), { code: 'cephFailed' });
  const over = begin();
  const barrier = over.instance.passBarrier();
  void over.instance.fence();
  over.map.resolve(ETIMEDOUT);
  await barrier;
  await over.instance.passBarrier();
});

test('its client ends after the last image that librbd has open on it, once', async () => {
  const { instance, told } = begin();
  const [first, second] = [instance.retain(), instance.retain()];
  const closes = [instance.close(), instance.close()];
  assert.equal(instance.state, 'closed');
  first();
  await settle();
  assert.deepEqual(told(), []);
  second();
  await Promise.all(closes);
  assert.deepEqual(told(), ['client closed']);
});
