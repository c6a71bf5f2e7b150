import assert from 'node:assert/strict';
import { isDescriptorFormat, read, readOutOfRange, senseCode, write } from './commands.ts';
import { controlBit, setControlBit } from './events.ts';
import { each } from './nexuses.ts';
import type { Row } from './row.ts';
import { Code } from './told.ts';

const WRITE_PROTECTED = '2700';

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
];
