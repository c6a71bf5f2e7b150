import { nativeProtocol } from '../../src/ceph/native-protocol.ts';
import type { NativeImageInfo } from '../../src/ceph/rbd-image-info.ts';
import type { SimClient } from './sim-client.ts';
import type { ObjectWork, SimCluster } from './sim-cluster.ts';

/** The operation that a descriptor and its buffers describe. */
export interface ImageOperation {
  readonly code: number;
  readonly offset: number;
  readonly length: number;
  readonly buffers: readonly Uint8Array[];
}

interface Piece {
  readonly object: string;
  readonly objectOffset: number;
  /** Among the bytes of the operation. */
  readonly at: number;
  readonly length: number;
}

/** Like librbd: an operation on each object, in any order. `done` gets the result of all. */
export function runImageOperation(
  cluster: SimCluster,
  client: SimClient,
  info: NativeImageInfo,
  operation: ImageOperation,
  done: (result: number) => void,
): void {
  const { code, buffers } = operation;
  if (code === nativeProtocol.imageFlush) {
    client.process.clock.endOfTurn(() => done(0));
    return;
  }
  const given = Buffer.concat(buffers);
  const isWhole = code === nativeProtocol.imageRead || code === nativeProtocol.imageWrite;
  const length = isWhole ? given.length : operation.length;
  const pieces = piecesOf(info, operation.offset, length);
  const read = Buffer.alloc(code === nativeProtocol.imageRead ? length : 0);
  let left = pieces.length;
  let result = code === nativeProtocol.imageRead ? length : 0;
  for (const piece of pieces) {
    const work = workOf(cluster, code, piece, given);
    cluster.operate(client, piece.object, work, (reply) => {
      if (typeof reply === 'number') {
        if (reply < 0 && result >= 0) result = reply;
      } else {
        read.set(reply, piece.at);
      }
      if (--left > 0) return;
      if (code === nativeProtocol.imageRead && result >= 0) scatter(read, buffers);
      done(result);
    });
  }
}

function workOf(
  cluster: SimCluster,
  code: number,
  { object, objectOffset, at, length }: Piece,
  given: Buffer,
): ObjectWork<Buffer> {
  switch (code) {
    case nativeProtocol.imageRead:
      return {
        changes: false,
        run: (found) => found?.read(objectOffset, length) ?? Buffer.alloc(length),
      };
    case nativeProtocol.imageWrite: {
      const bytes = Buffer.from(given.subarray(at, at + length));
      return change(() => cluster.changed(object).write(objectOffset, bytes));
    }
    case nativeProtocol.imageWriteSame: {
      const bytes = Buffer.alloc(length);
      for (let i = 0; i < length; i++) bytes[i] = given[(at + i) % given.length]!;
      return change(() => cluster.changed(object).write(objectOffset, bytes));
    }
    case nativeProtocol.imageWriteZeroes:
    case nativeProtocol.imageDiscard:
      return change(() => cluster.changed(object).zero(objectOffset, length));
    default:
      throw new Error(`the model has no image operation ${code}`);
  }
}

function change(apply: () => void): ObjectWork<Buffer> {
  const run = (): number => {
    apply();
    return 0;
  };
  return { changes: true, run };
}

function piecesOf(info: NativeImageInfo, offset: number, length: number): readonly Piece[] {
  const { objectSizeBytes, blockNamePrefix } = info;
  const pieces: Piece[] = [];
  for (let at = 0; at < length; ) {
    const index = Math.floor((offset + at) / objectSizeBytes);
    const objectOffset = (offset + at) % objectSizeBytes;
    const size = Math.min(length - at, objectSizeBytes - objectOffset);
    const object = `${blockNamePrefix}.${index.toString(16).padStart(16, '0')}`;
    pieces.push({ object, objectOffset, at, length: size });
    at += size;
  }
  return pieces;
}

function scatter(bytes: Buffer, into: readonly Uint8Array[]): void {
  let at = 0;
  for (const buffer of into) {
    buffer.set(bytes.subarray(at, at + buffer.length));
    at += buffer.length;
  }
}
