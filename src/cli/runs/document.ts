import { createReadStream } from 'node:fs';
import { stringify } from 'yaml';
import { Failure } from '../../base/failure.ts';
import { systemReason } from '../../base/system-reason.ts';
import { DOCUMENT_LENGTH_MAX_BYTES } from '../../config/limits.ts';
import { parseDocument } from '../../config/parse.ts';
import { formatProblem, type Problem } from '../../config/problem.ts';
import { formatSize } from '../../config/size.ts';
import {
  applyDocument,
  type DocumentDifference,
  diffDocument,
} from '../../control/document/apply-document.ts';
import type { ChangedDocument } from '../../control/document/change-document.ts';
import { type BasedDocument, getDocument } from '../../control/document/get-document.ts';
import { unservedLines } from '../../control/status/unserved-lines.ts';
import { type CliCall, ExitCode } from '../command-spec.ts';
import { print, printJson } from '../output.ts';
import { withStore } from '../tool-store.ts';

/** In a file that is not a document, every line is wrong. */
const PROBLEMS_SHOWN_MAX = 20;

export async function runApply(call: CliCall): Promise<number> {
  const file = String(call.arguments[0]);
  const parsed = parseDocument(await readBytes(file));
  if (!parsed.ok) return refuse(parsed.problems, file, call.json);
  const request = {
    document: parsed.document,
    force: call.options['force'] === true,
    otherStore: call.options['otherStore'] === true,
  };
  if (call.options['dryRun'] === true) {
    return await withStore(call, { ifAbsent: 'empty', reads: true }, async (context) => {
      return printDifference(await diffDocument(context, request), call.json);
    });
  }
  return await withStore(call, { ifAbsent: 'make' }, async (context) => {
    const applied = await applyDocument(context, request);
    if (call.json) printJson(appliedValue(applied));
    else printApplied(applied, request.force ? undefined : parsed.document.basedOn, file);
    return applied.unserved.length === 0 ? ExitCode.ok : ExitCode.failure;
  });
}

function printDifference({ changes, refusals }: DocumentDifference, json: boolean): number {
  const lines = [...changes, ...refusals.map((text) => `refused: ${text}`)];
  if (json) printJson({ changes, refusals });
  else print(lines.length === 0 ? 'nothing would change' : lines.join('\n'));
  return refusals.length === 0 ? ExitCode.ok : ExitCode.failure;
}

function appliedValue({ version, diff, gateways, unserved }: ChangedDocument): object {
  return { version, changes: diff.changes, gateways, unserved };
}

/** `basedOn`: the version that the file says it was made from. */
function printApplied(
  { version, diff, gateways, unserved }: ChangedDocument,
  basedOn: number | undefined,
  file: string,
): void {
  for (const change of diff.changes) print(change);
  const served = gateways.length === 0 ? 'no gateway runs' : `served by ${gateways.join(', ')}`;
  print(`version ${version}: ${served}`);
  for (const line of unservedLines(unserved)) print(line);
  if (basedOn === undefined || basedOn === version) return;
  print(`before the next change: write "basedOn: ${version}" into ${file}, or get it again`);
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
  const withSecrets = call.options['secrets'] === true;
  return await withStore(call, { ifAbsent: 'refuse', reads: true }, async (context) => {
    const document = await getDocument(context, { withSecrets });
    if (call.json) printJson(document);
    else process.stdout.write(stringify(readable(document)));
    return ExitCode.ok;
  });
}

/** Sizes as people write them; `apply` reads either form. */
function readable(document: BasedDocument): object {
  const disks = document.disks.map((disk) => ({ ...disk, size: formatSize(disk.size) }));
  return { ...document, disks };
}
