import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { demoAt } from '../support/demo-place.ts';
import { run } from '../support/run.ts';
import { type Exception, judge, parseReport } from './iscsi-test-cu-report.ts';

/** One run of libiscsi's suite, against gateways of one disk. */
export interface ConformanceRun {
  /** What exceptions name it by. */
  readonly name: string;
  readonly blocks: 512 | 4096;
  /** The gateways of the pair that the suite is given: both for its tests of several paths. */
  readonly gateways: readonly number[];
  readonly store: 'embedded' | 'ceph';
}

export const conformanceRuns: readonly ConformanceRun[] = [
  { name: 'one-gateway', blocks: 512, gateways: [0], store: 'embedded' },
  { name: 'pair', blocks: 512, gateways: [0, 1], store: 'embedded' },
  { name: 'pair-4096', blocks: 4096, gateways: [0, 1], store: 'embedded' },
  { name: 'pair-rbd', blocks: 512, gateways: [0, 1], store: 'ceph' },
  { name: 'pair-rbd-4096', blocks: 4096, gateways: [0, 1], store: 'ceph' },
];

/** How many tests libiscsi 1.19 has in each family. */
const families = [
  { family: 'SCSI', total: 215 },
  { family: 'iSCSI', total: 15 },
] as const;

/** On a Ceph of this machine a write costs milliseconds, and COMPARE AND WRITE goes to 1 MiB. */
const RUN_LIMITS_MS = { embedded: 100_000, ceph: 200_000 } as const;

const exceptionsPath = new URL('exceptions.json', import.meta.url);
/** Tests that are known not to pass. */
export const exceptions = JSON.parse(readFileSync(exceptionsPath, 'utf8')) as readonly Exception[];

/** Registers a test of the run. */
export function testConformance({ name, blocks, gateways, store }: ConformanceRun): void {
  test(`iscsi-test-cu, ${name}`, async (t) => {
    const osds = store === 'ceph' ? 1 : 0;
    await using place = await demoAt(osds, { size: '256M', blocks }, 'memstore');
    const { demo } = place;
    const urls = gateways.map((gateway) => demo.url(gateway));
    for (const { family, total } of families) {
      await t.test(`family ${family}, ${total} tests`, async () => {
        const args = ['-d', '-f', '-v', '-t', family, ...urls];
        const { stdout, stderr } = await run('iscsi-test-cu', args, RUN_LIMITS_MS[store]);
        const report = parseReport(family, stdout);
        const problems = judge(report, { family, run: name, total }, exceptions);
        assert.deepEqual(problems, [], `${problems.join('\n')}\n${stderr}\n${demo.errors()}`);
      });
    }
  });
}
