import assert from 'node:assert/strict';

import {
  EXCEPTIONS_MAX,
  GATEWAY_DATA_BYTES_MAX,
  SESSION_DATA_BYTES_MAX,
  SESSION_OWN_DATA_BYTES,
} from '../../src/iscsi/limits.ts';
import type { Session } from '../../src/iscsi/session.ts';
import { IscsiWorld } from '../support/iscsi-world.ts';
import { ScsiBench } from '../support/scsi-bench.ts';
import { SeededRandom } from '../support/seeded-random.ts';
import { settle, VirtualClock } from '../support/virtual-clock.ts';
import { BudgetPeer } from './budget-peer.ts';

const DISK_BLOCKS = 131_072;
/** Task sets must refuse nothing: what waits is to wait for memory. */
const TASK_SET_DEPTH_MAX = 10_000;
/** Few sessions have enough for all they ask for; many fill the budget. */
const PEERS = [6, 40];
/** A medium is shut one time in so many, when its state changes. */
const SHUT_ONE_IN = [1, 3];
/** Two of one network, and one of another. */
const ADDRESSES = ['192.0.2.1', '192.0.2.7', '198.51.100.3'];
/** A few sessions at a time may be exceptions and hold more than is free. */
const COUNTED_BYTES_MAX = GATEWAY_DATA_BYTES_MAX + EXCEPTIONS_MAX * SESSION_DATA_BYTES_MAX;
/** ISIDs of sessions that replace each other. */
const ISIDS_SHARED = 3;
/** Rounds in which nothing was answered or sent, one after the other: what is left is stuck. */
const IDLE_ROUNDS_MAX = 300;
const BUSY_ROUND_MS = 1;
const IDLE_ROUND_MS = 200;
/** Longer than any bound on a command or a connection. */
const LONG_MS = 60_000;

export interface BudgetWalkReport {
  readonly sessions: number;
  readonly commands: number;
  readonly answers: number;
  /** Sessions that lived until everything was answered. */
  readonly survivors: number;
  /** The most that the budget counted at a time. */
  readonly countedMaxBytes: number;
}

/**
 * A random walk over some sessions of a gateway in memory and in virtual time: commands of all
 * sizes, data in pieces or not at all, initiators that do not read, slow disks, aborts, logouts and
 * lost connections. Throws as soon as the count of memory or a command window breaks its rules,
 * and at the end when anything is left.
 */
export async function walkBudget(seed: number, moves: number): Promise<BudgetWalkReport> {
  const walk = await BudgetWalk.open(seed);
  for (let move = 0; move < moves; move++) await walk.move();
  await walk.finishCommands();
  await walk.end();
  return walk.report();
}

class BudgetWalk {
  readonly #random: SeededRandom;
  readonly #benches: readonly ScsiBench[];
  readonly #clock: VirtualClock;
  readonly #world: IscsiWorld;
  readonly #peersMin: number;
  readonly #shutOneIn: number;
  /** Of every connection, and those whose sessions live. */
  readonly #all: BudgetPeer[] = [];
  #peers: BudgetPeer[] = [];
  /** Every session that was ever open. */
  readonly #sessions = new Set<Session>();
  #nextIsid = 1;
  #survivors = 0;
  #countedMaxBytes = 0;

  static async open(seed: number): Promise<BudgetWalk> {
    const clock = new VirtualClock();
    const options = { clock, blocks: DISK_BLOCKS, taskSetDepthMax: TASK_SET_DEPTH_MAX };
    const benches = [await ScsiBench.open(options), await ScsiBench.open(options)];
    return new BudgetWalk(new SeededRandom(seed), benches, clock);
  }

  private constructor(random: SeededRandom, benches: readonly ScsiBench[], clock: VirtualClock) {
    this.#random = random;
    this.#benches = benches;
    this.#clock = clock;
    this.#peersMin = random.pick(PEERS);
    this.#shutOneIn = random.pick(SHUT_ONE_IN);
    const luns = new Map(benches.map(({ logicalUnit }, lun) => [lun, logicalUnit]));
    this.#world = new IscsiWorld({ clock, openNexus: () => benches[0]!.openNexus(luns) });
  }

  report(): BudgetWalkReport {
    const sum = (of: (peer: BudgetPeer) => number) => this.#all.reduce((all, p) => all + of(p), 0);
    return {
      sessions: this.#sessions.size,
      commands: sum(({ commands }) => commands),
      answers: sum(({ answers }) => answers),
      survivors: this.#survivors,
      countedMaxBytes: this.#countedMaxBytes,
    };
  }

