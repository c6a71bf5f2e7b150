// For how long a member is silent counts from when this gateway has seen its last heartbeat itself.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SignsOfLife } from '../../../src/membership/signs-of-life.ts';
import { MembershipWorld, type SimGateway } from '../../support/membership-world.ts';

test('a silence begins with the first look at a heartbeat, and each new one ends it', async () => {
  const world = new MembershipWorld(1);
  const [a] = (await world.serving('a', 'b')) as [SimGateway, SimGateway];
  const view = await world.read();
  const [first] = view.members;
  assert.equal(first?.name, a.name);
  const at = (counter: number) => ({ ...first, heartbeat: { ...first.heartbeat, counter } });
  const signs = new SignsOfLife(world.clock);
  assert.equal(signs.silentForMs(at(7)), 0, 'not seen yet');
  const look = async (counter: number) => {
    signs.see({ ...view, members: [at(counter)] });
    await world.clock.advance(300);
  };
  for (const counter of [7, 7, 7]) await look(counter);
  assert.equal(signs.silentForMs(at(7)), 900);
  assert.equal(signs.silentForMs(at(8)), 0, 'one that came since the last look');
  await look(8);
  assert.equal(signs.silentForMs(at(8)), 300);
  signs.see({ ...view, members: [] });
  assert.equal(signs.silentForMs(at(8)), 0, 'forgotten');
});
