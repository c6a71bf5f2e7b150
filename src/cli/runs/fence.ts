import { fenceGateway } from '../../control/fence-gateway.ts';
import { type CliCall, ExitCode } from '../command-spec.ts';
import { print, printJson } from '../output.ts';
import { withStore } from '../tool-store.ts';

export async function runFence(call: CliCall): Promise<number> {
  const name = String(call.arguments[0]);
  return await withStore(call, { ifAbsent: 'refuse', reads: true }, async (context) => {
    const { by } = await fenceGateway(context, name);
    if (call.json) printJson({ fenced: name, by });
    else print(`${name} is fenced, by ${by}`);
    return ExitCode.ok;
  });
}
