import type { Attack } from './attack.ts';
import { commandFloods, mixedFlood } from './command-floods.ts';
import { iscsiAttacks } from './iscsi-attacks.ts';
import { owedDataAttacks } from './owed-data.ts';
import { scsiAttacks } from './scsi-attacks.ts';

/** Every attack, the particular ones first. */
export const attacks: readonly Attack[] = [
  ...iscsiAttacks,
  ...owedDataAttacks,
  ...scsiAttacks,
  mixedFlood,
  ...commandFloods,
];

export function attackNamed(name: string): Attack {
  const attack = attacks.find((each) => each.name === name);
  if (attack === undefined) throw new Error(`there is no attack ${name}`);
  return attack;
}
