import { Failure } from '../base/failure.ts';
import type { CephCalls } from '../ceph/ceph-calls.ts';
import { TOOL_SETTINGS } from '../ceph/ceph-settings.ts';
import { RadosClient } from '../ceph/rados-client.ts';
import { CephFencing } from '../membership/ceph/ceph-fencing.ts';
import { livingMembers } from '../membership/living-members.ts';
import type { Membership } from '../membership/membership.ts';
import { MembershipStore } from '../membership/membership-store.ts';
import { openRadosRecords } from '../records/rados/open-rados-records.ts';
import type { RadosRecords } from '../records/rados/rados-records.ts';
import { INSTANCES_DEFAULT, type InstanceGuard } from '../volume/rbd/instance-pool.ts';
import { RbdVolumeStore } from '../volume/rbd/rbd-volume-store.ts';
import type { OpenStoreOptions, Store } from './store.ts';
import type { CephLocation } from './store-location.ts';

const INCARNATION_BYTES = 8;

/**
 * Opens the records of a pool, over a client instance of their own, and its images as volumes.
 * `addon`: the addon for Ceph; by default that of this process.
 */
export async function openCephStore(
  ceph: CephLocation,
  options: Omit<OpenStoreOptions, 'location'>,
  addon?: CephCalls,
): Promise<Store> {
  const { clock, random, log } = options;
  const connect = (settings = {}) =>
    RadosClient.connect({ conf: ceph.conf, user: ceph.user, settings }, addon);
  const client = await connect();
  const { records, close: closeRecords } = await openRecords(ceph, client, options);
  const membership = new MembershipStore({ records, clock, random });
  let guard: InstanceGuard = toolGuard;
  const unfenced = Promise.withResolvers<void>();
  const volumes = new RbdVolumeStore({
    connect: () => connect(guard === toolGuard ? TOOL_SETTINGS : {}),
    pool: ceph.pool,
    namespace: ceph.namespace,
    guard: {
      register: (address) => guard.register(address),
      fenceInstance: (address) => guard.fenceInstance(address),
      unregister: (address) => guard.unregister(address),
    },
    instances: INSTANCES_DEFAULT,
    clock,
    log,
  });
  return {
    location: { ceph },
    isNew: false,
    records,
    volumes,
    membership,
    fencing: {
      driver: new CephFencing({ client, records, instances: volumes.instances }),
      instances: [{ address: client.addresses, kind: 'records' }],
      joined: (members) => {
        guard = memberGuard(members, () => unfenced.resolve());
      },
      unfenced: unfenced.promise,
    },
    living: () => livingMembers(membership, clock),
    // An acknowledged write is durable as it is.
    openVolume: async (name, known) => {
      // A name alone may be that of another image by now.
      if (known.id === undefined) throw unknownImage(name);
      return await volumes.open(name, known);
    },
    spreadVolumes: (instances) => volumes.instances.spread(instances),
    close: async () => {
      try {
        await volumes.close();
      } finally {
        await closeRecords();
      }
    },
  };
}

function unknownImage(name: string): Failure<'volumeNotFound'> {
  const message = `there is no image ${name}, or the pool does not tell its id`;
  return new Failure('volumeNotFound', message, { name });
}

interface OpenRecords {
  readonly records: RadosRecords;
  /** Also releases their client instance. */
  readonly close: () => Promise<void>;
}

async function openRecords(
  { pool: poolName, namespace }: CephLocation,
  client: RadosClient,
  { memberName: name, clock, random }: Omit<OpenStoreOptions, 'location'>,
): Promise<OpenRecords> {
  const release: (() => unknown)[] = [() => client.close()];
  const close = async (): Promise<void> => {
    for (const step of release.splice(0).reverse()) await step();
  };
  try {
    const pool = await client.openPool(poolName, { namespace });
    release.push(() => pool.close());
    const incarnation = Buffer.from(random.bytes(INCARNATION_BYTES)).toString('hex');
    const records = await openRadosRecords({ pool, namespace, self: { name, incarnation }, clock });
    release.push(() => records.close());
    return { records, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** A member lists the instances of its volumes, so that others can fence them. */
function memberGuard(membership: Membership, onUnfenced: () => void): InstanceGuard {
  return {
    register: (address) => membership.register({ address, kind: 'volume' }),
    fenceInstance: async (address) => {
      try {
        await membership.fenceInstance(address);
      } catch (error) {
        onUnfenced();
        throw error;
      }
    },
    unregister: (address) => membership.unregister(address),
  };
}

/** A tool is not a member: no member waits for it, and it ends with its request. */
const toolGuard: InstanceGuard = {
  register: async () => {},
  fenceInstance: async () => {
    throw new Failure(
      'membersUnsupported',
      'commands cannot fence a client instance; only a running gateway can',
    );
  },
  unregister: async () => {},
};
