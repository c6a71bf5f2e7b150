import { measuredRun } from './measured-run.ts';

/** One kind of load, which a row of the table measures. */
export interface Load {
  readonly tool: 'qemu-img' | 'iscsi-perf';
  readonly direction: 'read' | 'write';
  readonly blockBytes: number;
  readonly depth: number;
}

export interface LoadResult {
  readonly commands: number;
  readonly seconds: number;
  readonly clientCpuUs: number;
}

/** iscsi-perf counts in blocks of the target, which the benchmark leaves at 512 bytes. */
const logicalBlockBytes = 512;
const strideBytes = 4 * 1024 ** 2;
/** qemu-img reports milliseconds: fewer commands than this may take none. */
const qemuImgCommandsMin = 100;

/**
 * Puts about `commands` commands of this load on a target.
 *
 * @param commandsPerSecond the expected rate; iscsi-perf takes a time, not a count.
 */
export function putLoad(
  url: string,
  load: Load,
  commands: number,
  commandsPerSecond: number,
): Promise<LoadResult> {
  return load.tool === 'qemu-img'
    ? runQemuImg(url, load, commands)
    : runIscsiPerf(url, load, Math.max(1, Math.round(commands / commandsPerSecond)));
}

async function runQemuImg(url: string, load: Load, wanted: number): Promise<LoadResult> {
  const commands = Math.max(wanted, qemuImgCommandsMin);
  const { blockBytes, depth, direction } = load;
  // The step keeps offsets multiples of the block, so that no request crosses the disk's end.
  const args = ['bench', '-f', 'raw', '-c', String(commands), '-d', String(depth)];
  args.push('-s', String(blockBytes), '-S', String(strideBytes + blockBytes));
  if (direction === 'write') args.push('-w', '--pattern=90');
  const { stdout, cpuUs } = await measuredRun('qemu-img', [...args, url]);
  const seconds = Number(/Run completed in ([\d.]+) seconds/.exec(stdout)?.[1]);
  if (!(seconds > 0)) throw new Error(`qemu-img bench said no time: ${stdout}`);
  return { commands, seconds, clientCpuUs: cpuUs };
}

async function runIscsiPerf(url: string, load: Load, seconds: number): Promise<LoadResult> {
  if (load.direction === 'write') throw new Error('iscsi-perf only reads');
  const blocks = String(load.blockBytes / logicalBlockBytes);
  const args = ['-m', String(load.depth), '-b', blocks, '-r', '-t', String(seconds), url];
  const { stdout, cpuUs } = await measuredRun('iscsi-perf', args);
  const rates = [...stdout.matchAll(/iops average (\d+)/g)];
  const rate = Number(rates.at(-1)?.[1]);
  if (!(rate > 0)) throw new Error(`iscsi-perf said no rate: ${stdout}`);
  return { commands: rate * seconds, seconds, clientCpuUs: cpuUs };
}
