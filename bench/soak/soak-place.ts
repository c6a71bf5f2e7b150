import { demoAt, type PlacedDemo } from '../../test/support/demo-place.ts';
import type { SoakCommand } from './soak-command.ts';

/** The options of every soak that choose the store of its gateways. */
export const placeNumbers: SoakCommand['numbers'] = {
  gateways: [2, 'gateway processes'],
  osds: [0, 'OSDs of a throwaway Ceph to store in (0: the embedded store)'],
};

export async function soakPlace(numbers: Readonly<Record<string, number>>): Promise<PlacedDemo> {
  return await demoAt(numbers['osds'] ?? 0, { gateways: numbers['gateways'] ?? 2 });
}
