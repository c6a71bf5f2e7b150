// Records and volumes in memory, and documents of disks that are applied to them.

import { Failure } from '../../src/base/failure.ts';
import type { Disk, DocumentDraft } from '../../src/config/document.ts';
import type { ControlContext } from '../../src/control/control-context.ts';
import {
  type ChangedDocument,
  changeDocument,
} from '../../src/control/document/change-document.ts';
import { readDocument } from '../../src/control/document/document-record.ts';
import type { ChangePermits, DocumentChange } from '../../src/control/document/plan-change.ts';
import { MembershipStore } from '../../src/membership/membership-store.ts';
import type { Records } from '../../src/records/records.ts';
import { MemoryRecordsWorld } from '../doubles/memory-records-world.ts';
import { MemoryStore, type MemoryStoreOptions } from '../doubles/memory-volumes.ts';
import { documentDraft } from './cluster-document.ts';
import { SeededRandom } from './seeded-random.ts';
import { VirtualClock } from './virtual-clock.ts';

export class DiskCluster {
  readonly volumes: MemoryStore;
  readonly context: ControlContext;
  readonly records: Records;

  private constructor(volumes: MemoryStore, context: ControlContext) {
    this.volumes = volumes;
    this.context = context;
    this.records = context.records;
  }

  static async open(options: MemoryStoreOptions = {}): Promise<DiskCluster> {
    const volumes = new MemoryStore(options);
    const [clock, random] = [new VirtualClock(), new SeededRandom(7)];
    const records = await new MemoryRecordsWorld({ clock, random }).open('tool');
    const living = async () => [];
    const membership = new MembershipStore({ records, clock, random });
    return new DiskCluster(volumes, { records, volumes, membership, clock, random, living });
  }

  /** Each disk has 1 MiB unless it says otherwise. */
  draft(...disks: readonly object[]): DocumentDraft {
    return documentDraft({ disks: disks.map((disk) => ({ size: '1M', ...disk })) });
  }

  async apply(...disks: readonly object[]): Promise<ChangedDocument> {
    const draft = this.draft(...disks);
    return await this.change(() => draft);
  }

  async change(change: DocumentChange, permits: ChangePermits = {}): Promise<ChangedDocument> {
    return await changeDocument(this.context, change, permits);
  }

  /** What a refusal says; empty when nothing was refused. */
  async refusal(applying: Promise<unknown>): Promise<string> {
    try {
      await applying;
      return '';
    } catch (error) {
      if (error instanceof Failure) return error.message;
      throw error;
    }
  }

  async disk(name: string): Promise<Disk> {
    const current = await readDocument(this.records);
    const found = current?.document.disks.find((disk) => disk.name === name);
    if (found === undefined) throw new Error(`the document has no disk ${name}`);
    return found;
  }

  async volumeNames(): Promise<readonly string[]> {
    return (await this.volumes.list()).map(({ name }) => name);
  }
}
