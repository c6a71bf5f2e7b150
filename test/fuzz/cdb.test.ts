// Proves that no CDB and no parameter data make the device server throw, hang, end a command
// twice or not at all, or answer what SAM and SPC forbid; on two block lengths, with all task
// attributes, lengths that do not fit, and aborts. ALLPATH_FUZZ_RUNS sets how many.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';

import { commands } from '../../src/scsi/command-table.ts';
import { encodeLun } from '../../src/scsi/lun.ts';
import { Status } from '../../src/scsi/status.ts';
import type { TaskAttribute } from '../../src/scsi/task.ts';
import { ScsiBench, TestTask } from '../support/scsi-bench.ts';
import { setModes } from '../support/set-modes.ts';

const DEFAULT_RUNS = 3000;

/** Runs that share one device server, so that state builds up. */
const RUNS_EACH_BENCH = 500;

interface Input {
  readonly cdb: Uint8Array;
  readonly lun: number;
  readonly attribute: TaskAttribute;
  readonly data: Uint8Array;
  readonly dataInExpected: number;
  readonly immediate: boolean;
  readonly abort: boolean;
  /** Undoes a SWP of an earlier MODE SELECT, which would let no writes through. */
  readonly unprotect: boolean;
}

/** Any bytes, but mostly commands that exist, with fields that are small or at an edge. */
const cdbs = fc.oneof(
  { weight: 1, arbitrary: fc.uint8Array({ minLength: 1, maxLength: 32 }) },
  { weight: 4, arbitrary: fc.constantFrom(...commands).chain(likelyCdb) },
);

function likelyCdb(command: (typeof commands)[number]): fc.Arbitrary<Uint8Array> {
  const { length, fields } = command.cdb.$;
  const value = fc.oneof(
    { weight: 12, arbitrary: fc.constant(0) },
    { weight: 4, arbitrary: fc.integer({ min: 1, max: 8 }) },
    { weight: 2, arbitrary: fc.nat(0xffff) },
    { weight: 1, arbitrary: fc.constantFrom(0x7fff_ffff, 0xffff_ffff, Number.MAX_SAFE_INTEGER) },
  );
  const count = Object.keys(fields).length;
  return fc.array(value, { minLength: count, maxLength: count }).map((values) => {
    const cdb = new Uint8Array(length);
    Object.values(fields).forEach((field, i) => {
      field.set(cdb, values[i] ?? 0);
    });
    cdb[0] = command.operationCode;
    cdb[length - 1] = 0;
    if (command.serviceAction !== undefined) {
      cdb[1] = ((cdb[1] ?? 0) & 0xe0) | command.serviceAction;
    }
    return cdb;
  });
}

const lengths = fc.constantFrom(0, 1, 4, 8, 24, 200, 255, 512, 1024, 4096, 8192, 10000, 65536);

const inputs: fc.Arbitrary<Input> = fc.record({
  cdb: cdbs,
  lun: fc.oneof({ weight: 9, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(16383) }),
  attribute: fc.oneof(
    { weight: 7, arbitrary: fc.constant<TaskAttribute>('simple') },
    { weight: 4, arbitrary: fc.constantFrom<TaskAttribute>('ordered', 'headOfQueue') },
    { weight: 1, arbitrary: fc.constant<TaskAttribute>('aca') },
  ),
  data: fc.oneof(
    fc.uint8Array({ maxLength: 64 }),
    lengths.map((length) => new Uint8Array(length)),
    lengths.map((length) => new Uint8Array(length).fill(0xff)),
  ),
  dataInExpected: lengths,
  immediate: fc.boolean(),
  abort: fc.boolean(),
  unprotect: fc.boolean(),
});

/** Sends `runs` random commands; throws at the first wrong answer, with what reproduces it. */
export async function fuzzCdbs(runs: number): Promise<void> {
  for (let done = 0; done < runs; done += RUNS_EACH_BENCH) {
    const blockLengthBytes = (done / RUNS_EACH_BENCH) % 2 === 0 ? 512 : 4096;
    const bench = await ScsiBench.open({ blocks: 65536, blockLengthBytes });
    const numRuns = Math.min(RUNS_EACH_BENCH, runs - done);
    await fc.assert(
      fc.asyncProperty(inputs, (input) => check(bench, input)),
      { numRuns },
    );
  }
}

async function check(bench: ScsiBench, input: Input): Promise<void> {
  const { cdb, lun, data, dataInExpected, attribute, immediate, abort } = input;
  if (input.unprotect) setModes(bench.logicalUnit, { swp: false });
  const options = { lun, data, dataInExpected, immediate, attribute, tag: 1 };
  const task = bench.send([...cdb], options);
  if (task.ends.length === 0 && task.requested !== undefined && !immediate) {
    if (!abort) task.deliver();
  }
  if (abort) {
    const request = { function: 'abortTask', lun: encodeLun(lun), referencedTag: 1 } as const;
    const answer = Promise.resolve(bench.nexus.manage(request));
    await bench.clock.advance(1);
    const { response } = await answer;
    assert.notEqual(response, 'functionRejected');
  }
  for (let waits = 0; task.ends.length === 0; waits++) {
    assert.ok(waits < 1000, 'the command ends');
    await bench.clock.advance(1);
  }
  checkEnd(task, input);
  assert.equal(bench.nexus.outstanding, 0);
}

/** What every answer must be, whatever was asked. */
function checkEnd(task: TestTask, { abort }: Input): void {
  assert.equal(task.ends.length, 1, 'a command ends once');
  const status = task.ends[0]!;
  if (status === 'discarded') {
    assert.ok(abort, 'only an aborted command is discarded');
    return;
  }
  const known: number[] = Object.values(Status);
  assert.ok(known.includes(status), `status ${status}`);
  assert.equal(task.sense !== undefined, status === Status.checkCondition, 'sense and status');
  if (task.condition !== undefined) {
    assert.equal(task.dataIn.length, 0);
    // Nothing that an initiator sends may look like a failure of this device.
    assert.match(task.condition, /^(2|5|6|7|b|e)\//);
    const length = task.sense!.length;
    assert.equal(task.sense![7], length - 8, 'ADDITIONAL SENSE LENGTH');
  }
  assert.ok(task.dataIn.length <= task.dataInExpected);
  assert.ok(task.dataIn.length <= task.transferLength);
}

test('random commands are answered once, and as the standards allow', async () => {
  await fuzzCdbs(Number(process.env['ALLPATH_FUZZ_RUNS'] ?? DEFAULT_RUNS));
});

test('the check finds a command that ended twice, and a status without its sense data', () => {
  const input = { abort: false } as Input;
  const twice = new TestTask([0]);
  twice.end(Status.good, 0, undefined);
  twice.end(Status.good, 0, undefined);
  assert.throws(() => checkEnd(twice, input), /ends once/);
  const bare = new TestTask([0]);
  bare.end(Status.checkCondition, 0, undefined);
  assert.throws(() => checkEnd(bare, input), /sense and status/);
});
