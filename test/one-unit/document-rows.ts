import assert from 'node:assert/strict';
import { capacity, senseCode, standardInquiry, write } from './commands.ts';
import { each } from './nexuses.ts';
import type { Row } from './row.ts';
import { Code } from './told.ts';

const GROWN_MIB = 32;
const WRITE_PROTECTED = '2700';

export const documentRows: readonly Row[] = [
  {
    name: 'a disk that grows has its new size through every gateway',
    run: async ({ nexuses, changeDisk }) => {
      await changeDisk({ size: `${GROWN_MIB}M` });
      await nexuses.areTold(each(nexuses.all, Code.capacityDataHasChanged));
      for (const nexus of nexuses.all) {
        const lastLba = Number((await nexus.must(capacity())).readBigUInt64BE(0));
        assert.equal((lastLba + 1) * 512, GROWN_MIB * 1024 ** 2, nexus.name);
      }
    },
  },
  {
    name: 'a disk with another product has it through every gateway',
    run: async ({ nexuses, changeDisk }) => {
      await changeDisk({ product: 'OTHER' });
      await nexuses.areTold(each(nexuses.all, Code.inquiryDataHasChanged));
      for (const nexus of nexuses.all) {
        const product = (await nexus.must(standardInquiry())).toString('latin1', 16, 32);
        assert.equal(product.trimEnd(), 'OTHER', nexus.name);
      }
    },
  },
  {
    name: 'a disk that becomes read-only is written through no gateway',
    run: async ({ nexuses, changeDisk }) => {
      await changeDisk({ readOnly: true });
      await nexuses.areTold(each(nexuses.all, Code.modeParametersChanged));
      for (const nexus of nexuses.all) {
        assert.equal(senseCode((await nexus.execute(write())).sense), WRITE_PROTECTED, nexus.name);
      }
    },
  },
];
