import { encodeLun } from '../../../src/scsi/lun.ts';
import type { Nexus, TaskManagementResponse } from '../../../src/scsi/nexus.ts';
import { TestTask } from '../../support/scsi-bench.ts';
import type { MemoryGateways } from './memory-gateways.ts';
import type { CommandNumber, CommandStep, ManageStep, Program, Step } from './program.ts';
import { type Transcript, textOfAnswer, textOfStep } from './transcript.ts';
import { wholeProgram } from './whole-program.ts';

/** Longer than anything takes that comes to an end by itself. */
const HANG_MS = 30_000;
/** What does not depend on a held command ends within this. */
const HELD_MS = 500;
/** Every gateway has noticed the size of a medium, and its change is made. */
const RESIZED_MS = 3_000;
const NO_BYTES = new Uint8Array(0);

/** Runs a program; everything that a step causes has come before the next step begins. */
export async function runInMemory(program: Program, gateways: MemoryGateways): Promise<Transcript> {
  const run = new MemoryRun(program, gateways);
  const transcript: string[] = [];
  for (const step of wholeProgram(program)) transcript.push(await run.step(step));
  await run.close();
  return transcript;
}

interface Sent {
  readonly nexus: number;
  readonly task: TestTask;
  isHeld: boolean;
}

interface End {
  readonly number: CommandNumber;
  readonly text: string;
}

/** The place of a task management function among the commands that end. */
const MANAGED = 0;

class MemoryRun {
  readonly #program: Program;
  readonly #gateways: MemoryGateways;
  readonly #nexuses: Nexus[];
  readonly #sent = new Map<CommandNumber, Sent>();
  /** Of this step, as they came. */
  #ends: End[] = [];
  /** Functions, and losses of nexuses, that are not over. */
  #pending = 0;

  constructor(program: Program, gateways: MemoryGateways) {
    this.#program = program;
    this.#gateways = gateways;
    this.#nexuses = program.nexuses.map((ends) => gateways.login(ends));
  }

  /** What came of it. */
  async step(step: Step): Promise<string> {
    this.#ends = [];
    const note = await this.#perform(step);
    await this.#quiet(step);
    const ends = this.#ends.sort((left, right) => left.number - right.number);
    const notes = note === '' ? [] : [note];
    return [...notes, ...ends.map(textOfEnd)].map((line) => `  ${line}`).join('\n');
  }

  async close(): Promise<void> {
    for (const nexus of this.#nexuses) this.#until(nexus.close());
    await this.#quiet({ kind: 'wait', ms: 0 });
  }

  async #perform(step: Step): Promise<string> {
    if ('request' in step && this.#hasDormant(step.nexus)) return 'not sent';
    switch (step.kind) {
      case 'command':
        this.#send(step, true);
        return '';
      case 'start':
        this.#send(step, false);
        return '';
      case 'data':
        this.#deliver(step.of);
        return '';
      case 'held':
        return await this.#held(step);
      case 'manage':
        this.#manage(step);
        return '';
      case 'login':
        this.#until(this.#login(step));
        return '';
      case 'resize':
        await this.#gateways.resize(step.lun, step.blocks);
        await this.#gateways.until(HANG_MS, () => this.#gateways.haveBlocks(step.lun, step.blocks));
        // Each gateway says so, the last one to no effect.
        await this.#gateways.clock.advance(RESIZED_MS);
        return '';
      case 'wait':
        await this.#gateways.clock.advance(step.ms);
        return '';
    }
  }

  async #login({ nexus, isLogout }: Step & { readonly kind: 'login' }): Promise<void> {
    const ended = this.#nexuses[nexus]!;
    if (isLogout) await ended.releaseReserves();
    await ended.close();
    this.#nexuses[nexus] = this.#gateways.login(this.#program.nexuses[nexus]!);
  }

  #send({ number, nexus, request }: Omit<CommandStep, 'kind'>, immediate: boolean): Sent {
    const { cdb, lun, dataOut: data, dataInExpected, attribute } = request;
    const options = { lun, tag: number, data, dataInExpected, attribute, immediate };
    const task = new TestTask([...cdb], options);
    task.receivedMs = this.#gateways.clock.now();
    const sent = { nexus, task, isHeld: false };
    this.#sent.set(number, sent);
    task.onEnd = () => {
      this.#sent.delete(number);
      this.#ends.push({ number, text: textOfTask(task) });
    };
    this.#nexuses[nexus]!.submit(task);
    return sent;
  }

  #deliver(number: CommandNumber): void {
    const task = this.#sent.get(number)?.task;
    // It may not have come so far that it asks for them.
    if (task?.state === 'awaitingData') task.deliver();
  }

  #manage({ nexus, function: name, lun, of }: ManageStep): void {
    const request = { function: name, lun: encodeLun(lun), referencedTag: of };
    const answer = Promise.resolve(this.#nexuses[nexus]!.manage(request));
    this.#until(
      answer.then((response) => {
        this.#ends.push({ number: MANAGED, text: textOfResponse(response) });
      }),
    );
  }

  /** Tells which of the two ended first. */
  async #held(step: Step & { readonly kind: 'held' }): Promise<string> {
    const { hold, losses } = this.#gateways;
    hold.isArmed = true;
    const first = this.#send(step, true);
    await this.#gateways.until(HANG_MS, () => hold.isHolding || this.#isParked(first));
    hold.isArmed = false;
    first.isHeld = hold.isHolding;
    const { then } = step;
    losses.areOn = !first.isHeld;
    if (then.kind === 'manage') this.#manage(then);
    else if (!this.#hasDormant(then.nexus)) this.#send(then, true);
    const number = then.kind === 'manage' ? MANAGED : then.number;
    const hasEnded = (which: CommandNumber) => this.#ends.some((end) => end.number === which);
    if (!first.isHeld) return 'not held';
    await this.#gateways.until(HELD_MS, () => hasEnded(number));
    const note = hasEnded(number) ? 'ended while it was held' : 'waited for it';
    losses.areOn = true;
    first.isHeld = false;
    hold.release();
    return note;
  }

  /** If several began at one moment, their order would be theirs to choose (SIMPLE, SAM). */
  #hasDormant(nexus: number): boolean {
    return [...this.#sent.values()].some((sent) => {
      return sent.nexus === nexus && sent.task.state === 'dormant';
    });
  }

  #isParked({ task, isHeld }: Sent): boolean {
    return (
      task.ends.length > 0 || isHeld || task.state === 'dormant' || task.state === 'awaitingData'
    );
  }

  async #quiet(step: Step): Promise<void> {
    const isQuiet = (): boolean => {
      return this.#pending === 0 && [...this.#sent.values()].every((sent) => this.#isParked(sent));
    };
    if (await this.#gateways.until(HANG_MS, isQuiet)) return;
    throw new Error(`no end within ${HANG_MS} ms: ${textOfStep(this.#program, step)}`);
  }

  #until(over: Promise<void>): void {
    this.#pending++;
    void over.then(() => {
      this.#pending--;
    });
  }
}

function textOfEnd({ number, text }: End): string {
  return number === MANAGED ? text : `#${number} ${text}`;
}

function textOfTask(task: TestTask): string {
  const { status, sense = NO_BYTES, dataIn, transferLength: transferred } = task;
  if (status === 'discarded' || status === undefined) return 'no answer';
  return textOfAnswer({ status, sense, dataIn, transferred });
}

function textOfResponse(response: TaskManagementResponse): string {
  if (response.response !== 'functionSucceeded') return response.response;
  const { additional = NO_BYTES } = response;
  return `functionSucceeded ${Buffer.from(additional).toString('hex')}`;
}
