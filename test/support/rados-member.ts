// A member with records on a real RADOS pool, and a client of its own.

import { RadosClient } from '../../src/ceph/rados-client.ts';
import type { RadosPool } from '../../src/ceph/rados-pool.ts';
import { systemClock } from '../../src/host/system-clock.ts';
import { openRadosRecords } from '../../src/records/rados/open-rados-records.ts';
import type { RadosRecords } from '../../src/records/rados/rados-records.ts';

export interface RadosPlace {
  readonly conf: string;
  readonly pool: string;
  readonly namespace: string;
  readonly user: string;
}

export interface RadosMember {
  readonly records: RadosRecords;
  readonly client: RadosClient;
  readonly pool: RadosPool;
  /** Closes all of it. */
  end(): Promise<void>;
}

export async function openRadosMember(place: RadosPlace, name: string): Promise<RadosMember> {
  const { conf, user, namespace } = place;
  const client = await RadosClient.connect({ conf, user });
  const pool = await client.openPool(place.pool, { namespace });
  const self = { name, incarnation: `${name}#${client.instanceId}` };
  const leave = async (): Promise<void> => {
    pool.close();
    await client.close();
  };
  try {
    const records = await openRadosRecords({ pool, namespace, self, clock: systemClock });
    return {
      ...{ records, client, pool },
      async end() {
        await records.close();
        await leave();
      },
    };
  } catch (error) {
    await leave();
    throw error;
  }
}
