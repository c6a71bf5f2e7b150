import { Failure } from '../base/failure.ts';
import type { Disk, DiskDraft, DocumentDraft } from '../config/document.ts';
import { parseDocument } from '../config/parse.ts';
import type { Problem } from '../config/problem.ts';
import { type ApplyContext, applyDocument } from '../control/document/apply.ts';
import { UsageError } from './usage-error.ts';

/** A disk as a command asks for it, and the document that it comes into when there is none. */
export interface AskedDisk {
  readonly disk: DiskDraft;
  readonly empty: DocumentDraft;
}

/** Judged by the document's own rules; throws a `UsageError` that names every fault. */
export function diskDraft(asked: Readonly<Record<string, unknown>>): AskedDisk {
  const parsed = parseDocument(JSON.stringify({ formatVersion: 1, disks: [asked] }));
  if (!parsed.ok) throw new UsageError(parsed.problems.map(inWords).join('\n'));
  return { disk: parsed.document.disks[0]!, empty: { ...parsed.document, disks: [] } };
}

/** Writes it into the document; resolves with what became of it there. */
export async function addDisk(context: ApplyContext, { disk, empty }: AskedDisk): Promise<Disk> {
  const { document } = await applyDocument(context, (latest) => {
    const current = latest ?? empty;
    if (current.disks.some((known) => known.name === disk.name)) {
      throw new Failure('diskExists', `there is a disk ${disk.name} already`);
    }
    return { ...current, disks: [...current.disks, disk] };
  });
  return document.disks.find((each) => each.name === disk.name)!;
}

/** `disks[0].size: ...` as `size: ...`: there is one disk. */
function inWords({ path, message }: Problem): string {
  return `${path.replace(/^.*\./, '')}: ${message}`;
}
