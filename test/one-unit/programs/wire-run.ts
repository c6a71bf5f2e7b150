import type { TaskManagementFunction } from '../../../src/scsi/nexus.ts';
import type { Address } from '../../initiator/host.ts';
import { type CommandHandle, Initiator } from '../../initiator/initiator.ts';
import type { ScsiRequest, ScsiResult } from '../../initiator/scsi-exchange.ts';
import { waitFor } from '../../support/wait-for.ts';
import { initiatorNameOf } from './nexus-identities.ts';
import type {
  CommandNumber,
  CommandStep,
  ManageStep,
  NexusEnds,
  Program,
  Request,
  Step,
} from './program.ts';
import { type Transcript, textOfAnswer, textOfStep } from './transcript.ts';
import { wholeProgram } from './whole-program.ts';

/** The target ends a session after twice as long. */
const WITHHELD_MAX_MS = 5_000;
const HANG_MS = 60_000;

/** FUNCTION of a task management request (RFC 7143, RFC 7144). */
const functionCodes = {
  abortTask: 1,
  abortTaskSet: 2,
  clearAca: 3,
  clearTaskSet: 4,
  logicalUnitReset: 5,
  targetWarmReset: 6,
  targetColdReset: 7,
  queryTask: 9,
  queryTaskSet: 10,
  iTNexusReset: 11,
  queryAsynchronousEvent: 12,
} as const satisfies Record<TaskManagementFunction, number>;
/** TASK ATTRIBUTE as the wire has it. */
const attributeCodes = { simple: 1, ordered: 2, headOfQueue: 3, aca: 4 } as const;
const FUNCTION_SUCCEEDED = 7;

/** Where the target of a program is served. */
export interface WirePlace {
  readonly targetName: string;
  addressOf(targetPort: number): Address;
}

/**
 * Runs a program of steps that initiators can make, over iSCSI. Undefined: this machine was so slow
 * that the target lost patience with withheld data, and ended the session.
 */
export async function runOverWire(
  program: Program,
  place: WirePlace,
): Promise<Transcript | undefined> {
  const run = new WireRun(program, place);
  try {
    await run.open();
    const transcript: string[] = [];
    for (const step of wholeProgram(program)) {
      try {
        transcript.push(`  ${await run.step(step)}`);
      } catch (cause) {
        if (run.isSlow) return undefined;
        const what = `seed ${program.seed}, ${textOfStep(program, step)}`;
        throw new Error(`${what}: ${(cause as Error).message}`, { cause });
      }
    }
    return transcript;
  } finally {
    await run.end();
  }
}

interface Started {
  readonly nexus: number;
  readonly lun: number;
  readonly sinceMs: number;
  readonly session: Initiator;
  readonly handle: CommandHandle;
  end: string | undefined;
}

class WireRun {
  readonly #program: Program;
  readonly #place: WirePlace;
  readonly #sessions: Initiator[] = [];
  readonly #started = new Map<CommandNumber, Started>();

  constructor(program: Program, place: WirePlace) {
    this.#program = program;
    this.#place = place;
  }

