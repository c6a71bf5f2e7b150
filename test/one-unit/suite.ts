// The suite of one logical unit: what is done through one gateway is seen through every other, and
// each unit attention reaches each nexus that it belongs to once, and no other. The rows go through
// what can change one by one, the scenarios do what initiators do. For every store.

import { after, before, describe, test } from 'node:test';
import type { Address } from '../initiator/host.ts';
import { Initiator } from '../initiator/initiator.ts';
import { ACTIVE, seesStates } from '../support/access-states.ts';
import { documentRows } from './document-rows.ts';
import { modeRows } from './mode-rows.ts';
import { Nexuses } from './nexuses.ts';
import { registrationRows } from './registration-rows.ts';
import { reserveRows } from './reserve-rows.ts';
import { resetRows } from './reset-rows.ts';
import type { Row } from './row.ts';
import { atsHeartbeat } from './scenarios/ats-heartbeat.ts';
import { diskDefence } from './scenarios/disk-defence.ts';
import { fenceScsi } from './scenarios/fence-scsi.ts';
import { multipath } from './scenarios/multipath.ts';
import { qemuMigration } from './scenarios/qemu-migration.ts';
import { vaai } from './scenarios/vaai.ts';
import { windowsValidation } from './scenarios/windows-validation.ts';

/** Gateways as processes on some store, of the document that is applied. */
export interface SuiteGateways extends AsyncDisposable {
  readonly addresses: readonly Address[];
  /** The document without its gateways. */
  apply(parts: object): Promise<void>;
  kill(gateway: number): Promise<void>;
  /** Resolves when it serves. */
  start(gateway: number): Promise<void>;
}

/** Each kind of change by itself. */
const changes: readonly Row[] = [
  ...modeRows,
  ...resetRows,
  ...registrationRows,
  ...reserveRows,
  ...documentRows,
];

const scenarios: readonly Row[] = [
  ...windowsValidation,
  ...diskDefence,
  ...fenceScsi,
  ...multipath,
  ...atsHeartbeat,
  ...vaai,
  ...qemuMigration,
];

const targetName = 'iqn.2026-11.com.example:t';

interface SuiteOptions {
  /** Some gateways are of the release before: they serve the changes that it knows. */
  readonly withReleaseBefore?: boolean;
}

/** Proves it on the gateways that `start` starts with this document: they serve all rows. */
export function oneLogicalUnit(
  place: string,
  start: (parts: object) => Promise<SuiteGateways>,
  { withReleaseBefore = false }: SuiteOptions = {},
): void {
  const known = changes.filter(({ isNew }) => isNew !== true);
  const rows = withReleaseBefore ? known : [...changes, ...scenarios];
  describe(`one logical unit, ${place}`, () => {
    const disks: object[] = rows.map((_, lun) => ({ name: `d${lun}`, size: '16M' }));
    const luns = Object.fromEntries(rows.map((_, lun) => [lun, `d${lun}`]));
    const parts = { disks, targets: [{ iqn: targetName, luns, access: 'any' }] };
    let gateways: SuiteGateways;
    before(async () => {
      gateways = await start(parts);
    });
    after(() => gateways[Symbol.asyncDispose]());

    for (const [lun, { name, run }] of rows.entries()) {
      test(name, async () => {
        const { addresses } = gateways;
        await using nexuses = await Nexuses.connect({ addresses, targetName, lun });
        await run({
          ...{ nexuses, lun, otherLun: (lun + 1) % rows.length },
          changeDisk: async (change) => {
            disks[lun] = { ...disks[lun], ...change };
            await gateways.apply(parts);
          },
          killAndStart: async (gateway, whileGone) => {
            await gateways.kill(gateway);
            try {
              await whileGone();
            } finally {
              await gateways.start(gateway);
              for (const address of addresses) await seesAllActive(address, addresses.length);
            }
          },
        });
      });
    }
  });
}

/** A gateway that sees late that another one is back would notify the nexuses of a later row. */
async function seesAllActive(address: Address, gateways: number): Promise<void> {
  const initiator = await Initiator.connect({ ...address, targetName });
  await seesStates(initiator, [0], Array(gateways).fill(ACTIVE));
  await initiator.logout();
}
