import type { Command } from '../../../src/scsi/command.ts';
import { commands } from '../../../src/scsi/command-table.ts';
import { RodTokenInformationCdb } from '../../../src/scsi/standard/rod-token.ts';
import type { SeededRandom } from '../../support/seeded-random.ts';
import { fieldValue } from './cdb-fields.ts';
import { dataOutOf, transferLengthOf } from './data-out.ts';
import { BLOCK_LENGTH_BYTES, LUNS, type ProgramForms, type Request } from './program.ts';
import type { ProgramKeys } from './program-keys.ts';

const DATA_IN_MAX_BYTES = 65_536;
/** No logical unit is there. */
const OTHER_LUN = 7;

/** How often kinds of commands come up in one program; a kind may be absent. */
const kindWeights = {
  data: [2, 6, 10],
  persistent: [0, 4, 20],
  state: [0, 2, 4],
  reports: [1, 2, 3],
} as const;
type Kind = keyof typeof kindWeights;
/** Programs differ by the rows that they prefer. */
const ROW_WEIGHTS = [0, 1, 1, 4];

interface WeightedRow {
  readonly command: Command;
  readonly upTo: number;
}

/** Makes the commands of one program: of every row of the command table, some more often. */
export class RandomCommands {
  readonly #random: SeededRandom;
  readonly #keys: ProgramKeys;
  readonly #forms: ProgramForms;
  readonly #rows: readonly WeightedRow[];
  readonly #writes: readonly Command[];
  readonly #type: number;

  constructor(random: SeededRandom, keys: ProgramKeys, forms: ProgramForms) {
    this.#forms = forms;
    this.#random = random;
    this.#keys = keys;
    this.#rows = weighted(random);
    this.#writes = commands.filter(({ access }) => access === 'writeMedium');
    // One type of reservation mostly, so that initiators meet.
    this.#type = random.pick([1, 3, 5, 6, 7, 8]);
  }

  any(nexus: number): Request {
    return this.#request(this.#pick(), nexus);
  }

  named(name: string, nexus: number): Request {
    return this.#request(commands.find((command) => command.name === name)!, nexus);
  }

  /** One that changes the medium. */
  write(nexus: number): Request {
    return this.#request(this.#random.pick(this.#writes), nexus);
  }

  /** A kind of its own for short programs: a row, whatever its weight. */
  #pick(): Command {
    const at = this.#random.below(1000) / 1000;
    const { upTo: total } = this.#rows.at(-1)!;
    return this.#rows.find(({ upTo }) => at * total < upTo)!.command;
  }

  #request(command: Command, nexus: number): Request {
    const random = this.#random;
    const token = command.name === RodTokenInformationCdb.$.name ? this.#keys.token : undefined;
    const lun = token?.lun ?? lunOf(random);
    const cdb = this.#cdb(command);
    if (token !== undefined) RodTokenInformationCdb.listIdentifier.set(cdb, token.listId);
    const data = dataOutOf({ random, command, cdb, keys: this.#keys, nexus, lun });
    const listLength = command.cdb.$.fields['parameterListLength'];
    if (data.length > 0) listLength?.set(cdb, data.length);
    const dataInExpected = data.length > 0 ? 0 : dataInOf(random, command, cdb);
    const attribute = this.#forms.inMemory ? attributeOf(random) : 'simple';
    const name = command.name;
    return spoiled(random, { name, lun, cdb, dataOut: data, dataInExpected, attribute });
  }

  #cdb(command: Command): Uint8Array {
    const { length, fields } = command.cdb.$;
    const cdb = new Uint8Array(length);
    for (const [name, field] of Object.entries(fields)) {
      field.set(cdb, fieldValue(this.#random, command, name));
    }
    const { type } = fields;
    if (this.#random.below(4) > 0) type?.set(cdb, this.#type);
    fields['operationCode']!.set(cdb, command.operationCode);
    fields['serviceAction']?.set(cdb, command.serviceAction ?? 0);
    return cdb;
  }
}

function weighted(random: SeededRandom): readonly WeightedRow[] {
  const kinds = new Map<Kind, number>();
  for (const kind of Object.keys(kindWeights) as Kind[]) {
    const count = commands.filter((command) => kindOf(command) === kind).length;
    kinds.set(kind, random.pick(kindWeights[kind]) / count);
  }
  let upTo = 0;
  return commands.map((command) => {
    upTo += kinds.get(kindOf(command))! * random.pick(ROW_WEIGHTS);
    return { command, upTo };
  });
}

function kindOf({ access, reservations }: Command): Kind {
  if (access === 'readMedium' || access === 'writeMedium') return 'data';
  if (reservations === 'persistentReserve') return 'persistent';
  return access === 'changeState' ? 'state' : 'reports';
}

function lunOf(random: SeededRandom): number {
  const where = random.below(50);
  if (where === 0) return OTHER_LUN;
  return where < 8 ? LUNS[1] : LUNS[0];
}

function attributeOf(random: SeededRandom): Request['attribute'] {
  const which = random.below(40);
  if (which === 0) return 'aca';
  if (which < 4) return 'headOfQueue';
  return which < 9 ? 'ordered' : 'simple';
}

function dataInOf(random: SeededRandom, command: Command, cdb: Uint8Array): number {
  const { allocationLength } = command.cdb.$.fields;
  const asked =
    allocationLength?.get(cdb) ??
    (command.access === 'readMedium' ? transferLengthOf(command, cdb) * BLOCK_LENGTH_BYTES : 0);
  const isOther = random.below(25) === 0;
  return Math.min(DATA_IN_MAX_BYTES, isOther ? random.below(2 * asked + 64) : asked);
}

/** Now and then a bit of the CDB or of the data is wrong, or the data are too short. */
function spoiled(random: SeededRandom, request: Request): Request {
  const { cdb, dataOut } = request;
  switch (random.below(40)) {
    case 0:
      flip(random, cdb, 1);
      return request;
    case 1:
      if (dataOut.length > 0) flip(random, dataOut, 0);
      return request;
    case 2:
      return { ...request, dataOut: dataOut.subarray(0, random.below(dataOut.length + 1)) };
    default:
      return request;
  }
}

function flip(random: SeededRandom, bytes: Uint8Array, from: number): void {
  const at = from + random.below(bytes.length - from);
  bytes[at]! ^= 1 << random.below(8);
}
