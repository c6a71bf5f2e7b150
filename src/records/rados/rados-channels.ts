import { assert } from '../../base/assert.ts';
import type { Clock, Timer } from '../../base/clock.ts';
import { ENOENT, ETIMEDOUT } from '../../ceph/errno.ts';
import type { NotifyAnswers } from '../../ceph/notify-answers.ts';
import type { ChannelWatches } from '../channel-watches.ts';
import type { Member, NotifyResult, Watch, Watcher } from '../records.ts';
import {
  ANSWERS_LENGTH_MAX,
  type ChannelMessage,
  decodeAnswer,
  decodeMessage,
  encodeAnswer,
  encodeMessage,
} from './channel-message.ts';
import { ChannelObject, WATCH_TIMEOUT_SECONDS } from './channel-object.ts';
import { ClientInstances } from './client-instances.ts';
import { channelIndexOf, channelObjectsOf } from './object-names.ts';
import { type RadosCalls, unavailable } from './rados-calls.ts';
import type { RecordsPool } from './records-pool.ts';

/** How often it is looked whether the OSDs still hear us. */
const CHECK_MS = 1000;
/** How long an announcement waits for answers. */
const ANNOUNCE_WAIT_MS = 2000;
/** So much earlier than RADOS counts a watcher out, its member says what it has. */
const ANSWER_MARGIN_MS = 250;
/** How long after RADOS should have answered a notification it is given up. */
const NOTIFY_GRACE_MS = 2000;
const NOTIFY_TIME_MAX_MS = 600_000;
/** Notifications that this member has sent and has no answer to; more are refused. */
const NOTIFIES_MAX = 1024;
/** Notifications that this member's watchers work on; more are answered for them: incomplete. */
const DELIVERIES_MAX = 1024;

assert(ANSWER_MARGIN_MS < NOTIFY_GRACE_MS, 'a notification is given up after its last answer');
assert(CHECK_MS < WATCH_TIMEOUT_SECONDS * 1000, 'silence is noticed before the OSD drops a watch');

interface RadosChannelsParts {
  readonly pool: RecordsPool;
  readonly namespace: string;
  readonly calls: RadosCalls;
  readonly clock: Clock;
  readonly self: Member;
  readonly watches: ChannelWatches;
}

/**
 * Channels, over a fixed number of objects: a channel's notifications go to all who watch its
 * object, and a member that has no watcher of the channel answers at once that it has none.
 */
export class RadosChannels {
  readonly #parts: RadosChannelsParts;
  readonly #objects: readonly ChannelObject[];
  readonly #instances = new ClientInstances();
  #notifies = 0;
  #deliveries = 0;
  #watchesAll = false;
  #timer: Timer | undefined;
  #closed = false;

