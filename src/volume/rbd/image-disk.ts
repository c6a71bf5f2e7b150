import type { VolumeDisk } from '../volume.ts';
import { parseVolumeDisk } from '../volume-disk.ts';

/** The key of an image's metadata that says whose data it holds: `rbd image-meta ls` shows it. */
export const DISK_METADATA = 'allpath.disk';

/** Clones and copies of an image take its metadata along: the id says which image is meant. */
export function encodeImageDisk({ uuid, wwn, serial }: VolumeDisk, imageId: string): string {
  return JSON.stringify({ uuid, wwn, serial, image: imageId });
}

/** Undefined for a text of another image, or one that is malformed. */
export function decodeImageDisk(text: string, imageId: string): VolumeDisk | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const disk = parseVolumeDisk(value);
  return disk !== undefined && (value as { image?: unknown }).image === imageId ? disk : undefined;
}
