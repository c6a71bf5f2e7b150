import { mustRun } from '../../test/support/run.ts';

const fillLimitMs = 600_000;
/** As many writes on their way: the fill is not what is measured. */
const depth = 32;

/**
 * Writes every block of a disk through its target, so that no server gains by a hole and both
 * images came to be in the same way; ends with a flush.
 *
 * @param pieceBytes length of each write. It matters: the page cache of ext4 keeps what came in
 *   long writes in large folios, in which a later write of 4 KiB costs many times as much, whoever
 *   writes it.
 */
export async function fillDisk(url: string, sizeBytes: number, pieceBytes: number): Promise<void> {
  const count = String(sizeBytes / pieceBytes);
  const args = ['bench', '-f', 'raw', '-w', '--pattern=165', '-d', String(depth), '-c', count];
  await mustRun('qemu-img', [...args, '-s', String(pieceBytes), url], fillLimitMs);
  await mustRun('qemu-io', ['-f', 'raw', '-c', 'flush', url], fillLimitMs);
}
