import assert from 'node:assert/strict';
import {
  isDescriptorFormat,
  read,
  readOutOfRange,
  selectControlPage,
  senseCode,
  senseControlPage,
  write,
} from './commands.ts';
import { each, type Nexus } from './nexuses.ts';
import type { Row } from './row.ts';
import { Code } from './told.ts';

/** Where a bit is in MODE SENSE (6) parameter data of the control page: header, then page. */
const HEADER_LENGTH = 4;
const bits = {
  dSense: { byte: HEADER_LENGTH + 2, mask: 0x04 },
  swp: { byte: HEADER_LENGTH + 4, mask: 0x08 },
} as const;
const WRITE_PROTECTED = '2700';

/** MODE SELECT of the current control page with that bit as it was not before. */
export async function setControlBit(nexus: Nexus, name: keyof typeof bits): Promise<void> {
  const list = await nexus.must(senseControlPage());
  const { byte, mask } = bits[name];
  list[byte]! ^= mask;
  // Reserved in MODE SELECT: MODE DATA LENGTH, the device-specific parameter, PS.
  list.fill(0, 0, HEADER_LENGTH);
  list[HEADER_LENGTH]! &= 0x3f;
  await nexus.must(selectControlPage(list));
}

async function controlBit(nexus: Nexus, name: keyof typeof bits): Promise<boolean> {
  const { byte, mask } = bits[name];
  return ((await nexus.must(senseControlPage()))[byte]! & mask) !== 0;
}

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
