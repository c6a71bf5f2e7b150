// Proves by 4096 byte blocks what `iscsi-test-cu.test.ts` proves by 512. A file of its own, because
// two files run at a time.

import { testConformance } from '../conformance/iscsi-test-cu-runs.ts';

testConformance('pair-rbd-4096');
