// Proves that gateways on a real Ceph, each with clients of its own, behave as libiscsi's
// conformance suite expects of one logical unit: all of its SCSI and iSCSI tests, by 512 and
// 4096 byte blocks.

import { conformanceRuns, testConformance } from '../conformance/iscsi-test-cu-runs.ts';

for (const run of conformanceRuns) if (run.store === 'ceph') testConformance(run);
