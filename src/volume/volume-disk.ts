import { Failure } from '../base/failure.ts';
import type { KnownVolume, VolumeDisk } from './volume.ts';

/** `Failure('volumeOfOtherDisk')` when a volume says that it holds the data of another disk. */
export function checkDisk(name: string, disk: VolumeDisk | undefined, { uuid }: KnownVolume): void {
  if (uuid === undefined || disk === undefined || disk.uuid === uuid) return;
  throw new Failure(
    'volumeOfOtherDisk',
    `the volume ${name} holds the data of another disk, with the uuid ${disk.uuid}`,
    { name, uuid: disk.uuid },
  );
}

/** Decodes the disk that a volume records; undefined for a malformed text. */
export function parseVolumeDisk(value: unknown): VolumeDisk | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { uuid, wwn, serial } = value as Record<string, unknown>;
  if (typeof uuid !== 'string' || typeof wwn !== 'string' || typeof serial !== 'string') {
    return undefined;
  }
  return { uuid, wwn, serial };
}
