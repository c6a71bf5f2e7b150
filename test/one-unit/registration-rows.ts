import assert from 'node:assert/strict';
import { Action } from '../support/reserve-out.ts';
import {
  keysOf,
  RESERVATION_CONFLICT,
  read,
  readKeys,
  readReservation,
  reservationOf,
  reserveOut,
  write,
} from './commands.ts';
import { register } from './events.ts';
import { each, type Nexuses } from './nexuses.ts';
import type { Row } from './row.ts';
import { Code } from './told.ts';

const Type = { writeExclusive: 1, exclusiveAccess: 3, writeExclusiveRegistrantsOnly: 5 } as const;

/** Host a through the first and the last gateway, and host b through the last, have 1, 2 and 3. */
async function registerThree({ first, firstElsewhere, last }: Nexuses): Promise<void> {
  await register(first, 1);
  await register(firstElsewhere, 2);
  await register(last, 3);
}

async function haveKeys({ all }: Nexuses, keys: readonly number[]): Promise<void> {
  for (const nexus of all) assert.deepEqual(keysOf(await nexus.must(readKeys())), keys, nexus.name);
}

async function haveReservation(
  { all }: Nexuses,
  reservation: { readonly key: number; readonly type: number } | undefined,
): Promise<void> {
  for (const nexus of all) {
    const data = await nexus.must(readReservation());
    assert.deepEqual(reservationOf(data), reservation, nexus.name);
  }
}

export const registrationRows: readonly Row[] = [
  {
    name: 'registrations and a reservation are read, and enforced, through every gateway',
    run: async ({ nexuses }) => {
      const { first, last, all } = nexuses;
      await register(first, 1);
      await haveKeys(nexuses, [1]);
      await register(last, 2);
      await haveKeys(nexuses, [1, 2]);
      await haveReservation(nexuses, undefined);
      await first.must(reserveOut(Action.reserve, { key: 1, type: Type.writeExclusive }));
      await haveReservation(nexuses, { key: 1, type: Type.writeExclusive });
      await nexuses.areTold({});
      for (const nexus of nexuses.except(first)) {
        assert.equal(await nexus.status(write()), RESERVATION_CONFLICT, nexus.name);
      }
      await first.must(write());
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
      const own = all.filter(({ host }) => host === first.host);
      await haveKeys(
        nexuses,
        own.map(() => 1),
      );
      const type = Type.writeExclusiveRegistrantsOnly;
      await first.must(reserveOut(Action.reserve, { key: 1, type }));
      for (const nexus of all) {
        const status = own.includes(nexus) ? 0 : RESERVATION_CONFLICT;
        assert.equal(await nexus.status(write()), status, nexus.name);
      }
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
      const registered = [first, firstElsewhere, last];
      for (const nexus of all) {
        const status = registered.includes(nexus) ? 0 : RESERVATION_CONFLICT;
        assert.equal(await nexus.status(write()), status, nexus.name);
      }
      await last.must(reserveOut(Action.release, { key: 3, type }));
      await nexuses.areTold(each([first, firstElsewhere], Code.reservationsReleased));
      await haveReservation(nexuses, undefined);
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
      await haveKeys(nexuses, []);
      await haveReservation(nexuses, undefined);
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
      await haveKeys(nexuses, [1, 2]);
      await haveReservation(nexuses, { key: 1, type });
      assert.equal(await last.status(write()), RESERVATION_CONFLICT);
      await first.resetLogicalUnit();
      assert.equal(await firstElsewhere.hasTask(kept), false);
      firstElsewhere.session.abandon(kept);
      await nexuses.areTold(each(nexuses.all, Code.busDeviceReset));
      await haveReservation(nexuses, { key: 1, type });
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
