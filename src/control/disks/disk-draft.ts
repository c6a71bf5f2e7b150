import { assert } from '../../base/assert.ts';
import { Failure } from '../../base/failure.ts';
import type { DiskDraft } from '../../config/document.ts';
import { parseDocument } from '../../config/parse.ts';
import type { Problem } from '../../config/problem.ts';

/** A disk that a caller asks for. */
interface DiskRequest {
  readonly name: string;
  readonly size: number;
  readonly blockLength?: number | undefined;
  readonly writethrough?: boolean | undefined;
  readonly readOnly?: boolean | undefined;
  readonly dataPool?: string | undefined;
  readonly objectSize?: number | undefined;
}

/** The disk as the document takes it. Throws `diskInvalid`, which names every fault. */
export function draftDisk(request: DiskRequest): DiskDraft {
  const parsed = parseDocument(JSON.stringify({ formatVersion: 1, disks: [request] }));
  if (parsed.ok) {
    const { disks } = parsed.document;
    assert(disks.length === 1 && disks[0]?.name === request.name, 'a draft is the disk asked for');
    return disks[0];
  }
  const problems = parsed.problems.map(problemOfDisk);
  throw new Failure('diskInvalid', problems.join('\n'), { problems });
}

/** `disks[0].size: ...` as `size: ...`: there is one disk. */
function problemOfDisk({ path, message }: Problem): string {
  return `${path.replace(/^.*\./, '')}: ${message}`;
}
