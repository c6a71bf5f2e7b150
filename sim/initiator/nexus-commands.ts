import { type Clock, sleep } from '../../src/base/clock.ts';
import type { CommandHandle, Initiator } from '../../test/initiator/initiator.ts';
import { InitiatorError } from '../../test/initiator/initiator-error.ts';
import type { ScsiRequest, ScsiResult } from '../../test/initiator/scsi-exchange.ts';
import type { NexusRecord } from '../checkers/attention-ledger.ts';
import type { AttentionReport } from '../checkers/attention-rules.ts';
import { Violation } from '../violation.ts';
import { SenseKey, Status, senseOf } from './scsi-status.ts';

/** Task management functions (RFC 7143). */
export const TaskFunction = {
  abortTask: 1,
  abortTaskSet: 2,
  clearTaskSet: 4,
  logicalUnitReset: 5,
} as const;
export type TaskFunction = keyof typeof TaskFunction;

/** This long after the answer, a gateway has ended the aborted commands, with a status or not. */
const ABORT_MAX_MS = 8_000;
const COMMANDS_CLEARED = 0x2f00;
const LOGICAL_UNIT_NOT_SUPPORTED = 0x2500;
const RESETS = 0x29;
const FUNCTION_COMPLETE = 0;

/** `aborted`: by task management, so it changes nothing from now on. `lost`: with its session. */
export type NexusResult = ScsiResult | 'aborted' | 'lost';

/** The commands of one session, each recorded in the ledger of attentions. */
export class NexusCommands {
  readonly session: Initiator;
  readonly #record: NexusRecord;
  readonly #clock: Clock;
  /** In the order in which they were sent. */
  readonly #outstanding = new Set<CommandHandle>();
  #isManaging = false;

  constructor(session: Initiator, record: NexusRecord, clock: Clock) {
    this.session = session;
    this.#record = record;
    this.#clock = clock;
  }

  /** While a function that aborts commands is under way, nothing is sent, as hosts do. */
  get isReady(): boolean {
    return this.session.isOpen && !this.#isManaging;
  }

  async execute(name: string, request: ScsiRequest): Promise<NexusResult> {
    const command = {
      ...{ name, sentMs: this.#clock.now(), endMs: Number.POSITIVE_INFINITY },
      report: 'unknown' as AttentionReport,
    };
    this.#record.commands.push(command);
    const handle = this.session.start(request);
    this.#outstanding.add(handle);
    try {
      const result = await handle.result;
      command.endMs = this.#clock.now();
      command.report = reportOf(result);
      this.#attention(command.report, handle);
      return result;
    } catch (error) {
      if (!(error instanceof InitiatorError)) throw error;
      if (error.code === 'protocolViolation') throw new Violation(error.message);
      if (error.code === 'aborted') return 'aborted';
      this.session.destroy();
      return 'lost';
    } finally {
      this.#outstanding.delete(handle);
    }
  }

  /** True: the function is complete. False: it is refused. Undefined: the session is lost. */
  async manage(name: TaskFunction): Promise<boolean | undefined> {
    const all = name !== 'abortTask';
    const sent = [...this.#outstanding].filter(({ cmdSn }) => all || cmdSn !== undefined);
    const [of] = sent;
    if (!all && of === undefined) return undefined;
    this.#isManaging ||= all;
    try {
      const { response } = await this.session.manage({
        function: TaskFunction[name],
        ...(all || of === undefined ? {} : { of }),
      });
      if (response !== FUNCTION_COMPLETE) return false;
      this.#forget(all ? sent : [of!]);
      return true;
    } catch (error) {
      if (!(error instanceof InitiatorError)) throw error;
      if (error.code === 'protocolViolation') throw new Violation(error.message);
      this.session.destroy();
      return undefined;
    } finally {
      if (all) this.#isManaging = false;
    }
  }

  /** A reset by another nexus has aborted all commands that were admitted before it. */
  #attention(report: AttentionReport, handle: CommandHandle): void {
    if (typeof report !== 'number') return;
    if (report >> 8 !== RESETS && report !== COMMANDS_CLEARED) return;
    const all = [...this.#outstanding];
    const before = all.slice(0, all.indexOf(handle));
    if (before.length > 0) void sleep(this.#clock, ABORT_MAX_MS).then(() => this.#forget(before));
  }

  /** Commands that are not answered by now never are. */
  #forget(handles: readonly CommandHandle[]): void {
    this.session.abandon(...handles.filter((handle) => this.#outstanding.has(handle)));
  }
}

function reportOf(result: ScsiResult): AttentionReport {
  const sense = senseOf(result);
  if (sense?.key === SenseKey.unitAttention) return sense.code;
  if (sense?.code === LOGICAL_UNIT_NOT_SUPPORTED) return 'absent';
  const { status } = result;
  if (status === Status.busy || status === Status.taskSetFull) return 'exempt';
  // It was admitted before the function that aborted it.
  return status === Status.taskAborted ? 'exempt' : 'none';
}
