import { inquiry, readCapacity16, testUnitReady } from '../../test/initiator/cdb.ts';
import type { DocumentValue } from '../checkers/document-history.ts';
import type { NexusResult } from './nexus-commands.ts';
import { LOGICAL_UNIT_NOT_SUPPORTED, Status, senseOf } from './scsi-status.ts';
import type { SimPath } from './sim-path.ts';
import type { UnitEventParts } from './unit-event-parts.ts';

const INQUIRY_BYTES = 36;
const CAPACITY_BYTES = 32;
/** One check of several also reads what the document says of the disk. */
const READS_OF = 4;

/** What a multipath daemon asks of a path: it is told of what others do to the unit. */
export async function checkPath(parts: UnitEventParts, path: SimPath): Promise<void> {
  const { random, history, host } = parts;
  const { isMapped, isAdmitted, blocks, product } = history.document;
  const mapped = isMapped.beginReading();
  const admitted = isAdmitted.get(host)!.beginReading();
  const result = await path.commands?.execute('TEST UNIT READY', { cdb: testUnitReady() });
  const isAnswered = typeof result === 'object';
  // A gateway may also be without the disk because its store does not answer.
  const isPresent = isAnswered && !isAbsent(result);
  isMapped.endReading(mapped, path.nexus, isPresent ? true : undefined);
  isAdmitted.get(host)!.endReading(admitted, path.nexus, isAnswered ? true : undefined);
  if (random.below(READS_OF) === 0) {
    const request = { cdb: readCapacity16(), dataInLength: CAPACITY_BYTES };
    await read(blocks, path, request, (data) => Number(data.readBigUInt64BE(0)) + 1);
  }
  if (random.below(READS_OF) === 0) {
    const request = { cdb: inquiry(INQUIRY_BYTES), dataInLength: INQUIRY_BYTES };
    await read(product, path, request, productIn);
  }
}

async function read<Value>(
  value: DocumentValue<Value>,
  path: SimPath,
  request: { readonly cdb: Uint8Array; readonly dataInLength: number },
  valueIn: (data: Buffer) => Value | undefined,
): Promise<void> {
  const reading = value.beginReading();
  const result = await path.commands?.execute('read of a check', request);
  const isGood = typeof result === 'object' && result.status === Status.good;
  value.endReading(reading, path.nexus, isGood ? valueIn(result.dataIn) : undefined);
}

/** Undefined where the LUN has no logical unit (PERIPHERAL QUALIFIER). */
function productIn(data: Buffer): string | undefined {
  return data[0]! >> 5 === 0 ? data.toString('latin1', 16, 32).trimEnd() : undefined;
}

function isAbsent(result: Exclude<NexusResult, string>): boolean {
  return senseOf(result)?.code === LOGICAL_UNIT_NOT_SUPPORTED;
}
