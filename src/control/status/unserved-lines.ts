import type { UnservedBy } from '../document/await-switch.ts';

/** A line for each disk and reason: mostly no gateway can serve it, all for one reason. */
export function unservedLines(unserved: readonly UnservedBy[]): readonly string[] {
  const names = new Map<string, { disk: string; reason: string; gateways: string[] }>();
  for (const { gateway, disks } of unserved) {
    for (const { disk, reason } of disks) {
      const key = JSON.stringify([disk, reason]);
      const known = names.get(key) ?? { disk, reason, gateways: [] };
      known.gateways.push(gateway);
      names.set(key, known);
    }
  }
  const lines = [...names.values()].map(({ disk, reason, gateways }) => {
    const isLong = reason.includes('\n');
    return `disk ${disk}: not served by ${gateways.join(', ')}:${isLong ? '\n' : ' '}${reason}`;
  });
  const more = unserved.flatMap(({ gateway, count, disks }) => {
    const left = count - disks.length;
    return left === 0 ? [] : [`${gateway} does not serve ${left} more disks`];
  });
  return [...lines, ...more];
}
