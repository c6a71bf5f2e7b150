// Proves invariant I3 and the single end of every command under random interleavings: commands of
// two nexuses, a slow medium, late data, aborts and resets. When a function is answered, no command
// that it aborted is with the medium, and none gets there later.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';

import { encodeLun } from '../../src/scsi/lun.ts';
import type { Nexus } from '../../src/scsi/nexus.ts';
import type { TaskAttribute } from '../../src/scsi/task.ts';
import { ScsiBench, type TestTask } from '../support/scsi-bench.ts';
import { settle } from '../support/virtual-clock.ts';

const DEFAULT_RUNS = 150;

/** Blocks are numbered by command, so that the medium's log tells who is there. */
const write = (lba: number) => [0x2a, 0, 0, 0, lba >> 8, lba & 255, 0, 0, 1, 0];

interface Sent {
  readonly task: TestTask;
  readonly nexus: Nexus;
  readonly lba: number;
}

const functions = [
  'abortTask',
  'abortTaskSet',
  'clearTaskSet',
  'logicalUnitReset',
  'iTNexusReset',
] as const;

const steps = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constant('send' as const),
        own: fc.boolean(),
        immediate: fc.boolean(),
        attribute: fc.constantFrom<TaskAttribute>(
          ...(['simple', 'simple', 'simple', 'ordered', 'headOfQueue'] as const),
        ),
      }),
    },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('release' as const) }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('data' as const), which: fc.nat(20) }) },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant('manage' as const),
        name: fc.constantFrom(...functions),
        which: fc.nat(20),
      }),
    },
  ),
  { maxLength: 40 },
);

class Run {
  readonly bench: ScsiBench;
  readonly other: Nexus;
  readonly sent: Sent[] = [];
  readonly answers: Promise<void>[] = [];

  constructor(bench: ScsiBench) {
    this.bench = bench;
    this.other = bench.openNexus();
    bench.volume.shut = true;
  }

  send(nexus: Nexus, immediate: boolean, attribute: TaskAttribute): void {
    const lba = this.sent.length + 1;
    const options = { data: new Uint8Array(512), immediate, attribute, tag: lba };
    this.sent.push({ task: this.bench.send(write(lba), options, nexus), nexus, lba });
  }

  deliver(which: number): void {
    const waiting = this.sent.filter(({ task }) => task.state === 'awaitingData');
    const chosen = waiting[which % Math.max(waiting.length, 1)];
    if (chosen === undefined || chosen.task.dataOut.length > 0) return;
    chosen.task.deliver();
  }

  manage(name: (typeof functions)[number], which: number): void {
    const { nexus } = this.bench;
    const alive = this.sent.filter(({ task }) => task.ends.length === 0);
    const affected = alive.filter(
      (item, i) =>
        (name === 'logicalUnitReset' || item.nexus === nexus) &&
        (name !== 'abortTask' || i === which % alive.length),
    );
    const referencedTag = alive[which % Math.max(alive.length, 1)]?.lba ?? 0;
    const request = { function: name, lun: encodeLun(0), referencedTag } as const;
    const answer = Promise.resolve(nexus.manage(request)).then(() => {
      const reached = this.bench.volume.log.length;
      for (const { task } of affected) assert.equal(task.ends.length, 1, 'ended by the answer');
      return { affected, reached };
    });
    this.answers.push(
      answer.then(({ affected: aborted, reached }) => {
        this.#after.push({ lbas: aborted.map(({ lba }) => lba), reached });
      }),
    );
  }

  readonly #after: { lbas: number[]; reached: number }[] = [];

  async finish(): Promise<void> {
    this.bench.volume.releaseAll();
    for (let i = 0; i < 100; i++) {
      this.deliver(0);
      await settle();
    }
    await Promise.all(this.answers);
    for (const { task } of this.sent) assert.equal(task.ends.length, 1, 'ends once');
    for (const { lbas, reached } of this.#after) {
      const later = this.bench.volume.log.slice(reached);
      for (const lba of lbas) {
        assert.ok(!later.includes(`write ${lba * 512}`), 'nothing aborted reaches the medium');
      }
    }
    assert.equal(this.bench.nexus.outstanding + this.other.outstanding, 0);
  }
}

test('an aborted command is over when the abort is answered', async () => {
  const numRuns = Number(process.env['ALLPATH_FUZZ_RUNS'] ?? DEFAULT_RUNS);
  await fc.assert(
    fc.asyncProperty(steps, async (script) => {
      const run = new Run(await ScsiBench.open());
      for (const step of script) {
        if (step.kind === 'send') {
          const nexus = step.own ? run.bench.nexus : run.other;
          run.send(nexus, step.immediate, step.attribute);
        } else if (step.kind === 'release') {
          run.bench.volume.release();
        } else if (step.kind === 'data') {
          run.deliver(step.which);
        } else {
          run.manage(step.name, step.which);
        }
        await settle();
      }
      await run.finish();
    }),
    { numRuns },
  );
});
