// A guest's reservation as QEMU 11 migrates it with the guest. What is done, and why, is told by
// docs/system/devices/scsi/migrate-pr.rst of github.com/qemu/qemu; the commands are those of its
// patch "[RFC 4/4] scsi: save/load SCSI reservation state" (qemu-devel, 13 January 2026): the host
// of the destination registers the key of the guest, then preempts with that key as both keys. The
// patch leaves open what the source does when the migration fails after that. Here it migrates
// back.

import { Action } from '../../support/reserve-out.ts';
import { reserveOut } from '../commands.ts';
import { register } from '../events.ts';
import type { Nexus } from '../nexus.ts';
import { each } from '../nexuses.ts';
import { haveKeys, haveReservation, onlyWrite, Type } from '../reservations-seen.ts';
import type { Row } from '../row.ts';
import { Code } from '../told.ts';

const KEY = 0x6755e57;
/** Of a guest that has registered, and reserved nothing. */
const NO_TYPE = 0;

async function migrate(destination: Nexus, type: number): Promise<void> {
  await register(destination, KEY);
  await destination.must(reserveOut(Action.preempt, { key: KEY, actionKey: KEY, type }));
}

export const qemuMigration: readonly Row[] = [
  {
    name: 'QEMU: a reservation migrates to a host at another gateway, and back',
    run: async ({ nexuses }) => {
      const { first: source, last: destination, all } = nexuses;
      await register(source, KEY);
      for (const type of [Type.writeExclusiveRegistrantsOnly, Type.writeExclusive]) {
        await source.must(reserveOut(Action.reserve, { key: KEY, type }));
        for (const [from, to] of [
          [source, destination],
          [destination, source],
        ] as const) {
          await migrate(to, type);
          await nexuses.areTold(each([from], Code.registrationsPreempted));
          await haveKeys(all, [KEY]);
          await haveReservation(all, { key: KEY, type });
          await onlyWrite(all, [to]);
        }
        // Its holder, and no other, can release it.
        await source.must(reserveOut(Action.release, { key: KEY, type }));
        await haveReservation(all, undefined);
      }
      await nexuses.areTold({});
    },
  },
  {
    name: 'QEMU: a key that migrates without a reservation is registered by no host',
    run: async ({ nexuses }) => {
      const { first: source, last: destination, all } = nexuses;
      await register(source, KEY);
      // The patch counts on the destination to stay registered. A PREEMPT whose key names no holder
      // removes every registration with that key, as fence_scsi says, which registers once more.
      await migrate(destination, NO_TYPE);
      await nexuses.areTold(each([source], Code.registrationsPreempted));
      await haveKeys(all, []);
      await onlyWrite(all, all);
    },
  },
];
