import { Failure } from '../../base/failure.ts';
import { Gateway } from '../../gateway/gateway.ts';
import { runGatewayLives } from '../../gateway/gateway-lives.ts';
import { openStore } from '../../gateway/open-store.ts';
import { type GatewayMessage, PREVIOUS_VARIABLE } from '../../gateway/supervisor-messages.ts';
import { HeapTrim } from '../../host/heap-trim.ts';
import { logOutput } from '../../host/log-output.ts';
import { listen } from '../../host/net-socket.ts';
import { processFacts } from '../../host/process-facts.ts';
import { systemClock } from '../../host/system-clock.ts';
import { systemRandom } from '../../host/system-random.ts';
import type { LogLevel } from '../../log/log-event.ts';
import type { Member } from '../../records/records.ts';
import { type CliCall, ExitCode } from '../command-spec.ts';
import { print, printJson } from '../output.ts';
import { storeOf } from '../store-options.ts';

const STATUS_INTERVAL_MS = 1_000;
/** A gateway that could not start ends after this, whatever still keeps its process. */
const FAILED_WAIT_MAX_MS = 2_000;

export async function runGateway(call: CliCall): Promise<number> {
  const name = String(call.options['name']);
  const level = String(call.options['logLevel']);
  const log = logOutput(level as LogLevel, { gateway: name });
  const environment = { clock: systemClock, random: systemRandom, log };
  // A broken invariant ends the process; Node's own lines about it have no level.
  process.on('uncaughtExceptionMonitor', (error) => {
    log.write('defect', { reason: error.stack ?? error.message });
  });
  // Asked to end before it serves, it ends after its start.
  const end = endOf();
  const heapTrim = new HeapTrim(systemClock);
  try {
    const location = storeOf(call);
    await runGatewayLives({
      name,
      previous: previousOf(name),
      ...environment,
      openStore: () => {
        return openStore({ location, ifAbsent: 'refuse', memberName: name, ...environment });
      },
      start: (life) => Gateway.start({ ...life, listen, processFacts }),
      // No handler runs, no thread is waited for: one of them may be stuck in a write.
      endProcess: () => process.kill(process.pid, 'SIGKILL'),
      onServing: (gateway) => announce(gateway, call.json),
      end,
    });
  } catch (error) {
    heapTrim.close();
    const isReported = error instanceof Failure && process.connected;
    if (isReported) send({ kind: 'failed', code: error.code, message: error.message });
    // An open channel to the demo would keep this process; what was sent arrives before it closes.
    if (process.connected) process.disconnect();
    // The exit code is set by then. The timer is not `ref`ed, so it keeps no process by itself.
    setTimeout(() => process.exit(), FAILED_WAIT_MAX_MS).unref();
    // The demo says it, once.
    if (isReported) return ExitCode.failure;
    throw error;
  }
  // Pending work (a stopped peer, a slow disk) must not delay a requested end.
  process.exit(ExitCode.ok);
}

/** Resolves when the process is asked to end, or the demo that started it is gone. */
function endOf(): Promise<'drain' | 'now'> {
  return new Promise((resolve) => {
    // SIGHUP: its terminal was closed. Node handles that signal also under `nohup`.
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'])
      process.on(signal, () => resolve('drain'));
    if (process.send !== undefined) process.on('disconnect', () => resolve('now'));
  });
}

/** The demo, which this process talks to, has seen the end of the one before. */
function previousOf(name: string): Member | undefined {
  const incarnation = process.env[PREVIOUS_VARIABLE] ?? '';
  return process.send === undefined || incarnation === '' ? undefined : { name, incarnation };
}

/** Of the gateway that serves now: one that was fenced has a successor in this process. */
let statusTimer: NodeJS.Timeout | undefined;

function announce(gateway: Gateway, json: boolean): void {
  const { name, pid, portals } = gateway.status;
  if (process.send === undefined) {
    if (json) printJson({ event: 'ready', name, pid, portals });
    else print(`${name} serves ${portals.join(', ')}`);
    return;
  }
  send({ kind: 'ready', incarnation: gateway.self.incarnation });
  clearInterval(statusTimer);
  statusTimer = setInterval(
    () => send({ kind: 'status', status: gateway.status }),
    STATUS_INTERVAL_MS,
  );
  statusTimer.unref();
}

function send(message: GatewayMessage): void {
  if (process.connected) process.send?.(message, () => {});
}
