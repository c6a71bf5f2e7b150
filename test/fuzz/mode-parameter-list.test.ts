// Proves that no MODE SELECT parameter list throws, that one which is refused changes nothing, and
// that others are told exactly when something changed: random bytes, and good lists with damage.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { defaultModes } from '../../src/scsi/mode-parameters.ts';
import { Status } from '../../src/scsi/status.ts';
import { fuzzRun } from '../support/fuzz-inputs.ts';
import { logicalUnit, run } from '../support/scsi-call.ts';

const PF = 0x10;
const DEFAULTS = defaultModes(true);
type Parameter = keyof typeof DEFAULTS;
/** What MODE SELECT may change. */
const CHANGEABLE: readonly Parameter[] = ['dSense', 'swp', 'tst', 'tas', 'qerr', 'uaIntlckCtrl'];
const isChangeable = (name: string): boolean => CHANGEABLE.some((each) => each === name);
/** Header without block descriptor, then the control page with D_SENSE and SWP. */
const setBoth = [0, 0, 0, 0, 0x0a, 0x0a, 0x26, 0, 0x08, 0, 0, 0, 0, 0, 0, 0];

function six(length: number): readonly number[] {
  return [0x15, PF, 0, 0, length, 0];
}

function ten(length: number): readonly number[] {
  return [0x55, PF, 0, 0, 0, 0, 0, length >> 8, length & 0xff, 0];
}

test('no list throws, and one that is refused changes nothing', async (t) => {
  const plausible = fc.tuple(fc.constantFrom(...mutations()), fc.uint8Array({ maxLength: 24 }));
  const lists = fc.oneof(
    fc.uint8Array({ maxLength: 255 }),
    plausible.map(([list, tail]) => Uint8Array.from([...list, ...tail])),
  );
  await fc.assert(
    fc.asyncProperty(lists, fc.boolean(), async (dataOut, long) => {
      const unit = logicalUnit();
      const cdb = long ? ten(dataOut.length) : six(dataOut.length);
      const { result, told } = await run(cdb, { unit, dataOut });
      const { modes } = unit;
      const changed = CHANGEABLE.some((name) => modes[name] !== DEFAULTS[name]);
      const unchangeable = Object.keys(DEFAULTS).filter((name) => !isChangeable(name));
      for (const name of unchangeable as Parameter[]) assert.equal(modes[name], DEFAULTS[name]);
      if (result.status !== Status.good) assert.equal(changed, false);
      assert.equal(told.length, changed ? 1 : 0);
    }),
    fuzzRun(t),
  );
});

/** A good list with each bit of it turned over: faults near to what is right. */
function mutations(): readonly (readonly number[])[] {
  return setBoth.flatMap((_, at) =>
    Array.from({ length: 8 }, (__, bit) =>
      setBoth.map((byte, index) => (index === at ? byte ^ (1 << bit) : byte)),
    ),
  );
}
