/** Whether the logical unit lets the nexus in, as far as is known at the moment. */
export type Access = 'allowed' | 'unknown' | 'forbidden';

/**
 * How a command ended: `nothing` is without a status, because it was aborted or its session lost;
 * `refused` was not done, and may be sent again.
 */
export type CommandEnd = 'good' | 'conflict' | 'attention' | 'refused' | 'nothing';

/** A command of the nexus on its way. */
export interface ExpectedCommand {
  /** Reservations can forbid it. */
  readonly isRestricted: boolean;
  /** Events that were answered before it was sent: it, or an earlier command, tells of them. */
  readonly effectiveBefore: number;
  mayBeGood: boolean;
  mayConflict: boolean;
  end: CommandEnd | undefined;
  /** Events that had begun when it ended. */
  begunAtEnd: number;
}

/**
 * What may come to the commands of one nexus while events change the logical unit, one event at a
 * time: the unit attention of each event once, in the order of the commands, and RESERVATION
 * CONFLICT as long as the nexus is kept out, and no longer.
 */
export class NexusExpectation {
  readonly faults: string[] = [];
  readonly #name: string;
  #access: Access = 'allowed';
  #begun = 0;
  #effective = 0;
  /** The last event that the nexus has been told of: this one at least, and at most. */
  #toldMin = 0;
  #toldMax = 0;
  /** In the order in which they were sent. */
  #commands: ExpectedCommand[] = [];

  constructor(name: string) {
    this.#name = name;
  }

  get access(): Access {
    return this.#access;
  }

  set access(access: Access) {
    this.#access = access;
    for (const command of this.#commands) if (command.end === undefined) this.#permit(command);
  }

  /** An event that tells the nexus is about to be asked for. */
  eventBegins(): void {
    this.#begun += 1;
  }

  /** Its answer has come. */
  eventIsEffective(): void {
    this.#effective = this.#begun;
  }

  /** Its answer says that nothing was changed. */
  eventIsNone(): void {
    this.#begun -= 1;
  }

  /** Events whose answers have come. */
  get effective(): number {
    return this.#effective;
  }

  /**
   * A new session is told of no event that was answered before its login; later ones may have been
   * among what it was told at first.
   */
  connected(effectiveBefore: number): void {
    this.#commands = [];
    this.#toldMin = effectiveBefore;
    this.#toldMax = this.#begun;
  }

  sent(isRestricted: boolean): ExpectedCommand {
    const command: ExpectedCommand = {
      ...{ isRestricted, effectiveBefore: this.#effective },
      ...{ mayBeGood: !isRestricted, mayConflict: false, end: undefined, begunAtEnd: 0 },
    };
    this.#permit(command);
    this.#commands.push(command);
    return command;
  }

  ended(command: ExpectedCommand, end: CommandEnd): void {
    command.end = end;
    command.begunAtEnd = this.#begun;
    // An attention goes to the first command after the event, whichever ends first.
    while (this.#commands[0]?.end !== undefined) this.#check(this.#commands.shift()!);
  }

  #permit(command: ExpectedCommand): void {
    if (!command.isRestricted) return;
    if (this.#access !== 'forbidden') command.mayBeGood = true;
    if (this.#access !== 'allowed') command.mayConflict = true;
  }

  #check(command: ExpectedCommand): void {
    const { end, effectiveBefore, begunAtEnd } = command;
    if (end === 'nothing' || end === 'refused') return;
    if (end === 'attention') {
      this.#toldMin = Math.max(this.#toldMin + 1, effectiveBefore);
      this.#toldMax = begunAtEnd;
      if (this.#toldMin > begunAtEnd) this.#fault('a unit attention that is not due');
      return;
    }
    if (effectiveBefore > this.#toldMax) this.#fault('a unit attention is due and did not come');
    if (end === 'good' && !command.mayBeGood) this.#fault('done though it was forbidden');
    if (end === 'conflict' && !command.mayConflict) {
      this.#fault('RESERVATION CONFLICT though it was allowed');
    }
  }

  #fault(what: string): void {
    this.faults.push(`${this.#name}: ${what}`);
    this.#toldMax = this.#begun;
    this.#toldMin = Math.min(this.#toldMin, this.#begun);
  }
}
