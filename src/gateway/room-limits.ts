import { assert } from '../base/assert.ts';
import { GATEWAYS_MAX, LUN_MAX, VOLUME_INSTANCES_MAX } from '../config/limits.ts';
import { INCARNATIONS_MAX, INSTANCES_MAX } from '../membership/limits.ts';
import { MEMBERS_MAX } from '../records/records.ts';
import { FLAT_LUN_MAX } from '../scsi/lun.ts';
import { INSTANCES_MAX as POOL_INSTANCES_MAX } from '../volume/rbd/instance-pool.ts';

// Limits on which rooms that do not import each other must agree. Imported only for its assertions.

assert(LUN_MAX === FLAT_LUN_MAX, 'the document maps every LUN that flat space addressing has');
assert(
  VOLUME_INSTANCES_MAX <= POOL_INSTANCES_MAX,
  'the pool of client instances takes what the document may ask for',
);
assert(
  2 * POOL_INSTANCES_MAX <= INSTANCES_MAX,
  'a member lists its instances, and a successor of nearly each',
);
assert(
  GATEWAYS_MAX < INCARNATIONS_MAX && GATEWAYS_MAX < MEMBERS_MAX,
  'a store has room for every gateway of the document, and for tools',
);
