// Proves that gateways on a real Ceph, each with clients of its own, behave as libiscsi's
// conformance suite expects of one logical unit of 512 byte blocks: all SCSI and iSCSI tests.

import { testConformance } from '../conformance/iscsi-test-cu-runs.ts';

testConformance('pair-rbd');
