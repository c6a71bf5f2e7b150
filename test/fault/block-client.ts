import { compareAndWrite, read16, testUnitReady } from '../initiator/cdb.ts';
import type { Address } from '../initiator/host.ts';
import { type CommandHandle, Initiator } from '../initiator/initiator.ts';
import { InitiatorError } from '../initiator/initiator-error.ts';
import type { ScsiRequest, ScsiResult } from '../initiator/scsi-exchange.ts';
import { additionalSense, senseKey } from '../one-unit/commands.ts';
import type { SeededRandom } from '../support/seeded-random.ts';
import type { BlockChain, BlockOperation, BlockOutcome } from './block-chain.ts';

interface BlockClientOptions {
  readonly name: string;
  readonly addresses: readonly Address[];
  /** The gateway to begin with. */
  readonly gateway: number;
  readonly targetName: string;
  readonly block: BlockChain;
  readonly random: SeededRandom;
  /** Aborts some of its commands. */
  readonly aborts: boolean;
}

const LBA = 7;
const BLOCK_LENGTH = 512;
/** What a lost connection leaves of a command lands within this, or never (I11: 8 s). */
const LOST_MS = 10_000;
/** A command that has no status after this has lost its gateway: 8 s is the most that one takes. */
const ANSWER_MAX_MS = 12_000;
const RECONNECT_MS = 50;
/** Of a hundred commands. */
const READS = 30;
const ABORTS = 5;
/** ADDITIONAL SENSE CODE of resets. */
const RESET = '29';
const ABORT_TASK = 1;
const FUNCTION_COMPLETE = 0;
const Status = { good: 0x00, checkCondition: 0x02, busy: 0x08, taskSetFull: 0x28 } as const;
const SenseKey = { unitAttention: 0x06, abortedCommand: 0x0b, miscompare: 0x0e } as const;

interface Sent {
  readonly operation: BlockOperation;
  readonly session: Initiator;
  readonly handle: CommandHandle;
}

/** A host with one command at a time to one block, through one gateway as long as that lives. */
export class BlockClient {
  aborted = 0;
  worstMs = 0;
  readonly #options: BlockClientOptions;
  #gateway: number;
  #session: Initiator | undefined;
  #sent: Sent | undefined;
  #isRunning = true;
  readonly #done: Promise<void>;

  constructor(options: BlockClientOptions) {
    this.#options = options;
    this.#gateway = options.gateway;
    this.#done = this.#run();
    this.#done.catch(() => {});
  }

  /** Rejects with what it met that may not be. */
  async stop(): Promise<void> {
    this.#isRunning = false;
    await this.#done;
    await this.#session?.logout().catch(() => this.#session?.destroy());
  }

  /**
   * A reset has been answered. What it aborted gets no status: that shows by a unit attention, and
   * it changes nothing from now on.
   */
  async resetDone(): Promise<void> {
    const sent = this.#sent;
    if (sent === undefined) return;
    const { session, handle } = sent;
    try {
      for (;;) {
        const result = await session.execute({ cdb: testUnitReady() });
        if (result.status !== Status.checkCondition || this.#sent !== sent) return;
        if (additionalSense(result)?.startsWith(RESET) === true) return session.abandon(handle);
      }
    } catch {
      // Its session is lost, and with it the command.
    }
  }

  async #run(): Promise<void> {
    const { random } = this.#options;
    while (this.#isRunning) {
      const session = await this.#connected();
      if (session === undefined) continue;
      await this.#perform(session, random.below(100) < READS ? 'read' : 'compareAndWrite');
    }
  }

  async #perform(session: Initiator, kind: BlockOperation['kind']): Promise<void> {
    const { block, name, random, aborts } = this.#options;
    const operation = block.begin(kind, name);
    const startMs = performance.now();
    const handle = session.start(requestOf(operation));
    this.#sent = { operation, session, handle };
    if (aborts && random.below(100) < ABORTS) void this.#abort(this.#sent);
    try {
      const result = await handle.result;
      const { outcome, seen } = endOf(operation, result);
      block.end(operation, outcome, seen);
    } catch (error) {
      if (!(error instanceof InitiatorError) || error.code === 'protocolViolation') throw error;
      if (error.code === 'aborted') block.end(operation, 'unknown');
      else this.#lost(operation);
    } finally {
      this.#sent = undefined;
      this.worstMs = Math.max(this.worstMs, performance.now() - startMs);
    }
  }

  async #abort({ session, handle }: Sent): Promise<void> {
    try {
      const { response } = await session.manage({ function: ABORT_TASK, of: handle });
      if (response !== FUNCTION_COMPLETE || this.#sent?.handle !== handle) return;
      this.aborted += 1;
      session.abandon(handle);
    } catch {
      // Its session is lost, and with it the command.
    }
  }

  #lost(operation: BlockOperation): void {
    const { block, addresses } = this.#options;
    setTimeout(() => block.end(operation, 'unknown'), LOST_MS).unref();
    this.#session?.destroy();
    this.#session = undefined;
    this.#gateway = (this.#gateway + 1) % addresses.length;
  }

  async #connected(): Promise<Initiator | undefined> {
    if (this.#session?.isOpen === true) return this.#session;
    const { addresses, targetName, name } = this.#options;
    try {
      const session = await Initiator.connect({
        ...addresses[this.#gateway]!,
        ...{ targetName, initiatorName: `iqn.2026-11.test:${name}`, timeoutMs: ANSWER_MAX_MS },
      });
      this.#session = session;
      return session;
    } catch {
      this.#gateway = (this.#gateway + 1) % addresses.length;
      await new Promise((resolve) => setTimeout(resolve, RECONNECT_MS));
      return undefined;
    }
  }
}

function requestOf({ kind, id, expected }: BlockOperation): ScsiRequest {
  if (kind === 'read') return { cdb: read16(LBA, 1), dataInLength: BLOCK_LENGTH };
  const dataOut = Buffer.concat([blockOf(expected), blockOf(id)]);
  return { cdb: compareAndWrite(LBA, 1), dataOut };
}

function endOf(
  { kind }: BlockOperation,
  { status, sense, dataIn }: ScsiResult,
): { readonly outcome: BlockOutcome; readonly seen?: number } {
  if (status === Status.good) {
    return kind === 'read' ? { outcome: 'done', seen: valueIn(dataIn) } : { outcome: 'done' };
  }
  if (status === Status.busy || status === Status.taskSetFull) return { outcome: 'refused' };
  if (status === Status.checkCondition) {
    const key = senseKey(sense);
    if (key === SenseKey.miscompare && kind === 'compareAndWrite') return { outcome: 'miscompare' };
    if (key === SenseKey.unitAttention) return { outcome: 'refused' };
    if (key === SenseKey.abortedCommand) return { outcome: 'unknown' };
  }
  throw new Error(`${kind}: status ${status} ${sense.toString('hex')}`);
}

/** The value fills the block, so that a torn one shows. */
function blockOf(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return Buffer.alloc(BLOCK_LENGTH, bytes);
}

function valueIn(block: Buffer): number {
  const value = block.readUInt32BE(0);
  if (!block.equals(blockOf(value))) throw new Error(`the block is torn: ${block.toString('hex')}`);
  return value;
}