  async open(): Promise<void> {
    for (const ends of this.#program.nexuses) this.#sessions.push(await this.#login(ends));
  }

  async end(): Promise<void> {
    for (const session of this.#sessions) if (session.isOpen) await session.logout();
  }

  /** Data is withheld for longer than programs are meant to. */
  get isSlow(): boolean {
    const nowMs = performance.now();
    return [...this.#started.values()].some(({ sinceMs }) => nowMs - sinceMs > WITHHELD_MAX_MS);
  }

  /** What came of it. */
  async step(step: Step): Promise<string> {
    switch (step.kind) {
      case 'command':
        return textOfResult(await this.#sessions[step.nexus]!.execute(requestOf(step.request)));
      case 'start':
        return await this.#start(step);
      case 'manage':
        return await this.#manage(step);
      case 'data':
        return await this.#deliver(step.of);
      case 'login': {
        const session = this.#sessions[step.nexus]!;
        if (step.isLogout) await session.logout();
        else session.destroy();
        this.#sessions[step.nexus] = await this.#login(this.#program.nexuses[step.nexus]!);
        return 'logged in';
      }
      default:
        throw new Error(`no initiator can do this: ${textOfStep(this.#program, step)}`);
    }
  }

  /** Resolves when the target waits for its data, or it has ended without them. */
  async #start({ number, nexus, request }: Omit<CommandStep, 'kind'>): Promise<string> {
    let isWaiting = false;
    const onR2t = () => {
      isWaiting = true;
      return false;
    };
    const session = this.#sessions[nexus]!;
    const withheld = { immediateLength: 0, unsolicitedLength: 0, onR2t };
    const handle = session.start({ ...requestOf(request), ...withheld });
    const sinceMs = performance.now();
    const { lun } = request;
    const started: Started = { nexus, lun, sinceMs, session, handle, end: undefined };
    void handle.result.then(
      (result) => {
        started.end = textOfResult(result);
      },
      () => {},
    );
    this.#started.set(number, started);
    const isOver = () => isWaiting || started.end !== undefined;
    await waitFor(`#${number} is asked for its data, or ends`, isOver, HANG_MS);
    return isWaiting ? 'waits for its data' : started.end!;
  }

  async #manage({ nexus, function: name, lun, of }: ManageStep): Promise<string> {
    const session = this.#sessions[nexus]!;
    const own = [...this.#started].filter(([, started]) => started.session === session);
    const asked = new Map(own).get(of);
    const answer = session.manage({
      ...{ function: functionCodes[name], lun },
      ...(asked === undefined ? {} : { of: asked.handle }),
    });
    // An initiator answers the R2Ts of what it aborts, and the target waits two seconds for that
    // (RFC 7143). Where an event aborts, the data might come first, and the command end well.
    for (const [number, { handle, lun: at }] of own) {
      if (isAbortedAtOnce(name, number === of, at === lun)) session.sendWithheld(handle);
    }
    const { response, additional } = await answer;
    return `response ${response}, additional ${additional}`;
  }

  /** Resolves with how the command ends, or that it was aborted. */
  async #deliver(number: CommandNumber): Promise<string> {
    const started = this.#started.get(number);
    if (started === undefined) return '';
    this.#started.delete(number);
    const { session, handle, nexus, lun } = started;
    if (started.end !== undefined) return started.end;
    if (session !== this.#sessions[nexus]) return 'went with its session';
    // A status that was on its way comes before the answer.
    const { response } = await session.manage({
      function: functionCodes.queryTask,
      lun,
      of: handle,
    });
    if (response === FUNCTION_SUCCEEDED) {
      session.sendWithheld(handle);
      return textOfResult(await handle.result);
    }
    session.abandon(handle);
    return started.end ?? 'is gone';
  }

  #login({ host, isid, targetPort }: NexusEnds): Promise<Initiator> {
    const { targetName } = this.#place;
    return Initiator.connect({
      ...{ ...this.#place.addressOf(targetPort), targetName },
      initiatorName: initiatorNameOf(host),
      isid: {
        high: Number.parseInt(isid.slice(0, 4), 16),
        low: Number.parseInt(isid.slice(4), 16),
      },
      keys: { iSCSIProtocolLevel: '2' },
      timeoutMs: HANG_MS,
    });
  }
}

/** Whether a function of its own session aborts a command in the turn in which it arrives. */
function isAbortedAtOnce(
  name: TaskManagementFunction,
  isAsked: boolean,
  isThere: boolean,
): boolean {
  switch (name) {
    case 'abortTask':
      return isAsked && isThere;
    case 'abortTaskSet':
      return isThere;
    case 'iTNexusReset':
      return true;
    default:
      return false;
  }
}

function requestOf({ cdb, lun, dataOut, dataInExpected, attribute }: Request): ScsiRequest {
  return {
    ...{ cdb, lun, attribute: attributeCodes[attribute] },
    ...(dataOut.length > 0 ? { dataOut } : { dataInLength: dataInExpected }),
  };
}

function textOfResult({ status, sense, dataIn, residual }: ScsiResult): string {
  return textOfAnswer({ status, sense, dataIn, transferred: residual });
}
