import { assert } from '../../base/assert.ts';
import { DONE, type VolumeResult } from '../../volume/volume.ts';
import type { Command, CommandCall } from '../command.ts';
import type { CommandResult } from '../command-result.ts';
import type { LogicalUnit } from '../logical-unit.ts';
import { NO_DATA } from '../parameter-data.ts';
import { CONFLICTS } from '../reservations/restrictions.ts';
import { conditionOf } from '../sense.ts';
import { conditions, results } from '../sense-table.ts';
import { ExtendedCopyCdb, THIRD_PARTY_COPY_OUT } from '../standard/third-party-copy.ts';
import { Task } from '../task.ts';
import { commandResultOf } from '../tasks/volume-fault.ts';

/** What a copy does with a logical unit. */
export type CopyRole = 'source' | 'destination';

/** Beyond the 32 bits of an initiator's tags, so no task management function can name it. */
const TAG_BASE = 2 ** 32;
let tags = 0;

/**
 * A copy as a command in flight at one logical unit that it reads or writes. It has a place in the
 * task set there, so what aborts or forbids commands at that unit stops the copy: a reset, a
 * reservation, the end of the nexus. It lasts until the copy ends it.
 */
export class CopyParticipant {
  readonly #role: CopyRole;
  readonly #logicalUnit: LogicalUnit;
  #call: CommandCall | undefined = undefined;
  /** How it ended, if the copy did not end it. */
  #obstacle: CommandResult | undefined = undefined;
  #end: (result: VolumeResult | CommandResult) => void = () => {};

  /** Joins the copy that `call` asks for; `obstacle` tells at once whether it may. */
  constructor(call: CommandCall, logicalUnit: LogicalUnit, role: CopyRole) {
    this.#role = role;
    this.#logicalUnit = logicalUnit;
    const task = new ParticipantTask(call.task.receivedMs, (result) => {
      this.#call = undefined;
      this.#obstacle ??= result;
    });
    call.nexus.accompany(call, logicalUnit, task, this.#command(role));
  }

  /** Why the copy must not go on at this unit; undefined while it may. */
  get obstacle(): CommandResult | undefined {
    if (this.#obstacle !== undefined) return this.#obstacle;
    const call = this.#call;
    if (call === undefined) return conditions.commandsClearedByDeviceServer;
    if (call.isAborted) return conditions.commandsClearedByDeviceServer;
    const isForbidden = (CONFLICTS[CLASSES[this.#role]] & call.restrictions) !== 0;
    if (isForbidden) return results.reservationConflict;
    const isProtected = this.#role === 'destination' && this.#logicalUnit.isWriteProtected;
    return isProtected ? conditions.writeProtected : undefined;
  }

  /** The command at this unit, while there is no obstacle. */
  get call(): CommandCall {
    assert(this.#call !== undefined, 'a copy works at a unit only while it has a command there');
    return this.#call;
  }

  /** The copy is over here. */
  end(): void {
    this.#end(DONE);
  }

  /** The copy is over here: a step failed at this medium, or met an obstacle. Gives its result. */
  failed<Result extends VolumeResult | CommandResult>(result: Result): Result {
    this.#obstacle ??= this.obstacle ?? commandResultOf(result);
    this.#end(result);
    return result;
  }

  #command(role: CopyRole): Command {
    return {
      name: `third-party copy ${role}`,
      operationCode: THIRD_PARTY_COPY_OUT,
      cdb: ExtendedCopyCdb,
      access: role === 'source' ? 'readMedium' : 'writeMedium',
      reservations: CLASSES[role],
      addressing: 'logicalUnit',
      unitAttention: 'ignore',
      worksInSteps: true,
      plan: () => NO_DATA,
      run: (call) => {
        this.#call = call;
        return new Promise((resolve) => {
          this.#end = resolve;
        });
      },
    };
  }
}

const CLASSES = { source: 'read', destination: 'write' } as const;

/** A command that no initiator sent, and that answers none. */
class ParticipantTask extends Task {
  readonly dataOut = [];
  readonly #onEnd: (result: CommandResult | undefined) => void;

  constructor(receivedMs: number, onEnd: (result: CommandResult | undefined) => void) {
    super();
    this.#onEnd = onEnd;
    this.tag = TAG_BASE + tags++;
    this.attribute = 'participant';
    this.cdbLength = ExtendedCopyCdb.$.length;
    this.receivedMs = receivedMs;
  }

  requestDataOut(): boolean {
    assert(false, 'a participant in a copy moves no data of its own');
  }

  allocateDataIn(): readonly Uint8Array[] {
    assert(false, 'a participant in a copy moves no data of its own');
  }

  end(status: CommandResult['status'], _: number, sense: Uint8Array | undefined): void {
    this.#onEnd(sense === undefined ? { status } : { status, sense: conditionOf(sense) });
  }

  discard(): void {
    this.#onEnd(undefined);
  }
}
