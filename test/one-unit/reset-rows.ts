import assert from 'node:assert/strict';
import { waitFor } from '../support/wait-for.ts';
import { isDescriptorFormat, readOutOfRange, reserve, write } from './commands.ts';
import { setControlBit } from './events.ts';
import { each } from './nexuses.ts';
import type { Row } from './row.ts';
import { Code } from './told.ts';

const HANG_MS = 60_000;

export const resetRows: readonly Row[] = [
  {
    name: 'LOGICAL UNIT RESET aborts, tells, and makes saved modes current, at every gateway',
    run: async ({ nexuses }) => {
      const { first, all } = nexuses;
      await setControlBit(first, 'dSense');
      await nexuses.areTold(each(nexuses.except(first), Code.modeParametersChanged));
      const writes = await Promise.all(
        all.map(async (nexus) => ({ nexus, handle: await nexus.startWrite() })),
      );
      await first.resetLogicalUnit();
      const left = writes.map(({ nexus, handle }) => nexus.hasTask(handle));
      assert.deepEqual(new Set(await Promise.all(left)), new Set([false]), 'no command is left');
      for (const { nexus, handle } of writes) nexus.session.abandon(handle);
      await nexuses.areTold(each(all, Code.busDeviceReset));
      for (const nexus of all) {
        const { sense } = await nexus.execute(readOutOfRange());
        assert.equal(isDescriptorFormat(sense), false, `${nexus.name} has the saved D_SENSE`);
      }
    },
  },
  {
    name: 'LOGICAL UNIT RESET through another gateway ends RESERVE',
    run: async ({ nexuses }) => {
      const { first, last, all } = nexuses;
      await first.must(reserve());
      await last.resetLogicalUnit();
      await nexuses.areTold(each(all, Code.busDeviceReset));
      for (const nexus of all) await nexus.must(write());
    },
  },
  {
    name: 'TARGET RESET resets every logical unit at every gateway',
    run: async ({ nexuses, lun, otherLun }) => {
      for (const nexus of nexuses.all) await nexus.attentions(otherLun);
      await nexuses.last.resetTarget();
      await nexuses.areTold(each(nexuses.all, Code.busDeviceReset), lun);
      await nexuses.areTold(each(nexuses.all, Code.busDeviceReset), otherLun);
    },
  },
  {
    name: 'CLEAR TASK SET of a shared task set tells the nexuses that lose commands, and no other',
    run: async ({ nexuses }) => {
      const { first, firstElsewhere, last } = nexuses;
      await setControlBit(first, 'tst');
      await nexuses.areTold(each(nexuses.except(first), Code.modeParametersChanged));
      const losers = [firstElsewhere, last];
      const writes = await Promise.all(
        losers.map(async (nexus) => ({ nexus, handle: await nexus.startWrite() })),
      );
      await first.clearTaskSet();
      for (const { nexus, handle } of writes) {
        assert.equal(await nexus.hasTask(handle), false, nexus.name);
        nexus.session.abandon(handle);
      }
      await nexuses.areTold(each(losers, Code.commandsCleared));
    },
  },
  {
    name: 'TARGET COLD RESET ends the sessions of its target at every gateway, and no later one',
    isNew: true,
    run: async ({ nexuses }) => {
      const { first, last, all } = nexuses;
      const ended = all.map(({ name, session }) => ({ name, session }));
      await last.resetTarget('cold');
      await first.logInAgain();
      await last.logInAgain();
      for (const { name, session } of ended) {
        await waitFor(`the session ${name} ends`, () => !session.isOpen, HANG_MS);
      }
      // Every gateway has applied what came before this event of the same unit.
      await last.resetLogicalUnit();
      assert.ok(first.session.isOpen && last.session.isOpen, 'the later sessions stay');
    },
  },
];
