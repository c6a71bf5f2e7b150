import { setTimeout as delay } from 'node:timers/promises';
import { read16, testUnitReady, write16 } from '../initiator/cdb.ts';
import { type CommandHandle, Initiator, type InitiatorOptions } from '../initiator/initiator.ts';
import type { ScsiRequest, ScsiResult } from '../initiator/scsi-exchange.ts';
import type { CephGateway } from '../support/ceph-gateways.ts';
import { FencedUnits, stampedBytes } from '../support/fenced-units.ts';
import type { SeededRandom } from '../support/seeded-random.ts';
import { SteadySession } from '../support/steady-session.ts';
import { FENCE_TARGET, type FenceWorld } from './fence-world.ts';

/** `stopped`: by SIGSTOP; `cut`: off from the cluster, by a packet filter. */
export type FenceCause = 'stopped' | 'cut';

export interface FenceRoundsOptions {
  readonly world: FenceWorld;
  readonly rounds: number;
  readonly random: SeededRandom;
  /** By turns, from the first on. */
  readonly causes: readonly FenceCause[];
  /** The last round is the first that found something, and tells it in its `faults`. */
  readonly seeksFaults?: boolean;
  readonly onRound?: (round: FenceRound) => void;
}

export interface FenceRound {
  readonly round: number;
  readonly victim: string;
  readonly cause: FenceCause;
  /** By command; otherwise by suspicion. */
  readonly isAsked: boolean;
  /** Another gateway could not reach the monitor from before the fence until after it. */
  readonly isMapHeldOld: boolean;
  /** That one was too slow for the others, and was fenced as well. */
  readonly isHeldLost: boolean;
  /** From the stop, or the cut, to the finished fence. */
  readonly fencedMs: number;
  /** From when the fenced one could act again to the end of its last session. */
  readonly droppedMs: number;
  /** Of the units that the fenced gateway was writing, how many show it, and how many do not. */
  readonly landed: number;
  readonly lost: number;
  readonly faults: readonly string[];
}

const UNIT_LENGTH = 4096;
const BLOCKS = UNIT_LENGTH / 512;
const OBJECT_BYTES = 4 * 2 ** 20;
const OBJECTS = 16;
const UNITS = 384;
const SESSIONS_OF_VICTIM = 4;
const READS_MAX = 64;
const WAIT_MAX_MS = 300;
const HELD_WAIT_MAX_MS = 1_000;
const DROP_LIMIT_MS = 60_000;
const LATER_LOOKS = 3;
const UNIT_ATTENTIONS_MAX = 10;

type Use = 'readHeld' | 'writeHeld' | 'readOther' | 'writeOther' | 'later';
const USES: readonly Use[] = [
  'readHeld',
  'readHeld',
  'writeHeld',
  'readOther',
  'writeOther',
  'later',
];

/**
 * Fences a gateway while its writes are in flight to a stopped OSD, has the others read and write
 * the same units afterwards, lets the OSD and the fenced one go on, and looks, round by round, that
 * nothing that was seen or written since changes. Rejects on the first fault, unless it is sought.
 */
export async function fenceRounds(options: FenceRoundsOptions): Promise<FenceRound[]> {
  const done: FenceRound[] = [];
  for (let round = 0; round < options.rounds; round++) {
    const result = await new Round(options, round).run();
    done.push(result);
    options.onRound?.(result);
    if (result.faults.length === 0) continue;
    if (options.seeksFaults) break;
    throw new Error(`${JSON.stringify({ ...result, faults: result.faults.slice(0, 10) })}`);
  }
  return done;
}

class Round {
  readonly #world: FenceWorld;
  readonly #random: SeededRandom;
  readonly #round: number;
  readonly #cause: FenceCause;
  readonly #isAsked: boolean;
  readonly #isMapHeldOld: boolean;
  readonly #victim: CephGateway;
  /** The one whose map is held old, and the one that fences. */
  readonly #held: CephGateway;
  readonly #other: CephGateway;
  readonly #faults: string[] = [];
  readonly #units: FencedUnits;
  #isHeldLost = false;
  readonly #written: readonly Buffer[];
  #use: readonly Use[] = [];

