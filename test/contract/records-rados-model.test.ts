// The driver `rados` keeps the records contract, on a model of a RADOS pool.

import { systemClock } from '../../src/host/system-clock.ts';
import { openRadosRecords } from '../../src/records/rados/open-rados-records.ts';
import type { RadosRecords } from '../../src/records/rados/rados-records.ts';
import type { Records } from '../../src/records/records.ts';
import { type ModelClient, ModelRados } from '../support/model-rados.ts';
import { recordsContract } from './records.ts';
import { bytes, type RecordsWorld, text } from './records-world.ts';

async function openWorld(namespace: string): Promise<RecordsWorld> {
  const rados = new ModelRados(systemClock);
  const clients = new Map<Records, ModelClient>();
  let opened = 0;
  async function open(name: string): Promise<RadosRecords> {
    const pool = rados.client();
    opened += 1;
    const self = { name, incarnation: `${name}#${opened}` };
    const records = await openRadosRecords({ pool, namespace, self, clock: systemClock });
    clients.set(records, pool);
    return records;
  }
  return {
    open,
    async openPuppet(name, channel) {
      const records = await open(name);
      const onNotify = (message: Uint8Array) => bytes(`echo:${text(message)}`);
      await records.watch(channel, { onNotify, onLost() {} });
      return {
        member: records.self,
        stop: async () => clients.get(records)!.stop(),
        resume: async () => clients.get(records)!.resume(),
        end: () => records.close(),
      };
    },
    loseWatches: async (records) => clients.get(records)!.cutWatches(),
    dispose: async () => {},
  };
}

recordsContract('rados on a model', () => openWorld(''));
