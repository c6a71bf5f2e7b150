import assert from 'node:assert/strict';
import { Action } from '../support/reserve-out.ts';
import { keysOf, RESERVATION_CONFLICT, read, readKeys, reserveOut, write } from './commands.ts';
import { register } from './events.ts';
import { each, type Nexuses } from './nexuses.ts';
import { haveKeys, haveReservation, onlyWrite, repeated, Type } from './reservations-seen.ts';
import type { Row } from './row.ts';
import { Code } from './told.ts';

/** Host a through the first and the last gateway, and host b through the last, have 1, 2 and 3. */
async function registerThree({ first, firstElsewhere, last }: Nexuses): Promise<void> {
  await register(first, 1);
  await register(firstElsewhere, 2);
  await register(last, 3);
}

export const registrationRows: readonly Row[] = [
  {
    name: 'registrations and a reservation are read, and enforced, through every gateway',
    run: async ({ nexuses }) => {
      const { first, last, all } = nexuses;
      await register(first, 1);
      await haveKeys(nexuses.all, [1]);
      await register(last, 2);
      await haveKeys(nexuses.all, [1, 2]);
      await haveReservation(nexuses.all, undefined);
      await first.must(reserveOut(Action.reserve, { key: 1, type: Type.writeExclusive }));
      await haveReservation(nexuses.all, { key: 1, type: Type.writeExclusive });
      await nexuses.areTold({});
      await onlyWrite(all, [first]);
      for (const nexus of all) await nexus.must(read());
      const foreign = reserveOut(Action.reserve, { key: 2, type: Type.writeExclusive });
      assert.equal(await last.status(foreign), RESERVATION_CONFLICT);
    },
  },
  {
    name: 'REGISTER with ALL_TG_PT through one gateway lets the host write through every other',
    run: async ({ nexuses }) => {
      const { first, all } = nexuses;
      await register(first, 1, { allTargetPorts: true });
      const own = nexuses.of(first.host);
      await haveKeys(all, repeated(1, own.length));
      const type = Type.writeExclusiveRegistrantsOnly;
      await first.must(reserveOut(Action.reserve, { key: 1, type }));
      await onlyWrite(all, own);
      await nexuses.areTold({});
    },
  },
  {
    name: 'RELEASE of a registrants only reservation tells the other registrants alone',
    run: async ({ nexuses }) => {
      const { first, firstElsewhere, last, all } = nexuses;
      const type = Type.writeExclusiveRegistrantsOnly;
      await registerThree(nexuses);
      await last.must(reserveOut(Action.reserve, { key: 3, type }));
      await nexuses.areTold({});
      await onlyWrite(all, [first, firstElsewhere, last]);
      await last.must(reserveOut(Action.release, { key: 3, type }));
      await nexuses.areTold(each([first, firstElsewhere], Code.reservationsReleased));
      await haveReservation(nexuses.all, undefined);
      for (const nexus of all) await nexus.must(write());
    },
  },
  {
    name: 'CLEAR tells the other registrants alone',
    run: async ({ nexuses }) => {
      const { first, firstElsewhere, last, all } = nexuses;
      await registerThree(nexuses);
      await first.must(reserveOut(Action.reserve, { key: 1, type: Type.exclusiveAccess }));
      assert.equal(await last.status(read()), RESERVATION_CONFLICT);
      await firstElsewhere.must(reserveOut(Action.clear, { key: 2 }));
      await nexuses.areTold(each([first, last], Code.reservationsPreempted));
      await haveKeys(nexuses.all, []);
      await haveReservation(nexuses.all, undefined);
      for (const nexus of all) await nexus.must(write());
    },
  },
  {
    name: 'PREEMPT AND ABORT aborts what the preempted nexus has at another gateway, and no more',
    run: async ({ nexuses }) => {
      const { first, firstElsewhere, last } = nexuses;
      const type = Type.writeExclusiveRegistrantsOnly;
      await registerThree(nexuses);
      await last.must(reserveOut(Action.reserve, { key: 3, type }));
      const aborted = await last.startWrite();
      const kept = await firstElsewhere.startWrite();
      await first.must(reserveOut(Action.preemptAndAbort, { key: 1, actionKey: 3, type }));
      assert.equal(await last.hasTask(aborted), false, 'the write of the preempted nexus is gone');
      assert.equal(await firstElsewhere.hasTask(kept), true, 'the write of a registrant stays');
      last.session.abandon(aborted);
      await nexuses.areTold(each([last], Code.registrationsPreempted));
      await haveKeys(nexuses.all, [1, 2]);
      await haveReservation(nexuses.all, { key: 1, type });
      assert.equal(await last.status(write()), RESERVATION_CONFLICT);
      await first.resetLogicalUnit();
      assert.equal(await firstElsewhere.hasTask(kept), false);
      firstElsewhere.session.abandon(kept);
      await nexuses.areTold(each(nexuses.all, Code.busDeviceReset));
      await haveReservation(nexuses.all, { key: 1, type });
    },
  },
  {
    name: 'registrations and a reservation outlast the gateway that they were made through',
    run: async ({ nexuses, killAndStart }) => {
      const { first, last } = nexuses;
      await register(last, 3);
      await register(first, 1);
      await last.must(reserveOut(Action.reserve, { key: 3, type: Type.writeExclusive }));
      await killAndStart(last.gateway, async () => {
        await first.isTold(Code.asymmetricAccessStateChanged);
        assert.deepEqual(keysOf(await first.must(readKeys())), [1, 3]);
        assert.equal(await first.status(write()), RESERVATION_CONFLICT);
      });
    },
  },
];
