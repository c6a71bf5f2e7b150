// Proves that an initiator that opens all the sessions a gateway has keeps no other out, and ends
// none of theirs: neither a path that comes new nor one that comes back.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testUnitReady } from '../initiator/cdb.ts';
import { Initiator } from '../initiator/initiator.ts';
import { InitiatorError } from '../initiator/initiator-error.ts';
import type { Isid } from '../initiator/login.ts';
import { Demo, demoTargetName } from '../support/demo.ts';
import { SeededRandom } from '../support/seeded-random.ts';
import type { AttackField } from './attacks/attack.ts';
import { AttackSession } from './attacks/attack-session.ts';

/** More than a gateway has for initiators that no document names, and than it has in all. */
const FLOOD = 1_100;
const AT_ONCE = 16;
const OUT_OF_RESOURCES = { statusClass: 3, statusDetail: 2 };

const targetName = demoTargetName;

/** Undefined: refused, because there is no session for it. */
async function floodSession(field: AttackField): Promise<AttackSession | undefined> {
  try {
    return await AttackSession.openOnce(field, 'iqn.2026-11.test:flood');
  } catch (error) {
    if (!(error instanceof InitiatorError)) throw error;
    assert.deepEqual(error.data, OUT_OF_RESOURCES);
    return undefined;
  }
}

/** Logs in so many times in all; returns what was let in. */
async function flood(field: AttackField, logins: number): Promise<AttackSession[]> {
  const open: AttackSession[] = [];
  for (let done = 0; done < logins; done += AT_ONCE) {
    const opening = Array.from({ length: AT_ONCE }, () => floodSession(field));
    for (const each of await Promise.all(opening)) if (each !== undefined) open.push(each);
  }
  return open;
}

test('a flood of sessions', async (t) => {
  await using demo = await Demo.start({ gateways: 1 });
  const field: AttackField = {
    ...{ address: demo.address(0), targetName, sessions: 0, blockLength: 512, blocks: 0 },
    ...{ random: new SeededRandom(1), tally: { requests: 0, answers: 0, ended: 0 } },
  };
  const hostOf = (name: string, isid: Isid) =>
    Initiator.connect({
      ...demo.address(0),
      targetName,
      initiatorName: `iqn.2026-11.test:${name}`,
      isid,
    });
  const isid = { high: 0x8000, low: 1 };
  const before = await hostOf('before', isid);
  const open = await flood(field, FLOOD);
  t.diagnostic(`${open.length} sessions of one initiator`);
  assert.ok(open.length < FLOOD && open.length > FLOOD / 2);
  const back = await hostOf('before', isid);
  await before.connection.closed;
  const paths = [
    await hostOf('new', { high: 0x8000, low: 2 }),
    await hostOf('new', { high: 0x8000, low: 3 }),
  ];
  assert.deepEqual(await flood(field, 10 * AT_ONCE), []);
  for (const host of [back, ...paths]) {
    await host.execute({ cdb: testUnitReady() });
    await host.logout();
  }
  for (const { connection } of open) connection.destroy();
});
