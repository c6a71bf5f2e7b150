import type { SocketAddress } from '../../src/base/byte-stream.ts';
import { type Clock, sleep } from '../../src/base/clock.ts';
import type { NexusSession } from '../../src/scsi/reservations/reservations.ts';
import { Initiator } from '../../test/initiator/initiator.ts';
import type { Isid } from '../../test/initiator/login.ts';
import type { SeededRandom } from '../../test/support/seeded-random.ts';
import type { UnitHistory } from '../checkers/unit-history.ts';
import type { ClientEnd } from '../network/connection-ends.ts';
import type { SimNetwork } from '../network/sim-network.ts';
import type { SimProcess } from '../time/sim-process.ts';
import { NexusCommands } from './nexus-commands.ts';

/** The settings that `initiator-advice` prints: a probe after 2 s, lost after 3 s more. */
const NOP_INTERVAL_MS = 2_000;
const NOP_TIMEOUT_MS = 3_000;
const RECONNECT_MAX_MS = 1_000;
const LOGIN_TIMEOUT_MS = 5_000;

export interface PathParts {
  readonly process: SimProcess;
  readonly network: SimNetwork;
  readonly random: SeededRandom;
  readonly history: UnitHistory;
  /** The nexus, the same for each of its sessions. */
  readonly nexus: string;
  readonly address: SocketAddress;
  readonly initiatorName: string;
  readonly targetName: string;
  readonly isid: Isid;
  readonly keys: Readonly<Record<string, string>>;
  /** When sent commands may be repeated on another path, by the moment of the last sign of life. */
  readonly failOverMs: (heardMs: number) => number;
}

/** A session through one portal; whenever it is lost, the initiator logs in again. */
export class SimPath {
  readonly #parts: PathParts;
  readonly #clock: Clock;
  #commands: NexusCommands | undefined;
  #end: ClientEnd | undefined;
  #heardMs = 0;
  #logins = 0;
  #waiting: (() => void)[] = [];

  constructor(parts: PathParts) {
    this.#parts = parts;
    this.#clock = parts.process.clock;
    void this.#keep();
  }

  /** Undefined while the session is lost, or takes no commands. */
  get commands(): NexusCommands | undefined {
    return this.#commands?.isReady === true ? this.#commands : undefined;
  }

  get nexus(): string {
    return this.#parts.nexus;
  }

  /** Of its gateway. */
  get address(): string {
    return this.#parts.address.address;
  }

  get logins(): number {
    return this.#logins;
  }

  /** The last session, as reservations name it. */
  get session(): NexusSession {
    return { nexus: this.nexus, incarnation: '', number: this.#logins };
  }

  /**
   * Resolves when commands that were sent through the lost session may be repeated: another session
   * with the same portal exists, or the portal has been silent for long enough.
   */
  async mayFailOver(logins: number): Promise<void> {
    this.#heard();
    while (this.#logins === logins) {
      const leftMs = this.#parts.failOverMs(this.#heardMs) - this.#clock.now();
      if (leftMs <= 0) return;
      await Promise.race([sleep(this.#clock, leftMs), this.#change()]);
    }
  }

  /** Resolves when it has made another session than that one. */
  async isBack(logins: number): Promise<void> {
    while (this.#logins === logins) await this.#change();
  }

  async #keep(): Promise<never> {
    const { random, history } = this.#parts;
    for (;;) {
      try {
        const sentMs = this.#clock.now();
        const session = await this.#logIn();
        const record = history.attentions.open(this.nexus, sentMs, this.#clock.now());
        this.#commands = new NexusCommands(session, record, history.aborts, this.#clock);
        this.#logins++;
        this.#changed();
        await this.#probe(session);
      } catch {
        // Lost, refused or silent: the next attempt follows.
      }
      this.#heard();
      this.#commands?.session.destroy();
      this.#commands = undefined;
      this.#changed();
      await sleep(this.#clock, random.below(RECONNECT_MAX_MS));
    }
  }

  async #logIn(): Promise<Initiator> {
    const { process, network, address, initiatorName, targetName, isid, keys } = this.#parts;
    let end: ClientEnd | undefined;
    const connect = async (_: unknown, timeoutMs: number): Promise<ClientEnd> => {
      end = await network.connect(process, address, timeoutMs);
      return end;
    };
    const session = await Initiator.connect({
      ...{ host: address.address, port: address.port, initiatorName, targetName, isid, keys },
      timeoutMs: LOGIN_TIMEOUT_MS,
      loginTimeoutMs: LOGIN_TIMEOUT_MS,
      on: { clock: this.#clock, connect },
    });
    this.#end = end;
    return session;
  }

  async #probe(session: Initiator): Promise<void> {
    while (session.isOpen) {
      await session.nop(undefined, NOP_TIMEOUT_MS);
      await Promise.race([sleep(this.#clock, NOP_INTERVAL_MS), session.closed]);
    }
  }

  #heard(): void {
    this.#heardMs = Math.max(this.#heardMs, this.#end?.heardMs ?? 0);
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #changed(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
