import { formatBytes } from '../../base/format-bytes.ts';
import type { GatewayStatus } from '../../control/channels.ts';

/** All gateways together. */
interface TrafficSum {
  readonly sessions: number;
  readonly readsPerSecond: number;
  readonly writesPerSecond: number;
  readonly bytesReadPerSecond: number;
  readonly bytesWrittenPerSecond: number;
}

export function sumTraffic(statuses: readonly GatewayStatus[]): TrafficSum {
  const sum = (value: (status: GatewayStatus) => number) =>
    statuses.reduce((total, status) => total + value(status), 0);
  return {
    sessions: sum((status) => status.sessionCount),
    readsPerSecond: sum(({ traffic }) => traffic.readsPerSecond),
    writesPerSecond: sum(({ traffic }) => traffic.writesPerSecond),
    bytesReadPerSecond: sum(({ traffic }) => traffic.bytesReadPerSecond),
    bytesWrittenPerSecond: sum(({ traffic }) => traffic.bytesWrittenPerSecond),
  };
}

export function formatTraffic(sum: TrafficSum): string {
  const reads = `${sum.readsPerSecond} reads/s (${formatBytes(sum.bytesReadPerSecond)}/s)`;
  const writes = `${sum.writesPerSecond} writes/s (${formatBytes(sum.bytesWrittenPerSecond)}/s)`;
  return `${sum.sessions} sessions, ${reads}, ${writes}`;
}
