import { mustRun } from '../../test/support/run.ts';

const fillLimitMs = 600_000;
/** Writes in flight; the fill itself is not measured. */
const depth = 32;

/**
 * Writes every block of a disk through its target, so that no server gains from holes, and all
 * images are made in the same way; ends with a flush.
 *
 * @param pieceBytes length of each write. It matters: the page cache of ext4 keeps the data of long
 *   writes in large folios, in which a later write of 4 KiB costs any server many times as much.
 */
export async function fillDisk(url: string, sizeBytes: number, pieceBytes: number): Promise<void> {
  const count = String(sizeBytes / pieceBytes);
  const args = ['bench', '-f', 'raw', '-w', '--pattern=165', '-d', String(depth), '-c', count];
  await mustRun('qemu-img', [...args, '-s', String(pieceBytes), url], fillLimitMs);
  await mustRun('qemu-io', ['-f', 'raw', '-c', 'flush', url], fillLimitMs);
}
