// Proves on the embedded store that two, and four, gateways are one logical unit.

import { embeddedGateways } from '../one-unit/embedded-gateways.ts';
import { oneLogicalUnit } from '../one-unit/suite.ts';

for (const count of [2, 4]) {
  oneLogicalUnit(`${count} gateways`, (parts) => embeddedGateways(count, parts));
}
