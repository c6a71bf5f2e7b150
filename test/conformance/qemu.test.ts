// Proves with QEMU's initiator that what is written through one gateway is what the other reads:
// a whole file system, and patterns of all sizes, unaligned and at the end of the disk.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Demo } from '../support/demo.ts';
import { mustRun, run } from '../support/run.ts';

const kiB = 1024;
const miB = 1024 * kiB;
const backgroundByte = 0xa5;

test('a file system written through gateway 0 is read through gateway 1', async () => {
  await using folder = await temporaryFolder();
  const image = join(folder.path, 'image');
  const copy = join(folder.path, 'copy');
  const sizeMiB = 64;
  await makeFileSystem(folder.path, image, sizeMiB);
  await using demo = await Demo.start({ gateways: 2, size: `${sizeMiB}M` });
  // Old data everywhere: a zero that is not written through shows.
  await qemuIo(demo.url(1), fill(sizeMiB * miB));
  await mustRun('qemu-img', ['convert', '-n', '-f', 'raw', '-O', 'raw', image, demo.url(0)]);
  await mustRun('qemu-img', ['convert', '-f', 'raw', '-O', 'raw', demo.url(1), copy]);
  assert.ok((await readFile(image)).equals(await readFile(copy)), 'the images differ');
  await mustRun('e2fsck', ['-f', '-n', copy]);
});

for (const blocks of [512, 4096] as const) {
  test(`patterns of 4 KiB to 16 MiB through both gateways, ${blocks} byte blocks`, async () => {
    const sizeBytes = 128 * miB;
    await using demo = await Demo.start({ gateways: 2, size: `${sizeBytes / miB}M`, blocks });
    for (const [writer, reader] of [
      [0, 1],
      [1, 0],
    ] as const) {
      await qemuIo(demo.url(writer), fill(sizeBytes));
      const extents = layOut(sizeBytes);
      const writes = extents.map(
        ({ byte, offset, length }) => `write -P ${byte} ${offset} ${length}`,
      );
      await qemuIo(demo.url(writer), writes);
      // QEMU 7.2 asks for the status of 2 GiB - 512 bytes before it reads an area that it knows
      // nothing of, and then fails its own assertion that this is whole blocks; `map` lets it know.
      const map = blocks > 512 ? ['map'] : [];
      await qemuIo(demo.url(reader), [...map, ...verifications(extents, sizeBytes)]);
    }
  });
}

test('a pattern that differs is noticed', async () => {
  await using folder = await temporaryFolder();
  const file = join(folder.path, 'file');
  await writeFile(file, new Uint8Array(8 * kiB));
  await assert.rejects(qemuIo(file, ['read -P 1 0 4096']), /Pattern verification failed/);
});

interface Extent {
  readonly byte: number;
  readonly offset: number;
  readonly length: number;
}

/** Extents of every length and alignment, apart from each other, the last at the disk's end. */
function layOut(sizeBytes: number): readonly Extent[] {
  const extents: Extent[] = [];
  const gap = 8 * kiB;
  let position = gap;
  const lengths = [4 * kiB, 12 * kiB, 64 * kiB, 256 * kiB, miB, 4 * miB, 16 * miB];
  for (const length of lengths) {
    for (const [shift, extra] of [
      [0, 0],
      [512, 0],
      [3584, 512],
    ] as const) {
      const offset = position + shift;
      extents.push({ byte: 1 + extents.length, offset, length: length + extra });
      position = Math.ceil((offset + length + extra) / gap) * gap + gap;
    }
  }
  const tail = 68 * kiB + 512;
  extents.push({ byte: 0xee, offset: sizeBytes - tail, length: tail });
  assert.ok(position < sizeBytes - tail, 'the disk is too small for the extents');
  return extents;
}

/** Reads of the extents, and of the untouched bytes between them. */
function verifications(extents: readonly Extent[], sizeBytes: number): readonly string[] {
  const reads: string[] = [];
  let position = 0;
  for (const { byte, offset, length } of extents) {
    reads.push(`read -P ${backgroundByte} ${position} ${offset - position}`);
    reads.push(`read -P ${byte} ${offset} ${length}`);
    position = offset + length;
  }
  assert.equal(position, sizeBytes);
  return reads;
}

function fill(sizeBytes: number): readonly string[] {
  const writes: string[] = [];
  for (let offset = 0; offset < sizeBytes; offset += 16 * miB) {
    writes.push(`write -P ${backgroundByte} ${offset} ${Math.min(16 * miB, sizeBytes - offset)}`);
  }
  return writes;
}

/** Runs qemu-io's commands in one process and session; fails on its first complaint. */
async function qemuIo(url: string, commands: readonly string[]): Promise<void> {
  const args = ['-f', 'raw', ...commands.flatMap((command) => ['-c', command]), url];
  const { code, stdout, stderr } = await run('qemu-io', args);
  const done = stdout.match(/^(read|wrote) \d+\/\d+ bytes/gm)?.length ?? 0;
  const wanted = commands.filter((command) => command !== 'map').length;
  const complaint = /^.*(failed|error).*$/im.exec(`${stdout}\n${stderr}`)?.[0];
  if (code !== 0 || complaint !== undefined || done !== wanted) {
    throw new Error(`qemu-io: ${complaint ?? stderr}, ${done} of ${wanted} done`);
  }
}

async function makeFileSystem(folder: string, image: string, sizeMiB: number): Promise<void> {
  const files = join(folder, 'files');
  await mkdir(join(files, 'deep', 'er'), { recursive: true });
  for (let i = 0; i < 40; i += 1) {
    const place = ['.', 'deep', 'deep/er'][i % 3] ?? '.';
    await writeFile(join(files, place, `file-${i}`), randomBytes(1 + ((i * 37_411) % (2 * miB))));
  }
  await mustRun('mke2fs', ['-q', '-t', 'ext4', '-d', files, image, `${sizeMiB}M`]);
}

async function temporaryFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'allpath-qemu-'));
  return {
    path,
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  };
}
