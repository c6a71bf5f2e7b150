import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { demoAt } from '../support/demo-place.ts';
import { mustRun, run } from '../support/run.ts';
import { type Exception, joinReports, parseReport, problemsIn } from './iscsi-test-cu-report.ts';

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

interface Family {
  readonly family: string;
  /** How many tests the parts have. */
  readonly total: number;
  /** What is asked for, each part by a process of its own. */
  readonly parts: readonly string[];
}

/**
 * What each release of libiscsi is asked to run. In 1.20:
 * - A test of the suite iSCSITMF takes the session away from those that follow in its process.
 * - The suite for SendTargets is left out. In a normal session it asks for the list of all
 *   targets, which RFC 7143 (appendix C) says must not be supported there; and where a key is
 *   answered "NotUnderstood", as section 6.2 demands, libiscsi connects again and waits forever.
 */
const releases: Readonly<Record<'1.19' | '1.20', readonly Family[]>> = {
  '1.19': [
    { family: 'SCSI', total: 215, parts: ['SCSI'] },
    { family: 'iSCSI', total: 15, parts: ['iSCSI'] },
  ],
  '1.20': [
    { family: 'SCSI', total: 218, parts: ['SCSI'] },
    {
      family: 'iSCSI',
      total: 19,
      parts: [
        'iSCSI.iSCSI[!ST]*',
        'iSCSI.iSCSITMF.AbortTaskSimpleAsync',
        'iSCSI.iSCSITMF.LUNResetSimpleAsync',
        'iSCSI.iSCSITMF.LogoutDuringIOAsync',
      ],
    },
  ],
};

/** A run that takes this long hangs: on two quiet cores it takes 40 s, on Ceph twice that. */
const RUN_LIMIT_MS = 600_000;

const exceptionsPath = new URL('exceptions.json', import.meta.url);
/** Tests that are known not to pass. */
export const exceptions = JSON.parse(readFileSync(exceptionsPath, 'utf8')) as readonly Exception[];

/** The release that is installed, told by a test that only the later one has. */
async function installedRelease(): Promise<keyof typeof releases> {
  const list = await mustRun('iscsi-test-cu', ['-l']);
  return list.includes('SCSI.ReportLUNs.Simple') ? '1.20' : '1.19';
}

/** Registers a test of the run of that name. */
export function testConformance(name: string): void {
  const { blocks, gateways, store } = conformanceRuns.find((run) => run.name === name)!;
  test(`iscsi-test-cu, ${name}`, async (t) => {
    const osds = store === 'ceph' ? 1 : 0;
    await using place = await demoAt(osds, { size: '256M', blocks }, 'memstore');
    const { demo } = place;
    const urls = gateways.map((gateway) => demo.url(gateway));
    const release = await installedRelease();
    const excused = exceptions.filter(({ since }) => since === undefined || since === release);
    for (const { family, total, parts } of releases[release]) {
      await t.test(`family ${family} of libiscsi ${release}, ${total} tests`, async () => {
        const reports = [];
        let errors = '';
        for (const part of parts) {
          const args = ['-d', '-f', '-v', '-t', part, ...urls];
          const { stdout, stderr } = await run('iscsi-test-cu', args, RUN_LIMIT_MS);
          reports.push(parseReport(family, stdout));
          errors += stderr;
        }
        const problems = problemsIn(joinReports(reports), { family, run: name, total }, excused);
        assert.deepEqual(problems, [], `${problems.join('\n')}\n${errors}\n${demo.errors()}`);
      });
    }
  });
}
