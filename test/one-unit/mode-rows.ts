import assert from 'node:assert/strict';
import {
  additionalSense,
  isDescriptorFormat,
  read,
  readOutOfRange,
  reportIdentifyingInformation,
  requestSense,
  senseCode,
  setIdentifyingInformation,
  write,
} from './commands.ts';
import { controlBit, controlBitRequest, setControlBit } from './events.ts';
import { each } from './nexuses.ts';
import type { Row } from './row.ts';
import { Code } from './told.ts';

const WRITE_PROTECTED = '2700';
const LBA_OUT_OF_RANGE = '2100';
const INVALID_FIELD_IN_PARAMETER_LIST = '2600';

export const modeRows: readonly Row[] = [
  {
    name: 'MODE SELECT of SWP: no gateway writes any longer, each reads',
    run: async ({ nexuses }) => {
      const { first, last, all } = nexuses;
      await setControlBit(first, 'swp');
      await nexuses.areTold(each(nexuses.except(first), Code.modeParametersChanged));
      for (const nexus of all) {
        assert.equal(await controlBit(nexus, 'swp'), true, nexus.name);
        assert.equal(senseCode((await nexus.execute(write())).sense), WRITE_PROTECTED);
        await nexus.must(read());
      }
      await setControlBit(last, 'swp');
      await nexuses.areTold(each(nexuses.except(last), Code.modeParametersChanged));
      for (const nexus of all) await nexus.must(write());
    },
  },
  {
    name: 'MODE SELECT of D_SENSE: every gateway reports in descriptor format',
    run: async ({ nexuses }) => {
      const { last, all } = nexuses;
      await setControlBit(last, 'dSense');
      await nexuses.areTold(each(nexuses.except(last), Code.modeParametersChanged));
      for (const nexus of all) {
        const { sense } = await nexus.execute(readOutOfRange());
        assert.equal(isDescriptorFormat(sense), true, nexus.name);
      }
    },
  },
  {
    name: 'MODE SELECT with SP: every gateway has the saved values, and a reset makes them current',
    isNew: true,
    run: async ({ nexuses }) => {
      const { first, last, all } = nexuses;
      await setControlBit(first, 'dSense', true);
      await nexuses.areTold(each(nexuses.except(first), Code.modeParametersChanged));
      await setControlBit(last, 'swp');
      await nexuses.areTold(each(nexuses.except(last), Code.modeParametersChanged));
      for (const nexus of all) {
        assert.equal(await controlBit(nexus, 'dSense', true), true, nexus.name);
        assert.equal(await controlBit(nexus, 'swp', true), false, nexus.name);
      }
      await last.resetLogicalUnit();
      await nexuses.areTold(each(all, Code.busDeviceReset));
      for (const nexus of all) {
        assert.equal(await controlBit(nexus, 'dSense'), true, nexus.name);
        await nexus.must(write());
      }
    },
  },
  {
    name: 'QERR: an error aborts what its nexus has, and no other nexus; refused with TST 000b',
    isNew: true,
    run: async ({ nexuses }) => {
      const { first, last, all } = nexuses;
      await setControlBit(first, 'qerr');
      await nexuses.areTold(each(nexuses.except(first), Code.modeParametersChanged));
      const writes = await Promise.all(
        all.map(async (nexus) => ({ nexus, handle: await nexus.startWrite() })),
      );
      assert.equal(senseCode((await last.execute(readOutOfRange())).sense), LBA_OUT_OF_RANGE);
      for (const { nexus, handle } of writes) {
        assert.equal(await nexus.hasTask(handle), nexus !== last, nexus.name);
      }
      for (const { nexus, handle } of writes) nexus.session.abandon(handle);
      const { sense } = await last.execute(await controlBitRequest(last, 'tst'));
      assert.equal(senseCode(sense), INVALID_FIELD_IN_PARAMETER_LIST);
      await nexuses.areTold({});
    },
  },
  {
    name: 'UA_INTLCK_CTRL: at every gateway only REQUEST SENSE clears a unit attention',
    isNew: true,
    run: async ({ nexuses }) => {
      const { first, all } = nexuses;
      await setControlBit(first, 'uaIntlckCtrl');
      for (const nexus of nexuses.except(first)) {
        for (const request of [write(), read()]) {
          const code = additionalSense(await nexus.execute(request));
          assert.equal(code, Code.modeParametersChanged, nexus.name);
        }
        const reported = senseCode(await nexus.must(requestSense()));
        assert.equal(reported, Code.modeParametersChanged, nexus.name);
      }
      for (const nexus of all) await nexus.must(write());
    },
  },
  {
    name: 'identifying information is the same through every gateway, and outlasts a reset',
    isNew: true,
    run: async ({ nexuses }) => {
      const { first, last, all } = nexuses;
      const text = 'left rack';
      await last.must(setIdentifyingInformation(text));
      await nexuses.areTold(each(nexuses.except(last), Code.deviceIdentifierChanged));
      await first.resetLogicalUnit();
      await nexuses.areTold(each(all, Code.busDeviceReset));
      for (const nexus of all) {
        const data = await nexus.must(reportIdentifyingInformation());
        assert.equal(data.toString('latin1', 4), text, nexus.name);
      }
    },
  },
];
