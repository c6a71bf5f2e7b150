import type { Clock } from '../base/clock.ts';
import type { Nexus } from '../scsi/nexus.ts';
import { CommandWindow } from './command-window.ts';
import type { DataAccount } from './data-account.ts';
import { DataOut } from './data-out.ts';
import type { DiscoveryService } from './discovery.ts';
import { HeldCommands } from './held-commands.ts';
import type { CommandContext } from './iscsi-task.ts';
import {
  HELD_BYTES_MAX,
  LOGIN_BUFFER_BYTES,
  LOGIN_DATA_SEGMENT_BYTES_MAX,
  SEND_DATA_SEGMENT_BYTES_MAX,
  SLAB_BYTES,
} from './limits.ts';
import type { SessionParameters } from './login/session-parameters.ts';
import type { SessionIdentity } from './session-identity.ts';
import { PduWriter } from './wire/pdu-writer.ts';
import type { SendQueue } from './wire/send-queue.ts';

interface SessionOptions {
  readonly identity: SessionIdentity;
  readonly parameters: SessionParameters;
  /** Undefined for a discovery session. */
  readonly nexus: Nexus | undefined;
  readonly discovery: DiscoveryService;
  readonly queue: SendQueue;
  /** The memory of its commands; closed with it. */
  readonly account: DataAccount;
  readonly clock: Clock;
  readonly queueDepth: number;
  /** CmdSN of the first command, StatSN of the next status. */
  readonly cmdSn: number;
  readonly statSn: number;
}

/**
 * A session with its one connection (ErrorRecoveryLevel 0): its identity, its parameters, its
 * sequence numbers and its nexus, from the end of its login to the end of its last command.
 */
export class Session implements CommandContext {
  readonly identity: SessionIdentity;
  readonly parameters: SessionParameters;
  readonly maxBurstLength: number;
  readonly nexus: Nexus | undefined;
  readonly discovery: DiscoveryService;
  readonly account: DataAccount;
  readonly window: CommandWindow;
  /** Requests that came before those that precede them. */
  readonly held: HeldCommands;
  readonly writer: PduWriter;
  readonly dataOut: DataOut;
  /** The end of its login. */
  readonly beganMs: number;
  /** When the PDUs that are taken now were read. */
  receivedMs: number;
  /** It asked for a TARGET COLD RESET, and ends after the answer. */
  isEndingItself = false;
  closed = false;
  #closing: Promise<void> | undefined = undefined;

  constructor(options: SessionOptions) {
    const { identity, parameters, nexus, discovery, queue, account, clock } = options;
    const isDiscovery = nexus === undefined;
    this.identity = identity;
    this.parameters = parameters;
    this.maxBurstLength = parameters.maxBurstLength;
    this.nexus = nexus;
    this.discovery = discovery;
    this.beganMs = clock.now();
    this.receivedMs = this.beganMs;
    this.account = account;
    this.account.isSending = () => queue.unsentBytes >= SLAB_BYTES;
    this.window = new CommandWindow(options.cmdSn, options.queueDepth, account);
    this.held = new HeldCommands(isDiscovery ? LOGIN_BUFFER_BYTES : HELD_BYTES_MAX);
    const segmentMax = isDiscovery ? LOGIN_DATA_SEGMENT_BYTES_MAX : SEND_DATA_SEGMENT_BYTES_MAX;
    this.writer = new PduWriter(queue, this.window, options.statSn, segmentMax);
    this.writer.useDigests(parameters.headerDigest, parameters.dataDigest);
    this.writer.declareSegmentLength(parameters.initiatorMaxRecvDataSegmentLength);
    this.dataOut = new DataOut(clock, this.writer, parameters);
  }

  /** Nothing that its initiator sent waits for an end or for its answer to leave. */
  get idle(): boolean {
    return this.window.isIdle && this.held.size === 0 && this.writer.queue.idle;
  }

  /** Resolves when this session has no command in flight. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.closed = true;
    this.dataOut.close();
    this.account.close();
    await this.nexus?.close();
  }
}