  constructor(parts: RadosChannelsParts) {
    this.#parts = parts;
    const { pool, calls, clock, namespace } = parts;
    this.#objects = channelObjectsOf(namespace).map((name, index) => {
      return new ChannelObject({
        ...{ pool, calls, clock, name },
        onWatched: () => void this.#announce(name),
        onNotify: (message, gid, acknowledge) => void this.#onNotify(message, gid, acknowledge),
        onLost: () => parts.watches.lose((channel) => channelIndexOf(channel) === index),
      });
    });
  }

  async watch(channel: string, watcher: Watcher): Promise<Watch> {
    const remove = this.#parts.watches.add(channel, watcher);
    try {
      this.#startChecking();
      await this.#objects[channelIndexOf(channel)]!.ensureWatched();
    } catch (error) {
      remove();
      throw error;
    }
    // The object stays watched: it costs little, and coming and going costs more.
    return { close: async () => remove() };
  }

  async notify(channel: string, message: Uint8Array, timeoutMs: number): Promise<NotifyResult> {
    if (this.#notifies >= NOTIFIES_MAX) {
      throw unavailable(`${NOTIFIES_MAX} notifications wait for answers`);
    }
    const { name } = this.#objects[channelIndexOf(channel)]!;
    const waitMs = Math.min(Math.max(0, Math.ceil(timeoutMs)), NOTIFY_TIME_MAX_MS);
    this.#notifies += 1;
    try {
      return this.#resultOf(await this.#send(name, channel, message, waitMs));
    } finally {
      this.#notifies -= 1;
      assert(this.#notifies >= 0, 'a notification ends once');
    }
  }

  /** Watches every channel object from now on, as far as the cluster answers. */
  watchAll(): void {
    this.#watchesAll = true;
    this.#startChecking();
    this.#check();
  }

  /** For each channel object, the time since the last sign of life of its OSD. Needs `watchAll`. */
  silencesMs(): readonly number[] {
    return this.#objects.map((object) => object.silentMs());
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#timer?.cancel();
    await Promise.all(this.#objects.map((object) => object.close()));
  }

  #startChecking(): void {
    if (this.#closed) return;
    this.#timer ??= this.#parts.clock.after(CHECK_MS, () => {
      this.#timer = undefined;
      this.#check();
      this.#startChecking();
    });
  }

  #check(): void {
    for (const object of this.#objects) {
      object.checkSilence();
      // A failure is retried at the next check.
      if (this.#watchesAll) object.ensureWatched().catch(() => {});
    }
  }

  async #send(
    object: string,
    channel: string,
    message: Uint8Array,
    waitMs: number,
  ): Promise<NotifyAnswers> {
    const { pool, calls, self } = this.#parts;
    const bytes = encodeMessage({ from: self, timeoutMs: waitMs, channel, message });
    const poolMs = Math.ceil((waitMs + ANSWER_MARGIN_MS) / 1000) * 1000;
    const notified = await calls.bounded(
      pool.notify(object, bytes, poolMs),
      poolMs + NOTIFY_GRACE_MS,
    );
    const { errno } = notified;
    if (errno < 0 && errno !== ETIMEDOUT && errno !== ENOENT) {
      throw calls.failure(errno, `notifying ${object}`);
    }
    return notified;
  }

  #resultOf({ answers, timeouts }: NotifyAnswers): NotifyResult {
    const given: { from: Member; payload: Uint8Array }[] = [];
    const missing = timeouts.map(({ gid }) => this.#instances.memberOf(gid));
    for (const { gid, payload: bytes } of answers) {
      const answer = decodeAnswer(bytes);
      if (answer === undefined) {
        missing.push(this.#instances.memberOf(gid));
        continue;
      }
      const { from, complete, payloads } = answer;
      this.#instances.learn(gid, from);
      for (const payload of payloads) given.push({ from, payload });
      if (!complete) missing.push(from);
    }
    return { answers: given, missing };
  }

  /** Tells the others which instance this member is, and learns the same about them. */
  async #announce(object: string): Promise<void> {
    try {
      this.#resultOf(await this.#send(object, '', new Uint8Array(0), ANNOUNCE_WAIT_MS));
    } catch {
      // Optional: a member that is not known is named by its instance.
    }
  }

  async #onNotify(
    bytes: Uint8Array,
    fromGid: bigint,
    acknowledge: (answer: Uint8Array) => void,
  ): Promise<void> {
    const { self, watches } = this.#parts;
    const answer = (complete: boolean, payloads: readonly Uint8Array[]): void => {
      acknowledge(encodeAnswer({ from: self, complete, payloads }));
    };
    const message = decodeMessage(bytes);
    if (message !== undefined) this.#instances.learn(fromGid, message.from);
    if (message === undefined || this.#deliveries >= DELIVERIES_MAX) {
      answer(false, []);
    } else if (!watches.has(message.channel)) {
      answer(true, []);
    } else {
      this.#deliveries += 1;
      await this.#deliver(message, answer);
      this.#deliveries -= 1;
      assert(this.#deliveries >= 0, 'a delivery ends once');
    }
  }

  /** Answers with what the watchers have said when all have, or when it is time. */
  async #deliver(
    { channel, message, from, timeoutMs }: ChannelMessage,
    answer: (complete: boolean, payloads: readonly Uint8Array[]) => void,
  ): Promise<void> {
    const { clock, watches } = this.#parts;
    const payloads: Uint8Array[] = [];
    let left = ANSWERS_LENGTH_MAX;
    let fits = true;
    const called = watches.call(channel, message, from, (payload) => {
      left -= payload.length;
      if (left >= 0) payloads.push(payload);
      else fits = false;
    });
    let timer: Timer | undefined;
    const late = new Promise<boolean>((resolve) => {
      timer = clock.after(timeoutMs, () => resolve(false));
    });
    const complete = await Promise.race([called, late]);
    timer?.cancel();
    answer(complete && fits, [...payloads]);
  }
}
