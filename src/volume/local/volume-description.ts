import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '../../base/failure.ts';
import type { VolumeDisk } from '../volume.ts';
import { parseVolumeDisk } from '../volume-disk.ts';

/**
 * The description of a volume: `NAME.json` beside its image and its lock file. The size is recorded
 * here, not in the length of the image: a late write of a process that has not yet seen a smaller
 * size makes the image longer, and must not make the volume so.
 */
export interface VolumeDescription {
  readonly format: 1;
  readonly sizeBytes: number;
  /** A block device to use in place of an image. */
  readonly device?: string;
  /** Absent in what an older release made. */
  readonly disk?: VolumeDisk;
}

export const SUFFIX = '.json';

/** The longest name; with its suffix it fits any file system. */
const NAME_PATTERN = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

export function descriptionPath(folder: string, name: string): string {
  if (!NAME_PATTERN.test(name)) {
    throw new Failure('volumeBadName', `${JSON.stringify(name)} is not a valid volume name`, {
      name,
    });
  }
  return join(folder, `${name}${SUFFIX}`);
}

export function imagePath(folder: string, name: string): string {
  return join(folder, `${name}.image`);
}

/** Throws `volumeNotFound` or `volumeDamaged`. */
export async function readDescription(folder: string, name: string): Promise<VolumeDescription> {
  const path = descriptionPath(folder, name);
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    throw new Failure('volumeNotFound', `there is no volume ${name}`, { name });
  });
  let value: Partial<VolumeDescription> = {};
  try {
    value = JSON.parse(text) as Partial<VolumeDescription>;
  } catch {
    // Falls through to the check of its parts.
  }
  const { format, sizeBytes, device } = value;
  if (format !== 1 || !Number.isSafeInteger(sizeBytes) || sizeBytes === undefined) {
    throw new Failure('volumeDamaged', `${path} does not describe a volume`, { name });
  }
  const disk = parseVolumeDisk(value.disk);
  return {
    ...{ format, sizeBytes },
    ...(device === undefined ? {} : { device }),
    ...(disk === undefined ? {} : { disk }),
  };
}

/** Throws `volumeExists` when the name is taken. */
export async function addDescription(
  folder: string,
  name: string,
  description: VolumeDescription,
): Promise<void> {
  await viaTemporary(folder, name, description, async (temporary, path) => {
    // A link fails where the name is taken, which a rename does not.
    await link(temporary, path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
      throw new Failure('volumeExists', `a volume ${name} exists`, { name });
    });
  });
}

export async function replaceDescription(
  folder: string,
  name: string,
  description: VolumeDescription,
): Promise<void> {
  await viaTemporary(folder, name, description, rename);
}

async function viaTemporary(
  folder: string,
  name: string,
  description: VolumeDescription,
  place: (temporary: string, path: string) => Promise<void>,
): Promise<void> {
  const path = descriptionPath(folder, name);
  const temporary = `${path}.${process.pid}.new`;
  try {
    await writeFile(temporary, `${JSON.stringify(description)}\n`, { flush: true, mode: 0o600 });
    await place(temporary, path);
  } catch (error) {
    // The kernel's words of a full file system do not say which one.
    const { syscall, message } = error as NodeJS.ErrnoException;
    if (syscall === undefined) throw error;
    throw new Failure('volumeUnwritable', `cannot write ${path}: ${message}`, { name });
  } finally {
    await rm(temporary, { force: true });
  }
}
