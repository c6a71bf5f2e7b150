import { ENOENT, ESHUTDOWN } from '../../src/ceph/errno.ts';
import type { SeededRandom } from '../../test/support/seeded-random.ts';
import type { SimProcess } from '../time/sim-process.ts';
import type { Timeline } from '../time/timeline.ts';
import { type ClusterLink, SimClient } from './sim-client.ts';
import { SimMonitor } from './sim-monitor.ts';
import { SimNotify } from './sim-notify.ts';
import { SimOsd } from './sim-osd.ts';
import { SimWatch, type WatchListener } from './sim-watch.ts';
import { StoredObject } from './stored-object.ts';

/** How often a client pings the OSDs (objecter_tick_interval). */
const TICK_MS = 500;
const VERSION_STEP = 3;

/** An operation that an OSD has executed. */
export interface DoneOperation {
  readonly client: SimClient;
  readonly object: string;
  readonly submittedMs: number;
  readonly changes: boolean;
}

/** The effect of an operation on its object, and its reply. */
export interface ObjectWork<Reply> {
  readonly changes: boolean;
  /** A negated errno in place of the reply refuses it. */
  run(object: StoredObject | undefined): Reply | number;
}

/** One pool of a Ceph cluster. */
export class SimCluster {
  readonly timeline: Timeline;
  readonly monitor: SimMonitor;
  readonly osds: readonly SimOsd[];
  readonly objects = new Map<string, StoredObject>();
  readonly #random: SeededRandom;
  readonly #clients: SimClient[] = [];
  readonly #links = new Map<SimProcess, ClusterLink>();
  readonly #notifies = new Map<bigint, SimNotify>();
  #serial = 0n;
  #version = 0;
  onDone = (_: DoneOperation): void => {};

