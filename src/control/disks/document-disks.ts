import { didYouMean } from '../../base/closest-name.ts';
import { Failure } from '../../base/failure.ts';
import type { DocumentDraft } from '../../config/document.ts';

type Disks<T extends DocumentDraft> = T['disks'][number];

/** A disk of a document. Throws `diskNotFound`. */
export function requireDisk<T extends DocumentDraft>(
  document: T | undefined,
  name: string,
): Disks<T> {
  const disks: readonly Disks<T>[] = document?.disks ?? [];
  const disk = disks.find((each) => each.name === name);
  if (disk !== undefined) return disk;
  const names = disks.map((each) => each.name);
  throw diskNotFound(name, names);
}

/** Throws `diskExists` if the document has a disk of this name. */
export function requireFreeName({ disks }: DocumentDraft, name: string): void {
  if (!disks.some((disk) => disk.name === name)) return;
  throw new Failure('diskExists', `disk ${name} exists already`);
}

export function diskNotFound(name: string, names: readonly string[]): Failure<'diskNotFound'> {
  return new Failure('diskNotFound', `there is no disk ${name}${didYouMean(name, names)}`, {
    name,
  });
}
