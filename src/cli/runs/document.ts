import { createReadStream } from 'node:fs';
import { stringify } from 'yaml';
import { Failure } from '../../base/failure.ts';
import { systemReason } from '../../base/system-reason.ts';
import { withoutVolumeIds } from '../../config/disk-identity.ts';
import type { ClusterDocument, DocumentDraft } from '../../config/document.ts';
import { DOCUMENT_LENGTH_MAX_BYTES } from '../../config/limits.ts';
import { parseDocument } from '../../config/parse.ts';
import { formatProblem, type Problem } from '../../config/problem.ts';
import { redactSecrets } from '../../config/redact.ts';
import { formatSize } from '../../config/size.ts';
import { applyDocument, planDocument } from '../../control/document/apply.ts';
import { readDocument } from '../../control/document/document-record.ts';
import { unservedLines } from '../../control/status/unserved-lines.ts';
import { type CliCall, ExitCode } from '../command-spec.ts';
import { print, printJson } from '../output.ts';
import { withStore } from '../tool-store.ts';

/** Of a file that is no document every line is wrong. */
const PROBLEMS_SHOWN_MAX = 20;

export async function runApply(call: CliCall): Promise<number> {
  const file = String(call.arguments[0]);
  const parsed = parseDocument(await readBytes(file));
  if (!parsed.ok) return refuse(parsed.problems, file, call.json);
  const based = call.options['force'] === true ? unbased(parsed.document) : parsed.document;
  const draft = call.options['otherStore'] === true ? withoutVolumeIds(based) : based;
  const isDryRun = call.options['dryRun'] === true;
  const ifAbsent = isDryRun ? 'empty' : 'make';
  return await withStore(call, { ifAbsent, reads: isDryRun }, async (_, context) => {
    if (isDryRun) {
      const { diff } = await planDocument(context, () => draft);
      const { changes, refusals } = diff;
      if (call.json) printJson({ changes, refusals });
      else {
        const lines = [...changes, ...refusals.map((text) => `refused: ${text}`)];
        print(lines.length === 0 ? 'nothing would change' : lines.join('\n'));
      }
      return refusals.length === 0 ? ExitCode.ok : ExitCode.failure;
    }
    const applied = await applyDocument(context, () => draft);
    const { version, diff, gateways, unserved } = applied;
    if (call.json) printJson({ version, changes: diff.changes, gateways, unserved });
    else {
      for (const change of diff.changes) print(change);
      const served = gateways.length === 0 ? 'no gateway runs' : `served by ${gateways.join(', ')}`;
      print(`version ${version}: ${served}`);
      for (const line of unservedLines(unserved)) print(line);
      const { basedOn = version } = draft;
      if (basedOn !== version) {
        print(`before the next change: write "basedOn: ${version}" into ${file}, or get it again`);
      }
    }
    return unserved.length === 0 ? ExitCode.ok : ExitCode.failure;
  });
}

/** It replaces whatever version there is. */
function unbased({ basedOn: _basedOn, ...draft }: DocumentDraft): DocumentDraft {
  return draft;
}

function refuse(problems: readonly Problem[], file: string, json: boolean): number {
  if (json) {
    const message = `${problems.length} problems`;
    const error = { code: 'documentInvalid', message, data: { file, problems } };
    process.stderr.write(`${JSON.stringify({ error })}\n`);
  } else {
    const shown = problems.slice(0, PROBLEMS_SHOWN_MAX);
    const lines = shown.map((problem) => formatProblem(problem, file));
    if (shown.length < problems.length) {
      lines.push(`${file}: and more: correct these first, or list all with --json`);
    }
    process.stderr.write(`${lines.join('\n')}\n`);
  }
  return ExitCode.usage;
}

async function readBytes(file: string): Promise<Uint8Array> {
  try {
    return await readBounded(file === '-' ? process.stdin : createReadStream(file));
  } catch (cause) {
    const message = `cannot read the document ${file}: ${systemReason(cause)}`;
    throw new Failure('fileUnreadable', message, { file }, { cause });
  }
}

/** One byte more than is allowed is enough to refuse it. */
async function readBounded(stream: NodeJS.ReadableStream): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of stream) {
    chunks.push(Buffer.from(chunk));
    length += chunk.length;
    if (length > DOCUMENT_LENGTH_MAX_BYTES) break;
  }
  return Buffer.concat(chunks);
}

export async function runGet(call: CliCall): Promise<number> {
  return await withStore(call, { ifAbsent: 'refuse', reads: true }, async (store) => {
    const current = await readDocument(store.records);
    if (current === undefined) {
      throw new Failure('documentMissing', 'the store has no document yet: use "allpath apply"');
    }
    const withSecrets = call.options['secrets'] === true;
    const { formatVersion, ...rest } = withSecrets
      ? current.document
      : redactSecrets(current.document);
    const document = { formatVersion, basedOn: current.version, ...rest };
    if (call.json) printJson(document);
    else process.stdout.write(stringify(readable(document)));
    return ExitCode.ok;
  });
}

/** Sizes as people write them; `apply` reads either form. */
function readable(document: ClusterDocument): object {
  const disks = document.disks.map((disk) => ({ ...disk, size: formatSize(disk.size) }));
  return { ...document, disks };
}
