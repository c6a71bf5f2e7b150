// A whole gateway in the world: it serves a login and a write, is paused, killed and fenced, and
// what it was given is there through the others.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { World } from '../../sim/world.ts';

async function serving(seed: number): Promise<World> {
  const world = new World({ seed });
  await world.start();
  world.work(1);
  await world.run(2_000);
  return world;
}

test('gateways serve logins and commands, and nothing is fenced', async () => {
  const world = await serving(1);
  await world.run(20_000);
  await world.heal(10_000);
  await world.readAll(10_000);
  assert.ok(world.history.blocks.operations > 100);
  assert.equal(world.fences.fences, 0);
  assert.equal(world.cluster.monitor.blocklisted.length, 0);
});

test('a gateway that is paused for long is fenced, and serves again', async () => {
  const world = await serving(2);
  const { process } = world.places[0]!;
  process!.pause();
  await world.until(8_000, 'the fence is finished', () => world.fences.fences === 1);
  process!.resume();
  await world.heal(60_000);
  await world.readAll(10_000);
  assert.equal(world.places[0]!.process, process);
});

test('a gateway that was killed is fenced by its successor or by the others', async () => {
  const world = await serving(3);
  const { process } = world.places[0]!;
  world.places[0]!.kill();
  await world.until(30_000, 'the fence is finished', () => world.fences.fences === 1);
  await world.heal(60_000);
  assert.notEqual(world.places[0]!.process, process);
});

test('a gateway that is cut off from the cluster writes nothing after its fence', async () => {
  const world = await serving(4);
  const { process } = world.places[0]!;
  world.cluster.setLink(process!, { isOsdCut: true, isMonCut: true });
  await world.until(10_000, 'the fence is finished', () => world.fences.fences === 1);
  world.cluster.setLink(process!, { isOsdCut: false, isMonCut: false });
  await world.heal(60_000);
  await world.readAll(10_000);
});
