import assert from 'node:assert/strict';
import { testUnitReady } from '../initiator/cdb.ts';
import { waitFor } from '../support/wait-for.ts';
import { RESERVATION_CONFLICT, read, release, reserve, write } from './commands.ts';
import type { Nexus } from './nexus.ts';
import type { Nexuses } from './nexuses.ts';
import type { Row } from './row.ts';
import { Code } from './told.ts';

/** Nobody but the holder has access, through whatever gateway. */
async function isReservedFor(holder: Nexus, { all }: Nexuses): Promise<void> {
  for (const nexus of all) {
    const status = nexus === holder ? 0 : RESERVATION_CONFLICT;
    for (const request of [write(), read(), reserve(), { cdb: testUnitReady() }]) {
      assert.equal(await nexus.status(request), status, nexus.name);
    }
  }
}

async function isFreeFor(nexus: Nexus): Promise<void> {
  const isFree = async () => (await nexus.status(write())) === 0;
  await waitFor(`${nexus.name} may write`, isFree);
}

export const reserveRows: readonly Row[] = [
  {
    name: 'RESERVE through one gateway keeps every other nexus out, and RELEASE ends it',
    run: async ({ nexuses }) => {
      const { first, last, all } = nexuses;
      await first.must(reserve());
      await isReservedFor(first, nexuses);
      // Good, and of no effect.
      await last.must(release());
      await isReservedFor(first, nexuses);
      await first.must(release());
      await nexuses.areTold({});
      for (const nexus of all) await nexus.must(write());
      await last.must(reserve());
      await isReservedFor(last, nexuses);
      await last.must(release());
    },
  },
  {
    name: 'RESERVE ends with its session, whichever gateway had it',
    run: async ({ nexuses }) => {
      const { first, last } = nexuses;
      await first.must(reserve());
      first.session.destroy();
      for (const nexus of nexuses.except(first)) await isFreeFor(nexus);
      await last.must(reserve());
      await last.session.logout();
      for (const nexus of nexuses.except(first, last)) await isFreeFor(nexus);
    },
  },
  {
    name: 'RESERVE ends with the gateway that had it',
    run: async ({ nexuses, killAndStart }) => {
      const { last } = nexuses;
      await last.must(reserve());
      const others = nexuses.all.filter(({ gateway }) => gateway !== last.gateway);
      for (const nexus of others) assert.equal(await nexus.status(write()), RESERVATION_CONFLICT);
      await killAndStart(last.gateway, async () => {
        for (const nexus of others) {
          await nexus.isTold(Code.asymmetricAccessStateChanged);
          await isFreeFor(nexus);
        }
      });
    },
  },
];