  async move(): Promise<void> {
    const random = this.#random;
    if (this.#peers.length < this.#peersMin || random.below(60) === 0) {
      await this.#logIn();
    } else {
      const peer = random.pick(this.#peers);
      peer.readAnswers();
      if (peer.isLive) await this.#act(peer);
    }
    await settle();
    this.#peers = this.#peers.filter(({ isLive }) => isLive);
    this.#check();
  }

  async #logIn(): Promise<void> {
    const random = this.#random;
    const replaces = random.below(6) === 0;
    const isid = replaces ? 1 + random.below(ISIDS_SHARED) : this.#nextIsid++;
    const peer = new BudgetPeer(random, this.#world.connect(random.pick(ADDRESSES)));
    this.#all.push(peer);
    if (await peer.logIn(isid)) this.#peers.push(peer);
  }

  async #act(peer: BudgetPeer): Promise<void> {
    const random = this.#random;
    const { stream } = peer;
    switch (random.below(16)) {
      case 0:
      case 1:
      case 2:
      case 3:
        peer.sendCommands();
        break;
      case 4:
      case 5:
      case 6:
        peer.sendData();
        break;
      case 7:
        peer.payDebts();
        break;
      case 8:
        peer.manage();
        break;
      case 9:
        for (const { volume } of this.#benches) {
          volume.shut = random.below(this.#shutOneIn) === 0;
        }
        break;
      case 10:
        this.#releaseMedia();
        break;
      case 11:
        await this.#clock.advance(random.pick([1, 100, 500, 2000]));
        break;
      case 12:
        if (random.below(6) === 0) stream.destroy();
        break;
      case 13:
        if (random.below(8) === 0) peer.logOut();
        break;
      case 14:
        stream.draining = random.below(3) > 0;
        if (stream.draining) stream.release();
        break;
      default:
        peer.giveSignOfLife();
    }
  }

  /** An open medium answers all that waits, a shut one the oldest operation. */
  #releaseMedia(): void {
    for (const { volume } of this.#benches) {
      if (volume.shut) volume.release();
      else volume.releaseAll();
    }
  }

  /** The budget counts what its sessions hold: no more, no less, and never too much. */
  #check(): void {
    for (const session of this.#world.server.sessions) this.#sessions.add(session);
    const { heldBytes, invitedBytes } = this.#world.server.budget;
    assert.ok(heldBytes >= 0, `held bytes are never negative: ${heldBytes}`);
    assert.ok(invitedBytes >= 0, `invited bytes are never negative: ${invitedBytes}`);
    const counted = heldBytes + invitedBytes;
    this.#countedMaxBytes = Math.max(this.#countedMaxBytes, counted);
    assert.ok(counted <= COUNTED_BYTES_MAX, `${counted} bytes are more than the gateway's bound`);
    let beyondOwn = 0;
    for (const { account } of this.#sessions) {
      assert.ok(account.heldBytes >= 0, `no session holds less than nothing: ${account.heldBytes}`);
      beyondOwn += Math.max(0, account.heldBytes - SESSION_OWN_DATA_BYTES);
    }
    assert.equal(heldBytes, beyondOwn, 'the budget counts what sessions hold beyond their own');
  }

  /** Media answer, initiators read and send what they owe: then every command ends. */
  async finishCommands(): Promise<void> {
    for (const { stream } of this.#peers) stream.release();
    let idleRounds = 0;
    while (!this.#isQuiet && idleRounds < IDLE_ROUNDS_MAX) {
      const before = this.#progress;
      for (const { volume } of this.#benches) volume.releaseAll();
      for (const peer of this.#peers) {
        peer.readAnswers();
        if (!peer.isLive) continue;
        peer.giveSignOfLife();
        peer.payDebts();
      }
      const isIdle = this.#progress === before;
      idleRounds = isIdle ? idleRounds + 1 : 0;
      await this.#clock.advance(isIdle ? IDLE_ROUND_MS : BUSY_ROUND_MS);
      this.#check();
    }
    for (const session of this.#world.server.sessions) this.#checkIdle(session);
    this.#survivors = this.#world.server.sessions.length;
  }

  /** Grows with every PDU of a command. */
  get #progress(): number {
    return this.#all.reduce((sum, { answers, dataOuts }) => sum + answers + dataOuts, 0);
  }

  get #isQuiet(): boolean {
    if (this.#peers.some((peer) => peer.isLive && peer.owesData)) return false;
    return this.#world.server.sessions.every((session) => isIdle(session));
  }

  #checkIdle(session: Session): void {
    const { account, nexus, window } = session;
    assert.equal(nexus?.outstanding, 0, 'every command of a live session ends');
    assert.equal(account.hasClaims, false, 'nothing waits for memory');
    assert.equal(account.isIdle, true, 'nothing that was granted is under way');
    assert.ok(account.heldBytes <= SESSION_OWN_DATA_BYTES, 'an idle session keeps only its own');
    assert.equal(windowOf(session), window.size, 'the window is whole again');
    assert.equal(account.invitedCommands, window.size, 'and paid for');
  }

  async end(): Promise<void> {
    const { server, pool, loginPool } = this.#world;
    void server.close();
    await this.#clock.advance(LONG_MS);
    for (const { stream } of this.#all) stream.release();
    await this.#clock.advance(LONG_MS);
    this.#check();
    assert.equal(server.sessions.length, 0, 'every session is over');
    const { heldBytes, invitedBytes, sessions, peers } = server.budget;
    const left = { heldBytes, invitedBytes, sessions, peers };
    assert.deepEqual(left, { heldBytes: 0, invitedBytes: 0, sessions: 0, peers: 0 });
    for (const { account } of this.#sessions) assert.equal(account.heldBytes, 0);
    assert.equal(pool.held, 0, 'every slab is back');
    assert.equal(loginPool.held, 0, 'every login buffer is back');
    assert.equal(this.#clock.pending, 0, 'no timer is left');
    for (const { logicalUnit } of this.#benches) {
      assert.equal(logicalUnit.nexuses.size, 1, 'only the nexus of the bench is left');
    }
  }
}

function isIdle(session: Session): boolean {
  const { account, nexus, window } = session;
  return (
    nexus?.outstanding === 0 &&
    account.isIdle &&
    account.heldBytes <= SESSION_OWN_DATA_BYTES &&
    windowOf(session) === window.size
  );
}

/** Commands that may be sent now. */
function windowOf({ window }: Session): number {
  return (window.maxCmdSn - window.expCmdSn + 1) | 0;
}
