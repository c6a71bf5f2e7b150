// Changes of a logical unit as the suite, and the benchmark of their latency, make them.

import { Action, type ReserveOutOptions } from '../support/reserve-out.ts';
import { reserveOut, selectControlPage, senseControlPage } from './commands.ts';
import type { Nexus } from './nexus.ts';

/** Where a bit is in MODE SENSE (6) parameter data of the control page: header, then page. */
const HEADER_LENGTH = 4;
const bits = {
  /** 000b is one task set for all nexuses. */
  tst: { byte: HEADER_LENGTH + 2, mask: 0x20 },
  dSense: { byte: HEADER_LENGTH + 2, mask: 0x04 },
  /** 01b. */
  qerr: { byte: HEADER_LENGTH + 3, mask: 0x02 },
  /** 10b. */
  uaIntlckCtrl: { byte: HEADER_LENGTH + 4, mask: 0x20 },
  swp: { byte: HEADER_LENGTH + 4, mask: 0x08 },
} as const;
type ControlBit = keyof typeof bits;

/** MODE SELECT of the current control page with that bit as it was not before. */
export async function setControlBit(nexus: Nexus, name: ControlBit, isSaved = false) {
  await nexus.must(await controlBitRequest(nexus, name, isSaved));
}

export async function controlBitRequest(nexus: Nexus, name: ControlBit, isSaved = false) {
  const list = await nexus.must(senseControlPage());
  const { byte, mask } = bits[name];
  list[byte]! ^= mask;
  // Reserved in MODE SELECT: MODE DATA LENGTH, the device-specific parameter, PS.
  list.fill(0, 0, HEADER_LENGTH);
  list[HEADER_LENGTH]! &= 0x3f;
  return selectControlPage(list, isSaved);
}

export async function controlBit(nexus: Nexus, name: ControlBit, isSaved = false) {
  const { byte, mask } = bits[name];
  return ((await nexus.must(senseControlPage(isSaved)))[byte]! & mask) !== 0;
}

type RegisterOptions = Pick<ReserveOutOptions, 'allTargetPorts'>;

export async function register(nexus: Nexus, key: number, options: RegisterOptions = {}) {
  await nexus.must(reserveOut(Action.register, { ...options, actionKey: key }));
}
