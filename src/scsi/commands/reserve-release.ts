import type { Field, Layout } from '../../base/bytes/layout.ts';
import type { Command } from '../command.ts';
import type { CommandResult } from '../command-result.ts';
import { NO_DATA } from '../parameter-data.ts';
import type {
  NexusSession,
  Reservations,
  ReservationTransition,
} from '../reservations/reservations.ts';
import { releaseUnit, reserveUnit } from '../reservations/reserve-release.ts';
import {
  Release6Cdb,
  Release10Cdb,
  Reserve6Cdb,
  Reserve10Cdb,
  ThirdPartyFields,
} from '../standard/persistent-reservations.ts';
import { reservationsChanged } from '../unit-changes.ts';
import { mediumOf } from './medium.ts';

type Decide = (state: Reservations, asking: NexusSession) => ReservationTransition | CommandResult;

const IGNORED_10: readonly Field[] = Object.values(ThirdPartyFields);

/** RESERVE and RELEASE of SPC-2, of the whole unit and for the nexus that asks. */
export const reserveReleaseCommands: readonly Command[] = [
  unitCommand(0x16, Reserve6Cdb, [], reserveUnit),
  unitCommand(0x17, Release6Cdb, [], releaseUnit),
  unitCommand(0x56, Reserve10Cdb, IGNORED_10, reserveUnit),
  unitCommand(0x57, Release10Cdb, IGNORED_10, releaseUnit),
];

function unitCommand(
  operationCode: number,
  cdb: Layout,
  obsoleteFields: readonly Field[],
  decide: Decide,
): Command {
  return {
    name: cdb.$.name,
    operationCode,
    cdb,
    access: 'changeState',
    // RELEASE is good from every nexus, and RESERVE conflicts by its own rule.
    reservations: 'allowed',
    addressing: 'logicalUnit',
    unitAttention: 'report',
    obsoleteFields,
    plan: () => NO_DATA,
    run: (call) => {
      const { session } = call.nexus;
      return mediumOf(call).commit(
        reservationsChanged((state) => decide(state, session)),
        call,
      );
    },
  };
}
