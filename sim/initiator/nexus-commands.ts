import { type Clock, sleep } from '../../src/base/clock.ts';
import type { CommandHandle, Initiator } from '../../test/initiator/initiator.ts';
import { InitiatorError } from '../../test/initiator/initiator-error.ts';
import type { ScsiRequest, ScsiResult } from '../../test/initiator/scsi-exchange.ts';
import type { AbortLog } from '../checkers/abort-log.ts';
import type { NexusRecord } from '../checkers/attention-ledger.ts';
import type { AttentionReport, NexusCommand } from '../checkers/attention-rules.ts';
import { Violation } from '../violation.ts';
import { LOGICAL_UNIT_NOT_SUPPORTED, SenseKey, Status, senseOf } from './scsi-status.ts';

/** Task management functions (RFC 7143). */
export const TaskFunction = {
  abortTask: 1,
  abortTaskSet: 2,
  clearTaskSet: 4,
  logicalUnitReset: 5,
  targetWarmReset: 6,
} as const;
export type TaskFunction = keyof typeof TaskFunction;

/** This long after the answer, a gateway has ended the aborted commands, with a status or not. */
const ABORT_MAX_MS = 8_000;
const INQUIRY = 0x12;
const COMMANDS_CLEARED = 0x2f00;
const BUS_DEVICE_RESET_FUNCTION_OCCURRED = 0x2903;
const FUNCTION_COMPLETE = 0;

/** `aborted`: by task management, so it changes nothing from now on. `lost`: with its session. */
export type NexusResult = ScsiResult | 'aborted' | 'lost';

/** The commands of one session, each recorded in the ledger of attentions. */
export class NexusCommands {
  readonly session: Initiator;
  readonly #record: NexusRecord;
  readonly #aborts: AbortLog;
  readonly #clock: Clock;
  /** In the order in which they were sent; each with what ends it for whoever sent it. */
  readonly #outstanding = new Map<CommandHandle, () => void>();
  #isManaging = false;

  constructor(session: Initiator, record: NexusRecord, aborts: AbortLog, clock: Clock) {
    this.session = session;
    this.#record = record;
    this.#aborts = aborts;
    this.#clock = clock;
  }

  /** While a function that aborts commands is under way, nothing is sent, as hosts do. */
  get isReady(): boolean {
    return this.session.isOpen && !this.#isManaging;
  }

  execute(name: string, request: ScsiRequest): Promise<NexusResult> {
    const command = {
      ...{ name, sentMs: this.#clock.now(), endMs: Number.POSITIVE_INFINITY },
      report: 'unknown' as AttentionReport,
    };
    // INQUIRY tells no unit attention.
    if (request.cdb[0] !== INQUIRY) this.#record.commands.push(command);
    const isMapping = this.#record.isMapping;
    const handle = this.session.start(request);
    return new Promise((resolve, reject) => {
      this.#outstanding.set(handle, () => resolve('aborted'));
      this.#answer(command, handle, isMapping).then(resolve, reject);
    });
  }

  /** True: the function is complete. False: it is refused. Undefined: the session is lost. */
  async manage(name: TaskFunction): Promise<boolean | undefined> {
    const all = name !== 'abortTask';
    const sent = [...this.#outstanding.keys()].filter(({ cmdSn }) => all || cmdSn !== undefined);
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

  async #answer(
    command: NexusCommand,
    handle: CommandHandle,
    wasMapping: boolean,
  ): Promise<NexusResult> {
    try {
      const result = await handle.result;
      command.endMs = this.#clock.now();
      command.report = reportOf(result);
      this.#attention(command.report, handle);
      // What was pending may have left with the logical unit.
      const mayBeNew = wasMapping || this.#record.isMapping;
      if (mayBeNew && command.report === 'none') command.report = 'absent';
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

  /**
   * What another nexus asked for has aborted all that was admitted before it. It changes nothing
   * once that is answered, though the end of a write that was drained may still be on its way.
   */
  #attention(report: AttentionReport, handle: CommandHandle): void {
    if (report !== BUS_DEVICE_RESET_FUNCTION_OCCURRED && report !== COMMANDS_CLEARED) return;
    const all = [...this.#outstanding.keys()];
    const before = all.slice(0, all.indexOf(handle));
    if (before.length === 0) return;
    void this.#aborts.answered().then((isAnswered) => {
      if (isAnswered) for (const each of before) this.#outstanding.get(each)?.();
    });
    void sleep(this.#clock, ABORT_MAX_MS).then(() => this.#forget(before));
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
