// Validation of a failover cluster of Windows: the commands and their order are those of the
// validation protocol, [MS-CSVP] of 21 November 2025 (learn.microsoft.com/openspecs): 3.2.4.16 to
// 3.2.4.24, 3.4.4.9 to 3.4.4.15, 3.5.4.6 and, for `clearAll`, 3.8.4.2. The reports of "Validate
// SCSI-3 Persistent Reservation" have the same steps (github.com/quantum/esos, issue 62). A host
// has a path through every gateway: by storage/msdsm/src/intrface.c of
// github.com/microsoft/Windows-driver-samples a path that arrives is registered under the key that
// the host has (`DsmIsPathActive`), and a command that is told RESERVATIONS RELEASED is repeated on
// its path (`DsmInterpretError`). The TYPE is in none of these; 5 is that of fence_scsi. The
// validation writes and reads blocks between the steps.

import assert from 'node:assert/strict';
import { Action } from '../../support/reserve-out.ts';
import { RESERVATION_CONFLICT, read, reserveOut, write } from '../commands.ts';
import type { Nexus } from '../nexus.ts';
import { each } from '../nexuses.ts';
import { haveKeys, haveReservation, onlyWrite, repeated, Type } from '../reservations-seen.ts';
import type { Row } from '../row.ts';
import { Code } from '../told.ts';

const KEY_A = 0xa1a1;
const KEY_B = 0xb2b2;
const type = Type.writeExclusiveRegistrantsOnly;

type Paths = readonly Nexus[];

async function clearAll(path: Nexus, key: number): Promise<void> {
  await path.must(reserveOut(Action.registerAndIgnore, { actionKey: key }));
  await path.must(reserveOut(Action.clear, { key }));
}

/** Key 0 takes the registration away. */
async function register(paths: Paths, key: number): Promise<void> {
  for (const path of paths) {
    await path.must(reserveOut(Action.registerAndIgnore, { actionKey: key }));
  }
}

function reserve(key: number) {
  return reserveOut(Action.reserve, { key, type });
}

export const windowsValidation: readonly Row[] = [
  {
    name: 'Windows: validation of persistent reservations, by two nodes with several paths each',
    run: async ({ nexuses }) => {
      const { all, first, last } = nexuses;
      const [a, b] = [nexuses.of('a'), nexuses.of('b')];
      await clearAll(first, KEY_A);
      await register(a, KEY_A);
      await first.must(reserve(KEY_A));
      await haveReservation(all, { key: KEY_A, type });
      await onlyWrite(all, a);
      for (const nexus of all) await nexus.must(read());

      assert.equal(await last.status(reserve(KEY_B)), RESERVATION_CONFLICT);
      await register(b, KEY_B);
      assert.equal(await last.status(reserve(KEY_B)), RESERVATION_CONFLICT);
      await haveKeys(all, [...repeated(KEY_A, a.length), ...repeated(KEY_B, b.length)]);
      await onlyWrite(all, all);
      await nexuses.areTold({});

      await last.must(reserveOut(Action.preempt, { key: KEY_B, actionKey: KEY_A, type }));
      await nexuses.areTold(each(a, Code.registrationsPreempted));
      await haveReservation(all, { key: KEY_B, type });
      await haveKeys(all, repeated(KEY_B, b.length));
      await onlyWrite(all, b);

      await register(a, 0);
      await haveKeys(all, repeated(KEY_B, b.length));
      await register(a, KEY_A);
      await last.must(reserveOut(Action.release, { key: KEY_B, type }));
      await nexuses.areTold(each(nexuses.except(last), Code.reservationsReleased));
      await haveReservation(all, undefined);

      await clearAll(first, KEY_A);
      await nexuses.areTold(each(nexuses.except(first), Code.reservationsPreempted));
      await haveKeys(all, []);
    },
  },
  {
    name: 'Windows: the path that holds is lost and comes back, with its key',
    run: async ({ nexuses }) => {
      const { all, first: holder } = nexuses;
      const [a, b] = [nexuses.of('a'), nexuses.of('b')];
      await register(a, KEY_A);
      await holder.must(reserve(KEY_A));
      holder.cut();
      await onlyWrite(
        nexuses.connected,
        a.filter(({ isCut }) => !isCut),
      );
      await haveReservation(nexuses.connected, { key: KEY_A, type });
      await holder.logInAgain();
      await onlyWrite(all, a);
      await register([holder], KEY_A);
      await haveKeys(all, repeated(KEY_A, a.length));
      // Another port of the host is another nexus.
      await holder.logInAgain({ asNewPort: true });
      assert.equal(await holder.status(write()), RESERVATION_CONFLICT);
      await register([holder], KEY_A);
      await onlyWrite(all, a);
      await haveKeys(all, repeated(KEY_A, a.length + 1));
      await register(b, KEY_B);
      await b[0]!.must(reserveOut(Action.preempt, { key: KEY_B, actionKey: KEY_A, type }));
      await haveKeys(b, repeated(KEY_B, b.length));
      await nexuses.areTold(each(a, Code.registrationsPreempted));
      await onlyWrite(all, b);
    },
  },
  {
    name: 'Windows: a node changes its key on every path, and keeps what it holds',
    run: async ({ nexuses }) => {
      const { all, first } = nexuses;
      const a = nexuses.of('a');
      await register(a, KEY_A);
      await first.must(reserve(KEY_A));
      const change = reserveOut(Action.register, { key: KEY_A, actionKey: KEY_B });
      for (const path of a) await path.must(change);
      await haveKeys(all, repeated(KEY_B, a.length));
      await haveReservation(all, { key: KEY_B, type });
      for (const path of a) assert.equal(await path.status(change), RESERVATION_CONFLICT);
      await onlyWrite(all, a);
      await nexuses.areTold({});
    },
  },
];
