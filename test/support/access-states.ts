// The states of port groups as an initiator sees them, and its notification of a change.

import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { reportTargetPortGroups, testUnitReady } from '../initiator/cdb.ts';
import type { Initiator } from '../initiator/initiator.ts';
import { HANG_MS } from './wait-for.ts';

/** ASYMMETRIC ACCESS STATE. */
export const ACTIVE = 0;
export const UNAVAILABLE = 3;

const asymmetricAccessStateChanged = '2a06';
const POLL_MS = 20;
const DESCRIPTOR_OF_ONE_PORT_LENGTH = 12;

/** ASYMMETRIC ACCESS STATE of each port group, in the order of the gateways, of one port each. */
export async function accessStates(initiator: Initiator): Promise<readonly number[]> {
  const states = await statesUnlessPending(initiator);
  return states ?? assert.fail('a unit attention is pending');
}

async function statesUnlessPending(initiator: Initiator): Promise<readonly number[] | undefined> {
  const cdb = reportTargetPortGroups(4096);
  const { status, dataIn } = await initiator.execute({ cdb, dataInLength: 4096 });
  if (status !== 0) return undefined;
  const found: number[] = [];
  for (let at = 4; at < 4 + dataIn.readUInt32BE(0); at += DESCRIPTOR_OF_ONE_PORT_LENGTH) {
    assert.equal(dataIn[at + 7], 1, 'each group has one port');
    found.push(dataIn[at]! & 0x0f);
  }
  return found;
}

/** Takes all unit attentions that are pending at a LUN: their codes in hex. */
export async function pendingAt(initiator: Initiator, lun: number): Promise<readonly string[]> {
  const codes: string[] = [];
  for (;;) {
    const { status, sense } = await initiator.execute({ lun, cdb: testUnitReady() });
    if (status === 0) return codes;
    codes.push(sense.subarray(12, 14).toString('hex'));
  }
}

/** Resolves when every LUN has reported a change; rejects if one reports anything else. */
export async function hearsOnce(initiator: Initiator, luns: readonly number[]): Promise<void> {
  for (const lun of luns) {
    let told: readonly string[] = [];
    const deadline = performance.now() + HANG_MS;
    while (told.length === 0) {
      assert.ok(performance.now() < deadline, `LUN ${lun} hears of it`);
      await delay(POLL_MS);
      told = await pendingAt(initiator, lun);
    }
    assert.deepEqual(told, [asymmetricAccessStateChanged]);
  }
}

export async function hearsNothing(initiator: Initiator, luns: readonly number[]): Promise<void> {
  for (const lun of luns) assert.deepEqual(await pendingAt(initiator, lun), []);
}

/** Takes the unit attentions of a new nexus, until the port groups are in these states. */
export async function seesStates(
  initiator: Initiator,
  luns: readonly number[],
  states: readonly number[],
): Promise<void> {
  const deadline = performance.now() + HANG_MS;
  for (;;) {
    for (const lun of luns) await pendingAt(initiator, lun);
    // Another change may have come meanwhile.
    const seen = await statesUnlessPending(initiator);
    if (seen?.join() === states.join()) return;
    assert.ok(performance.now() < deadline, `${seen} is not ${states}`);
  }
}