  constructor({ world, random, causes }: FenceRoundsOptions, round: number) {
    this.#world = world;
    this.#random = random;
    this.#round = round;
    this.#cause = causes[round % causes.length]!;
    this.#isAsked = Math.floor(round / 2) % 2 === 0;
    this.#isMapHeldOld = world.isInNamespaces && round % 2 === 1;
    const first = random.below(world.gateways.length);
    const step = 1 + random.below(2);
    const at = (i: number) => world.gateways[(first + i * step) % world.gateways.length]!;
    [this.#victim, this.#held, this.#other] = [at(0), at(1), at(2)];
    const bytes = (writer: number, unit: number) =>
      stampedBytes({ writer, round, unit, write: 0 }, UNIT_LENGTH);
    this.#base = (unit) => bytes(0, unit);
    this.#ours = (unit) => bytes(2, unit);
    this.#written = Array.from({ length: UNITS }, (_, unit) => bytes(1, unit));
    this.#units = new FencedUnits(UNITS, this.#base);
  }

  readonly #base: (unit: number) => Buffer;
  readonly #ours: (unit: number) => Buffer;

  async run(): Promise<FenceRound> {
    const { osd, cluster } = this.#world;
    const member = await cluster.serving(cluster.gateways.indexOf(this.#victim));
    const held = await SteadySession.open(loginAt(this.#held));
    const other = await SteadySession.open(loginAt(this.#other));
    await this.#each(all(), (unit) => write(other, unit, this.#base(unit)));
    const victims = await Promise.all(
      Array.from({ length: SESSIONS_OF_VICTIM }, () => this.#connect(this.#victim)),
    );
    this.#use = all().map(() => this.#random.pick(USES));
    await osd.pause();
    const begun = await this.#beginWrites(victims);
    if (this.#isMapHeldOld) await this.#held.namespace!.cut(this.#world.monPorts);
    const stoppedMs = performance.now();
    if (this.#cause === 'stopped') this.#victim.signal('SIGSTOP');
    else await this.#victim.namespace!.cut(this.#world.ceph.ports);
    const asked = this.#isAsked ? cluster.allpath('fence', this.#victim.name) : undefined;
    // The others may have fenced it before; then the command finds nothing to do.
    asked?.catch(() => {});
    await cluster.fenced(member);
    const fencedMs = Math.round(performance.now() - stoppedMs);
    const droppedMs = await this.#goOn(held, other, victims);
    await this.#lookAgain(held, other);
    await this.#checkAnswers(begun);
    const landed = await this.#countLanded(other);
    await Promise.all([held, other].map((initiator) => initiator.logout()));
    // One that comes late would fence the gateway that starts now.
    await asked?.catch(() => {});
    await this.#victim.kill();
    await this.#victim.start();
    const back = await SteadySession.open(loginAt(this.#victim));
    await this.#each(all(), async (unit) => this.#look(back, unit));
    await back.logout();
    return {
      round: this.#round,
      victim: this.#victim.name,
      cause: this.#cause,
      isAsked: this.#isAsked,
      isMapHeldOld: this.#isMapHeldOld,
      isHeldLost: this.#isHeldLost,
      fencedMs,
      droppedMs,
      ...landed,
      faults: this.#faults,
    };
  }

  /** Resolves when the gateway has handed all of them to the cluster. */
  async #beginWrites(victims: readonly Initiator[]): Promise<ReadonlyMap<number, CommandHandle>> {
    const begun = new Map<number, CommandHandle>();
    for (const unit of all()) {
      const bytes = this.#written[unit]!;
      this.#units.sent(unit, bytes);
      begun.set(unit, victims[unit % victims.length]!.start(writeRequest(unit, bytes)));
    }
    // Answered after what came before it was taken.
    await Promise.all(victims.map((initiator) => initiator.nop()));
    await delay(this.#random.below(WAIT_MAX_MS));
    return begun;
  }

  /** The fence is finished: the others use the units, and all that was held back goes on. */
  async #goOn(
    held: SteadySession,
    other: SteadySession,
    victims: readonly Initiator[],
  ): Promise<number> {
    const using = Promise.all([
      this.#using('readHeld', (unit) => this.#look(held, unit)),
      this.#using('writeHeld', (unit) => this.#overwrite(held, unit)),
      this.#using('readOther', (unit) => this.#look(other, unit)),
      this.#using('writeOther', (unit) => this.#overwrite(other, unit)),
    ]);
    // Checked below; a wait in between must not find it unhandled.
    using.catch(() => {});
    const begun = [held, other].map((session) => session.execute({ cdb: testUnitReady() }));
    // A gateway whose map is held takes no session again before it is healed.
    const lost = held.lost.then(() => {
      this.#isHeldLost = true;
    });
    await Promise.race([Promise.all(begun), lost]);
    const healed = this.#healHeld();
    let continuedMs = 0;
    const goOn = [
      async () => this.#world.osd.resume(),
      async () => {
        if (this.#cause === 'stopped') this.#victim.signal('SIGCONT');
        else await this.#victim.namespace!.heal();
        continuedMs = performance.now();
      },
    ];
    if (this.#random.below(2) === 1) goOn.reverse();
    for (const step of goOn) {
      await delay(this.#random.below(WAIT_MAX_MS));
      await step();
    }
    const closed = victims.map((each) => each.closed);
    await within('the fenced gateway drops its sessions', DROP_LIMIT_MS, closed);
    const droppedMs = Math.round(performance.now() - continuedMs);
    await healed;
    await using;
    return droppedMs;
  }

  async #healHeld(): Promise<void> {
    if (!this.#isMapHeldOld) return;
    await delay(this.#random.below(HELD_WAIT_MAX_MS));
    await this.#held.namespace!.heal();
  }

  async #lookAgain(held: SteadySession, other: SteadySession): Promise<void> {
    for (let look = 0; look < LATER_LOOKS; look++) {
      for (const through of [other, held])
        await this.#each(all(), (unit) => this.#look(through, unit));
      await delay(this.#random.below(WAIT_MAX_MS));
    }
  }

  /** What the fenced gateway answered GOOD is there, unless overwritten. */
  async #checkAnswers(begun: ReadonlyMap<number, CommandHandle>): Promise<void> {
    for (const [unit, { result }] of begun) {
      const answer = await result.catch(() => undefined);
      if (answer?.status !== 0 || this.#use[unit]!.startsWith('write')) continue;
      const wrong = this.#units.seen(unit, this.#written[unit]!);
      if (wrong !== undefined) this.#faults.push(`answered GOOD by ${this.#victim.name}: ${wrong}`);
    }
  }

  async #countLanded(through: SteadySession): Promise<{ landed: number; lost: number }> {
    let [landed, lost] = [0, 0];
    await this.#each(all(), async (unit) => {
      if (this.#use[unit]!.startsWith('write')) return;
      if ((await read(through, unit)).equals(this.#written[unit]!)) landed += 1;
      else lost += 1;
    });
    return { landed, lost };
  }

  async #look(through: SteadySession, unit: number): Promise<void> {
    const wrong = this.#units.seen(unit, await read(through, unit));
    if (wrong !== undefined) this.#faults.push(wrong);
  }

  async #overwrite(through: SteadySession, unit: number): Promise<void> {
    const bytes = this.#ours(unit);
    await write(through, unit, bytes);
    this.#units.written(unit, bytes);
  }

  async #using(use: Use, work: (unit: number) => Promise<void>): Promise<void> {
    await this.#each(
      all().filter((unit) => this.#use[unit] === use),
      work,
    );
  }

  async #each(units: readonly number[], work: (unit: number) => Promise<void>): Promise<void> {
    let next = 0;
    const worker = async () => {
      while (next < units.length) await work(units[next++]!);
    };
    await Promise.all(Array.from({ length: READS_MAX }, worker));
  }

  async #connect(gateway: CephGateway): Promise<Initiator> {
    const initiator = await Initiator.connect(loginAt(gateway));
    await execute(initiator, { cdb: testUnitReady() });
    return initiator;
  }
}

function loginAt({ name, address }: CephGateway): InitiatorOptions {
  return { ...address, targetName: FENCE_TARGET, initiatorName: `iqn.2026-11.test:${name}` };
}

function all(): number[] {
  return Array.from({ length: UNITS }, (_, unit) => unit);
}

/** Neighbours lie in different objects. */
function lbaOf(unit: number): number {
  const offset = (unit % OBJECTS) * OBJECT_BYTES + Math.floor(unit / OBJECTS) * UNIT_LENGTH;
  return offset / 512;
}

function writeRequest(unit: number, dataOut: Buffer): ScsiRequest {
  return { cdb: write16(lbaOf(unit), BLOCKS), dataOut };
}

async function write(through: SteadySession, unit: number, bytes: Buffer): Promise<void> {
  await execute(through, writeRequest(unit, bytes));
}

async function read(through: SteadySession, unit: number): Promise<Buffer> {
  const request = { cdb: read16(lbaOf(unit), BLOCKS), dataInLength: UNIT_LENGTH };
  return (await execute(through, request)).dataIn;
}

/** Takes unit attentions on the way. */
async function execute(
  through: Pick<Initiator, 'execute'>,
  request: ScsiRequest,
): Promise<ScsiResult> {
  for (let attention = 0; ; attention++) {
    const result = await through.execute(request);
    if (result.status === 0) return result;
    const isAttention = (result.sense[2] ?? 0) % 16 === 6;
    if (isAttention && attention < UNIT_ATTENTIONS_MAX) continue;
    throw new Error(`status ${result.status} ${result.sense.toString('hex')}`);
  }
}

async function within(what: string, limitMs: number, waits: readonly Promise<unknown>[]) {
  const late = delay(limitMs, 'late', { ref: false });
  const ended = Promise.all(waits).then(() => 'ended');
  if ((await Promise.race([ended, late])) === 'late')
    throw new Error(`not within ${limitMs} ms: ${what}`);
}