  constructor(timeline: Timeline, random: SeededRandom, osds: number) {
    this.timeline = timeline;
    this.#random = random;
    this.monitor = new SimMonitor(timeline, random, (mapEpoch) => {
      for (const osd of this.osds) osd.publish(mapEpoch);
    });
    this.osds = Array.from({ length: osds }, (_, index) => {
      return new SimOsd(timeline, random, {
        map: () => this.#dropBlocklisted(index),
        resume: () => {
          for (const client of this.#clients) client.wake();
        },
      });
    });
    this.#tick();
  }

  nextSerial(): bigint {
    this.#serial++;
    return this.#serial;
  }

  connect(process: SimProcess): SimClient {
    const parts = { timeline: this.timeline, random: this.#random, osds: this.osds };
    const gid = this.nextSerial();
    const client = new SimClient(parts, process, this.#linkOf(process), gid, this.monitor.mapEpoch);
    this.#clients.push(client);
    return client;
  }

  isLinked(process: SimProcess): boolean {
    const { isOsdCut, isMonCut } = this.#linkOf(process);
    return !isOsdCut && !isMonCut;
  }

  /** Sets which parts of the cluster this process reaches from now on. */
  setLink(process: SimProcess, link: ClusterLink): void {
    Object.assign(this.#linkOf(process), link);
    for (const client of this.#clients) if (client.process === process) client.wake();
  }

  /** Has an OSD do work on an object; `done` gets the reply, or a negated errno. */
  operate<Reply>(
    client: SimClient,
    name: string,
    { changes, run }: ObjectWork<Reply>,
    done: (reply: Reply | number) => void,
  ): void {
    const { mapEpoch } = client;
    const submittedMs = this.timeline.nowMs;
    const osd = this.osdOf(name);
    const execute = (knownEpoch: number): void => {
      let reply: Reply | number = ESHUTDOWN;
      if (!this.monitor.isBlocklisted(client.address, knownEpoch)) {
        reply = run(this.objects.get(name));
        this.onDone({ client, object: name, submittedMs, changes: changes && !isErrno(reply) });
      }
      client.fromOsd(osd, () => done(reply));
    };
    client.toOsd(osd, () => this.osds[osd]!.arrive({ client, object: name, mapEpoch, execute }));
  }

  /** The object, created if necessary, with a new version. */
  changed(name: string): StoredObject {
    let object = this.objects.get(name);
    if (object === undefined) {
      object = new StoredObject(name);
      this.objects.set(name, object);
    }
    // Other objects of the placement group use the same counter, so versions of an object have
    // gaps.
    this.#version += VERSION_STEP;
    object.version = this.#version;
    return object;
  }

  watch(
    client: SimClient,
    name: string,
    { timeoutMs, listener }: { readonly timeoutMs: number; readonly listener: WatchListener },
    done: (watch: SimWatch | number) => void,
  ): void {
    const run = (object: StoredObject | undefined): SimWatch | number => {
      if (object === undefined) return ENOENT;
      const [osd, cookie, nowMs] = [this.osdOf(name), this.nextSerial(), this.timeline.nowMs];
      const watch = new SimWatch({ client, object: name, osd, cookie, timeoutMs, listener, nowMs });
      object.watches.add(watch);
      client.watches.add(watch);
      return watch;
    };
    this.operate(client, name, { changes: false, run }, done);
  }

  unwatch(watch: SimWatch, done: () => void): void {
    watch.isCancelled = true;
    const run = (): undefined => this.#drop(watch);
    this.operate(watch.client, watch.object, { changes: false, run }, done);
  }

  acknowledge(watch: SimWatch, notifyId: bigint, payload: Uint8Array): void {
    watch.client.toOsd(watch.osd, () => {
      this.osds[watch.osd]!.handle(() => this.#notifies.get(notifyId)?.answered(watch, payload));
    });
  }

  notify(
    client: SimClient,
    name: string,
    { message, timeoutMs }: { readonly message: Uint8Array; readonly timeoutMs: number },
    done: (errno: number, reply: Uint8Array | undefined) => void,
  ): void {
    const osd = this.osdOf(name);
    const run = (object: StoredObject | undefined): number => {
      if (object === undefined) return ENOENT;
      const id = this.nextSerial();
      const notify = new SimNotify(id, object.watches, (errno, reply) => {
        this.#notifies.delete(id);
        client.fromOsd(osd, () => done(errno, reply));
      });
      this.#notifies.set(id, notify);
      const late = (): void => this.osds[osd]!.handle(() => notify.timedOut());
      notify.timer = this.timeline.after(timeoutMs, late);
      for (const watch of notify.waiting) {
        watch.client.fromOsd(osd, () => {
          if (!watch.isCancelled) watch.listener.notified(id, message.slice(), client.gid);
        });
      }
      notify.endIfDone();
      return 0;
    };
    this.operate(client, name, { changes: false, run }, (errno) => {
      if (errno < 0) done(errno, undefined);
    });
  }

  /** The placement of an object, by a hash of its name, as with CRUSH. */
  readonly osdOf = (name: string): number => {
    let hash = 0;
    for (let i = 0; i < name.length; i++) hash = (Math.imul(hash, 31) + name.charCodeAt(i)) >>> 0;
    return hash % this.osds.length;
  };

  #linkOf(process: SimProcess): ClusterLink {
    const link = this.#links.get(process) ?? { isOsdCut: false, isMonCut: false };
    this.#links.set(process, link);
    return link;
  }

  /** Pings of watches, and their time-outs. */
  #tick(): void {
    const nowMs = this.timeline.nowMs;
    for (const { watches, process, link, isClosed } of this.#clients) {
      for (const watch of watches) {
        if (this.osds[watch.osd]!.isStopped) continue;
        if (process.isRunning && !link.isOsdCut && !isClosed) watch.heardMs = nowMs;
        else if (nowMs - watch.heardMs > watch.timeoutMs) this.#lose(watch);
      }
    }
    this.timeline.after(TICK_MS, () => this.#tick());
  }

  #dropBlocklisted(osd: number): void {
    const { mapEpoch } = this.osds[osd]!;
    for (const { address, watches } of this.#clients) {
      if (!this.monitor.isBlocklisted(address, mapEpoch)) continue;
      for (const watch of watches) if (watch.osd === osd) this.#lose(watch);
    }
  }

  #lose(watch: SimWatch): void {
    if (watch.isDropped) return;
    this.#drop(watch);
    watch.client.fromOsd(watch.osd, () => {
      watch.isLost = true;
      if (!watch.isCancelled) watch.listener.lost();
    });
  }

  #drop(watch: SimWatch): undefined {
    watch.isDropped = true;
    watch.client.watches.delete(watch);
    this.objects.get(watch.object)?.watches.delete(watch);
    for (const notify of [...this.#notifies.values()]) notify.dropped(watch);
  }
}

function isErrno(reply: unknown): boolean {
  return typeof reply === 'number' && reply < 0;
}
