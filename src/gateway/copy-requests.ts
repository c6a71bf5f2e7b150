import { Failure } from '../base/failure.ts';
import { type CopyAnswer, requestGateways } from '../control/gateway-requests.ts';
import type { Records } from '../records/records.ts';
import type { CopyName, CopyReport } from '../scsi/copy/identified-copies.ts';

/** How long other gateways have to say what they know of a copy: its initiator waits for 4 s. */
const ANSWER_MAX_MS = 1_000;

/** What the gateways know of a copy, this one too; undefined if they cannot be asked. */
export async function askForCopy(
  records: Pick<Records, 'notify'>,
  name: CopyName,
): Promise<readonly CopyReport[] | undefined> {
  try {
    const request = { kind: 'copy', ...name } as const;
    const answers = await requestGateways<CopyAnswer>(records, request, ANSWER_MAX_MS);
    return answers.flatMap(({ answer }) => (answer.report === undefined ? [] : reportOf(answer)));
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return undefined;
  }
}

/** The answer to a gateway that asks. */
export function copyAnswer(report: CopyReport | undefined): CopyAnswer {
  if (report === undefined) return {};
  const { sense, token, ...rest } = report;
  return { report: { ...rest, ...hexOf({ sense, token }) } };
}

function reportOf({ report }: CopyAnswer): CopyReport {
  const { sense, token, ...rest } = report as CopyReport & { sense?: string; token?: string };
  return {
    ...rest,
    ...(sense === undefined ? {} : { sense: Buffer.from(sense, 'hex') }),
    ...(token === undefined ? {} : { token: Buffer.from(token, 'hex') }),
  };
}

function hexOf(fields: Readonly<Record<string, Uint8Array | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(fields).flatMap(([name, bytes]) =>
      bytes === undefined ? [] : [[name, Buffer.from(bytes).toString('hex')]],
    ),
  );
}
