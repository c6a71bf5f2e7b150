import { type CawResult, cawRatioMax } from './caw-comparison.ts';
import { type DepthResult, depthRatioMin } from './deep-queues.ts';
import type { EventRowResult } from './event-latency.ts';
import type { MemoryResult } from './memory.ts';
import type { RbdRowResult } from './rbd-comparison.ts';
import type { RowResult } from './tgt-comparison.ts';
import type { TreeRowResult } from './tree-comparison.ts';

const miB = 1024 ** 2;

/** The comparison as a table for people. */
export function comparisonTable(results: readonly RowResult[]): string {
  const head = [
    ['', 'IOPS', 'IOPS', 'IOPS', 'at', 'CPU us', 'CPU us', 'CPU', 'at', 'client CPU us', ''],
    ['', 'tgt', 'allpath', 'ratio', 'least', 'tgt', 'allpath', 'ratio', 'most', 'of both', ''],
  ];
  const rows = results.map((result) => [
    result.label,
    result.tgt.iops.toFixed(0),
    result.allpath.iops.toFixed(0),
    result.iopsRatio.toFixed(2),
    result.iopsRatioMin.toFixed(1),
    result.tgt.serverCpuUs.toFixed(1),
    result.allpath.serverCpuUs.toFixed(1),
    result.cpuRatio.toFixed(2),
    result.cpuRatioMax.toFixed(1),
    `${result.tgt.clientCpuUs.toFixed(1)} / ${result.allpath.clientCpuUs.toFixed(1)}`,
    result.reached ? '' : 'missed',
  ]);
  return table([...head, ...rows]);
}

/** This tree compared with another. */
export function treeTable(results: readonly TreeRowResult[]): string {
  const head = [
    ['', 'IOPS', 'IOPS', 'IOPS', 'CPU us', 'CPU us', 'CPU'],
    ['', 'before', 'now', 'ratio', 'before', 'now', 'ratio'],
  ];
  const rows = results.map(({ label, before, now, iopsRatio, cpuRatio }) => [
    label,
    before.iops.toFixed(0),
    now.iops.toFixed(0),
    iopsRatio.toFixed(2),
    before.serverCpuUs.toFixed(1),
    now.serverCpuUs.toFixed(1),
    cpuRatio.toFixed(2),
  ]);
  return table([...head, ...rows]);
}

/** Allpath compared with raw librbd and tgt-rbd, followed by the CPU of each. */
export function rbdTable(results: readonly RbdRowResult[]): string {
  const head = [
    ['', 'IOPS', 'IOPS', 'IOPS', 'to', 'at', 'to', 'at', 'CPU us', 'CPU us', 'CPU', 'at', ''],
    ['', 'librbd', 'tgt', 'allpath', 'tgt', 'least', 'raw', 'least', 'tgt', 'allpath', 'ratio'],
  ];
  head[1]?.push('most', '');
  const floor = (ratio: number) => (ratio > 0 ? ratio.toFixed(1) : '-');
  const rows = results.map(({ raw, tgt, allpath, floors, ...result }) => [
    result.label,
    raw.iops.toFixed(0),
    tgt.iops.toFixed(0),
    allpath.iops.toFixed(0),
    result.tgtRatio.toFixed(2),
    floor(floors.tgtRatioMin),
    result.rawRatio.toFixed(2),
    floor(floors.rawRatioMin),
    tgt.serverCpuUs.toFixed(1),
    allpath.serverCpuUs.toFixed(1),
    result.cpuRatio.toFixed(2),
    floors.cpuRatioMax.toFixed(1),
    result.reached ? '' : 'missed',
  ]);
  return `${table([...head, ...rows])}\n\n${rbdCpuTable(results)}`;
}

/** CPU of all three sides of a command, which bounds the rate on a busy machine. */
function rbdCpuTable(results: readonly RbdRowResult[]): string {
  const head = [
    ['CPU us a command', 'librbd', '', 'tgt', '', '', 'allpath', '', ''],
    ['', 'client', 'OSD', 'client', 'server', 'OSD', 'client', 'server', 'OSD'],
  ];
  const rows = results.map(({ label, raw, tgt, allpath }) => {
    const [first, ...others] = [raw, tgt, allpath].map((figures) => [
      figures.clientCpuUs,
      figures.serverCpuUs,
      figures.behindCpuUs,
    ]);
    const all = [first?.[0] ?? 0, first?.[2] ?? 0, ...others.flat()];
    return [label, ...all.map((us) => us.toFixed(1))];
  });
  return table([...head, ...rows]);
}

/** COMPARE AND WRITE compared with librbd's own. */
export function cawTable({ subjects, ratio, reached }: CawResult): string {
  const rows = subjects.map(({ name, calls, p50Us, p99Us }) => [
    name,
    String(calls),
    p50Us.toFixed(0),
    p99Us.toFixed(0),
  ]);
  const verdict = `ratio of the medians ${ratio.toFixed(2)}, at most ${cawRatioMax.toFixed(1)}`;
  const text = table([['', 'calls', 'p50 us', 'p99 us'], ...rows]);
  return `${text}\n${verdict}${reached ? '' : '  missed'}`;
}

/** Deep queues, each compared with the one of depth 32 in the same turns. */
export function depthTable(results: readonly DepthResult[]): string {
  const rows = results.map(({ label, iops, ratio, errors }) => [
    label,
    iops.toFixed(0),
    ratio.toFixed(2),
    String(errors.length),
    errors.length > 0 || ratio < depthRatioMin ? 'missed' : '',
  ]);
  const failures = results.flatMap(({ label, errors }) =>
    errors.map((each) => `${label}: ${each}`),
  );
  const head = ['', 'IOPS', 'to depth 32', 'errors', `at least ${depthRatioMin}, no errors`];
  return [table([head, ...rows]), ...failures].join('\n');
}

/** How long changes of a logical unit take. */
export function eventTable(results: readonly EventRowResult[]): string {
  const rows = results.map(({ label, events, p50Ms, p99Ms, limitMs, reached }) => [
    label,
    String(events),
    p50Ms.toFixed(1),
    p99Ms.toFixed(1),
    limitMs.toFixed(1),
    reached ? '' : 'missed',
  ]);
  return table([['', 'events', 'p50 ms', 'p99 ms', 'p50 at most', ''], ...rows]);
}

export function memoryTable(result: MemoryResult): string {
  const size = (bytes: number) => `${(bytes / miB).toFixed(1)} MiB`;
  const rows = [
    ['idle gateway', size(result.idleBytes), 'under 114 MiB (120 MB)'],
    ['1 session, depth 128', size(result.oneSessionBytes), ''],
    ['17 sessions, depth 128', size(result.manySessionsBytes), ''],
    ['per session', size(result.perSessionBytes), 'under 2 MiB'],
  ];
  if (result.growthBytes !== undefined) {
    rows.push(['growth since minute 2', size(result.growthBytes), 'at most 5 MiB']);
  }
  return table(rows);
}

/** Columns as wide as their widest cell; the first is left-aligned, the others right-aligned. */
export function table(rows: readonly (readonly string[])[]): string {
  const columns = Math.max(...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  const lines = rows.map((row) =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return column === 0 ? cell.padEnd(width) : cell.padStart(width);
      })
      .join('  ')
      .trimEnd(),
  );
  return lines.join('\n');
}
