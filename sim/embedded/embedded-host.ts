import { sleep } from '../../src/base/clock.ts';
import { Failure } from '../../src/base/failure.ts';
import type { Store } from '../../src/gateway/store.ts';
import type { FencedProcesses } from '../../src/membership/fencing-driver.ts';
import { MembershipStore } from '../../src/membership/membership-store.ts';
import { ProcessFencing } from '../../src/membership/process/process-fencing.ts';
import type { Member } from '../../src/records/records.ts';
import { MemoryRecordsWorld } from '../../test/doubles/memory-records-world.ts';
import { MemoryStore } from '../../test/doubles/memory-volumes.ts';
import type { SeededRandom } from '../../test/support/seeded-random.ts';
import { VirtualClock } from '../../test/support/virtual-clock.ts';
import type { StoreFaultParts } from '../faults/broken.ts';
import type { SimProcess } from '../time/sim-process.ts';
import type { OpenSimStoreOptions, WorldStore, WorldStoreParts } from '../world-store.ts';
import { EmbeddedFences } from './embedded-fences.ts';
import { GatedRecords } from './gated-records.ts';
import { HostDisk } from './host-disk.ts';
import { hostFaults } from './host-faults.ts';
import { HostVolume } from './host-volume.ts';

const RECORDS_DELAY_MAX_MS = 2;
/** How long it takes until the end of a killed process is seen. */
const END_MAX_MS = 20;

interface Opening {
  readonly self: Member;
  readonly process: SimProcess;
}

/** One host with an embedded store: its processes share records and files, and kill each other. */
export class EmbeddedHost implements WorldStore {
  readonly disk: HostDisk;
  readonly fences: EmbeddedFences;
  readonly canFence = true;
  readonly mayDelay = false;
  readonly #records: MemoryRecordsWorld;
  readonly #volumes = new MemoryStore();
  readonly #openings = new Set<Opening>();
  readonly #random: SeededRandom;

  constructor({ timeline, random, fail, onMembers }: WorldStoreParts) {
    this.#random = random;
    this.disk = new HostDisk(timeline, random);
    const clock = new VirtualClock(timeline);
    this.#records = new MemoryRecordsWorld({ clock, random, delayMaxMs: RECORDS_DELAY_MAX_MS });
    this.fences = new EmbeddedFences(this.#records.store, {
      isAlive: ({ incarnation }) => {
        return this.#living().some(({ self }) => self.incarnation === incarnation);
      },
      ...{ fail, onMembers },
    });
  }

  async open(
    process: SimProcess,
    { memberName, clock, random }: OpenSimStoreOptions,
  ): Promise<Store> {
    const records = new GatedRecords(await this.#records.open(memberName), process);
    const { self } = records;
    const opening = { self, process };
    this.#openings.add(opening);
    process.onChange(() => {
      if (process.isDead) this.#records.fence(self);
    });
    const lease = { untilMs: Number.POSITIVE_INFINITY };
    const renewable = { renew: (untilMs: number) => void Object.assign(lease, { untilMs }) };
    const wrap = { process, disk: this.disk, isOver: () => clock.now() >= lease.untilMs };
    return {
      location: { dir: '/sim' },
      isNew: false,
      records,
      volumes: this.#volumes,
      membership: new MembershipStore({ records, clock, random }),
      fencing: {
        driver: new ProcessFencing(this.#processesFor(opening), renewable),
        instances: [],
      },
      living: async () => this.#living().map(({ self: each }) => each),
      openVolume: async (name, { writethrough: _, ...known }) => {
        return new HostVolume(await this.#volumes.open(name, known), wrap);
      },
      close: async () => {
        this.#openings.delete(opening);
        await records.close();
      },
    };
  }

  faults(parts: StoreFaultParts) {
    return hostFaults(parts, this.disk);
  }

  isReached(): boolean {
    return true;
  }

  #living(): readonly Opening[] {
    return [...this.#openings].filter(({ process }) => !process.isDead);
  }

  #processesFor(own: Opening): FencedProcesses {
    const { clock } = own.process;
    return {
      living: async () => this.#living().map(({ self }) => self),
      states: async () => {
        return this.#living().map(({ self, process }) => ({
          ...self,
          isStopped: process.isPaused,
        }));
      },
      end: async ({ incarnation, name }) => {
        const found = this.#living().find(({ self }) => self.incarnation === incarnation);
        if (found?.process === own.process) {
          throw new Failure('recordsOwnProcess', `${name} belongs to this process`);
        }
        found?.process.kill();
        await sleep(clock, this.#random.below(END_MAX_MS));
        return true;
      },
    };
  }
}
