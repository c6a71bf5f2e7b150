import { changeUserCommand, clientCaps, createUserCommand } from '../../ceph/client-caps.ts';
import { type CliCall, ExitCode } from '../command-spec.ts';
import { print, printJson } from '../output.ts';
import { userOf } from '../store-options.ts';
import { UsageError } from '../usage-error.ts';

export async function runCephCaps(call: CliCall): Promise<number> {
  const { options } = call;
  if (options['pool'] === undefined) throw new UsageError('"ceph caps" needs --pool <pool>');
  const user = userOf(options);
  const caps = clientCaps({
    pool: String(options['pool']),
    namespace: String(options['namespace'] ?? ''),
    dataPools: (options['dataPools'] as readonly string[] | undefined) ?? [],
  });
  const isThere = options['existing'] === true;
  const command = isThere ? changeUserCommand(user, caps) : createUserCommand(user, caps);
  if (call.json) printJson({ entity: `client.${user}`, caps, command });
  else print(command);
  return ExitCode.ok;
}
