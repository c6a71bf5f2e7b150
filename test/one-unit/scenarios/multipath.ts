// Hosts that reserve through dm-multipath, each with a path through every gateway
// (`multipath-device.ts` names the source), and the agent that fences by it:
// agents/mpath/fence_mpath.py of github.com/ClusterLabs/fence-agents at 08047403.

import assert from 'node:assert/strict';
import { RESERVATION_CONFLICT, write } from '../commands.ts';
import { each, type Nexuses } from '../nexuses.ts';
import { haveKeys, haveReservation, onlyWrite, repeated, Type } from '../reservations-seen.ts';
import type { Row } from '../row.ts';
import { Code } from '../told.ts';
import { MultipathDevice } from './multipath-device.ts';

const KEY_A = 0xa1;
const NEW_KEY_A = 0xa2;
const KEY_B = 0xb2;
const type = Type.writeExclusiveRegistrantsOnly;

/** Both hosts have registered; host a has reserved, through its first path. */
async function reservedByA(nexuses: Nexuses, reservationType: number = type) {
  const [a, b] = [nexuses.of('a'), nexuses.of('b')].map((paths) => new MultipathDevice(paths));
  await a!.register(KEY_A);
  await b!.register(KEY_B);
  await a!.reserve(reservationType);
  await nexuses.areTold({});
  return { a: a!, b: b! };
}

function keysOfBoth(a: number, pathsOfA: number, { paths }: MultipathDevice): readonly number[] {
  return [...repeated(a, pathsOfA), ...repeated(KEY_B, paths.length)];
}

export const multipath: readonly Row[] = [
  {
    name: 'multipath: RELEASE of a reservation that a lost path holds',
    run: async ({ nexuses }) => {
      const { a, b } = await reservedByA(nexuses);
      const { first: holder, all } = nexuses;
      holder.cut();
      await a.release(type);
      await nexuses.areTold(each(b.paths, Code.reservationsReleased));
      await haveReservation(nexuses.connected, undefined);
      await haveKeys(nexuses.connected, keysOfBoth(KEY_A, a.pathsUp.length, b));
      await onlyWrite(nexuses.connected, nexuses.connected);
      await holder.logInAgain();
      await a.registerPath(holder);
      await haveKeys(all, keysOfBoth(KEY_A, a.paths.length, b));
      await a.reserve(type);
      await onlyWrite(all, all);
    },
  },
  {
    name: 'multipath: another key, while a lost path holds the reservation with the one before',
    run: async ({ nexuses }) => {
      const { a, b } = await reservedByA(nexuses);
      const { first: holder, all } = nexuses;
      holder.cut();
      await a.register(NEW_KEY_A);
      await nexuses.areTold({});
      await haveReservation(nexuses.connected, { key: NEW_KEY_A, type });
      await haveKeys(nexuses.connected, keysOfBoth(NEW_KEY_A, a.pathsUp.length, b));
      await holder.logInAgain();
      assert.equal(await holder.status(write()), RESERVATION_CONFLICT);
      await a.registerPath(holder);
      await onlyWrite(all, all);
      await haveKeys(all, keysOfBoth(NEW_KEY_A, a.paths.length, b));
    },
  },
  {
    name: 'multipath: another key, while a path has none yet',
    run: async ({ nexuses }) => {
      const { a, b } = await reservedByA(nexuses);
      const { firstElsewhere, all } = nexuses;
      firstElsewhere.cut();
      await firstElsewhere.logInAgain({ asNewPort: true });
      await a.register(NEW_KEY_A);
      // The previous port keeps its key.
      await haveKeys(all, [KEY_A, ...keysOfBoth(NEW_KEY_A, a.paths.length, b)]);
      await haveReservation(all, { key: NEW_KEY_A, type });
      await onlyWrite(all, all);
      await nexuses.areTold({});
    },
  },
  {
    name: 'multipath: RESERVE of a host that holds already is good at the path that holds',
    run: async ({ nexuses }) => {
      const { a } = await reservedByA(nexuses);
      const paths = [...a.paths].reverse();
      const taken = await new MultipathDevice(paths, KEY_A).reserve(type);
      assert.equal(taken, nexuses.first);
      await nexuses.areTold({});
    },
  },
  {
    name: 'multipath: PREEMPT of all registrants leaves one host',
    run: async ({ nexuses }) => {
      const { a, b } = await reservedByA(nexuses, Type.writeExclusiveAllRegistrants);
      const { all } = nexuses;
      await onlyWrite(all, all);
      await a.preemptAllRegistrants(Type.writeExclusiveAllRegistrants);
      await nexuses.areTold(each(b.paths, Code.registrationsPreempted));
      await haveKeys(all, repeated(KEY_A, a.paths.length));
      await onlyWrite(all, a.paths);
    },
  },
  {
    name: 'fence_mpath: a node that is fenced while a gateway is gone stays so when that is back',
    run: async ({ nexuses, killAndStart }) => {
      const { a, b } = await reservedByA(nexuses);
      const { last, all } = nexuses;
      await killAndStart(last.gateway, async () => {
        const lost = all.filter(({ gateway }) => gateway === last.gateway);
        for (const path of lost) path.cut();
        for (const path of nexuses.connected) await path.isTold(Code.asymmetricAccessStateChanged);
        await a.preemptAndAbort(KEY_B, type);
        await nexuses.areTold(each(b.pathsUp, Code.registrationsPreempted));
        await onlyWrite(nexuses.connected, a.pathsUp);
      });
      for (const path of nexuses.except(...nexuses.connected)) await path.logInAgain();
      for (const path of all) {
        const status = a.paths.includes(path) ? 0 : RESERVATION_CONFLICT;
        assert.equal(await path.statusPastAttentions(write()), status, path.name);
      }
      await haveKeys([nexuses.last], repeated(KEY_A, a.paths.length));
    },
  },
];
