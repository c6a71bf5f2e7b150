// Client instances and open images that do what a test tells them, for the volumes above them.

import type { RadosClient } from '../../src/ceph/rados-client.ts';
import type { ClientInstance } from '../../src/volume/rbd/client-instance.ts';
import type { InstanceGuard } from '../../src/volume/rbd/instance-pool.ts';
import type { OpenImage, OpenImageListener } from '../../src/volume/rbd/open-image.ts';
import type { Operation } from '../../src/volume/rbd/operation.ts';
import type { VolumeResult } from '../../src/volume/volume.ts';

export const IMAGE_SIZE_BYTES = 64 * 1024 * 1024;

/** An operation that flies until the test lands it. */
export interface Flight {
  readonly opening: number;
  readonly kind: string;
  readonly offset: number;
  land(result: VolumeResult): void;
}

/** A cluster of which everything is in the test's hands. */
export class FakeRbd {
  /** What happened, in order. */
  readonly log: string[] = [];
  readonly flights: Flight[] = [];
  /** Settles the fence under way. */
  endFence: (isFenced: boolean) => void = () => {};
  connectFails = false;
  openFails: boolean | Error = false;
  #clients = 0;
  #openings = 0;

  readonly connect = async (): Promise<RadosClient> => {
    if (this.connectFails) throw new Error('planted: no cluster');
    const addresses = `client-${++this.#clients}`;
    this.log.push(`connect ${addresses}`);
    return {
      addresses,
      waitForLatestOsdmap: async () => {
        this.log.push(`barrier ${addresses}`);
        return 0;
      },
      close: async () => {
        this.log.push(`close ${addresses}`);
      },
    } as unknown as RadosClient;
  };

  readonly guard: InstanceGuard = {
    register: async (addresses) => {
      this.log.push(`register ${addresses}`);
    },
    fenceInstance: (addresses) => {
      this.log.push(`fence ${addresses}`);
      return new Promise((resolve, reject) => {
        this.endFence = (isFenced) => (isFenced ? resolve() : reject(new Error('planted')));
      });
    },
    unregister: async (addresses) => {
      this.log.push(`unregister ${addresses}`);
    },
  };

  /** Of the latest opening. */
  listener: OpenImageListener | undefined;

  readonly openImage = async (
    instance: ClientInstance,
    listener?: OpenImageListener,
  ): Promise<OpenImage> => {
    this.listener = listener;
    if (this.openFails === true) throw new Error('planted: no image');
    if (this.openFails !== false) throw this.openFails;
    const number = ++this.#openings;
    const release = instance.retain();
    this.log.push(`open ${number} on ${instance.addresses}`);
    const fly =
      (kind: string) =>
      (offset: number): Promise<VolumeResult> =>
        new Promise((land) => {
          this.flights.push({ opening: number, kind, offset, land });
        });
    type OnResult = (result: VolumeResult) => void;
    const flyFor = (kind: string) => (offset: number, _: unknown, operation: Operation) =>
      void fly(kind)(offset).then((result) => operation.end(result));
    return {
      verdict: { problems: [], refusal: undefined },
      header: { info: { sizeBytes: IMAGE_SIZE_BYTES }, refresh: async () => {} },
      atomicBytes: 4 * 1024 * 1024,
      read: flyFor('read'),
      write: flyFor('write'),
      compareAndWrite: (offset: number, _: unknown, __: unknown, onResult: OnResult) =>
        void fly('compareAndWrite')(offset).then(onResult),
      writeSame: fly('writeSame'),
      writeZeroes: fly('writeZeroes'),
      close: async () => {
        this.log.push(`close ${number}`);
        release();
      },
    } as unknown as OpenImage;
  };

  /** Lands everything that flies, in order. */
  land(result: VolumeResult): void {
    for (const flight of this.flights.splice(0)) flight.land(result);
  }
}
