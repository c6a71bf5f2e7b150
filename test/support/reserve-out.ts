// PERSISTENT RESERVE OUT as initiators send it.

export const Action = {
  register: 0,
  reserve: 1,
  release: 2,
  clear: 3,
  preempt: 4,
  preemptAndAbort: 5,
  registerAndIgnore: 6,
  registerAndMove: 7,
} as const;

export interface ReserveOutOptions {
  readonly key?: number;
  readonly actionKey?: number;
  readonly type?: number;
  readonly aptpl?: boolean;
  readonly allTargetPorts?: boolean;
  /** SPEC_I_PT. */
  readonly transportIds?: readonly Uint8Array[];
}

/** The CDB of a list of so many bytes. */
export function reserveOutCdb(action: number, type: number, length: number): number[] {
  return [0x5f, action, type, 0, 0, 0, 0, length >> 8, length & 0xff, 0];
}

export function reserveOutList(options: ReserveOutOptions): Buffer {
  const { key = 0, actionKey = 0, transportIds } = options;
  const list = Buffer.alloc(24);
  list.writeBigUInt64BE(BigInt(key), 0);
  list.writeBigUInt64BE(BigInt(actionKey), 8);
  list[20] =
    (transportIds === undefined ? 0 : 0x08) |
    (options.allTargetPorts === true ? 0x04 : 0) |
    (options.aptpl === true ? 0x01 : 0);
  if (transportIds === undefined) return list;
  const ids = Buffer.concat(transportIds);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(ids.length);
  return Buffer.concat([list, length, ids]);
}

export interface MoveOptions {
  readonly key: number;
  readonly actionKey: number;
  readonly targetPort: number;
  readonly transportId: Uint8Array;
  readonly unregisters?: boolean;
}

export function moveList({
  key,
  actionKey,
  targetPort,
  transportId,
  ...rest
}: MoveOptions): Buffer {
  const list = Buffer.alloc(24);
  list.writeBigUInt64BE(BigInt(key), 0);
  list.writeBigUInt64BE(BigInt(actionKey), 8);
  list[17] = rest.unregisters === true ? 0x02 : 0;
  list.writeUInt16BE(targetPort, 18);
  list.writeUInt32BE(transportId.length, 20);
  return Buffer.concat([list, transportId]);
}
