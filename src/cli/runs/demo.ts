import {
  type DemoOptions,
  demoDocument,
  demoGatewayName,
  onKeptStore,
} from '../../../lab/demo/demo-document.ts';
import { demoPlace } from '../../../lab/demo/demo-place.ts';
import { requireFreePorts } from '../../../lab/demo/free-ports.ts';
import { Supervisor } from '../../../lab/demo/supervisor.ts';
import { Failure } from '../../base/failure.ts';
import { portalText } from '../../base/portal-text.ts';
import type { ClusterDocument } from '../../config/document.ts';
import { changeDocument } from '../../control/document/change-document.ts';
import { requireUnserved } from '../../control/require-unserved.ts';
import { describeLocation, type StoreLocation } from '../../gateway/store-location.ts';
import { holdsStore } from '../../records/local/store-folder.ts';
import { type CliCall, ExitCode } from '../command-spec.ts';
import { DemoOutput, type ServedPlace } from '../demo/demo-output.ts';
import { liveLine } from '../live-line.ts';
import { storeWords } from '../store-options.ts';
import { withStore } from '../tool-store.ts';
import { UsageError } from '../usage-error.ts';

export async function runDemo(call: CliCall): Promise<number> {
  const options = optionsOf(call);
  const demo = demoDocument(options);
  if (!demo.ok) throw new UsageError(demo.message);
  const { document: draft } = demo;
  // Before there is anything to leave behind.
  const stop = new StopRequest();
  const output = new DemoOutput(call.json);
  const portals = draft.gateways.flatMap((gateway) => gateway.portals);
  // Before a store is made; but gateways of a demo that was killed may need a moment to end.
  const isKept = await isThere(call.store);
  if (!isKept) await requireFreePorts(portals);
  const place = await demoPlace({ ...placeOf(call, options), onProgress: output.progress });
  try {
    const { location } = place;
    let isNew = false;
    const onNew = (): void => {
      isNew = true;
    };
    const { document } = await withStore(
      { store: location, json: call.json },
      { ifAbsent: 'make', onNew },
      async (context) => {
        // The gateways of another demo would take over this one's document half-way.
        await requireUnserved(context, describeLocation(location));
        if (isKept) await requireFreePorts(portals);
        return await changeDocument(context, (current) => onKeptStore(draft, current));
      },
    );
    if (!stop.isMade) await serve(document, options, { ...place, isNew }, output, stop);
  } finally {
    await place.remove();
  }
  return ExitCode.ok;
}

async function isThere(location: StoreLocation | undefined): Promise<boolean> {
  if (location === undefined) return false;
  return !('dir' in location) || (await holdsStore(location.dir));
}

function placeOf(call: CliCall, { sizeBytes }: DemoOptions) {
  const throwawayCeph = call.options['throwawayCeph'] === true;
  if (throwawayCeph && call.store !== undefined) {
    throw new UsageError('--throwaway-ceph has its own store: leave --store and --ceph out');
  }
  return { asked: call.store, throwawayCeph, osds: Number(call.options['osds']), sizeBytes };
}

function optionsOf({ options }: CliCall): DemoOptions {
  return {
    sizeBytes: Number(options['size']),
    gateways: Number(options['gateways']),
    port: Number(options['port']),
    listen: String(options['listen']),
    blockLength: Number(options['blocks']),
    target: String(options['target']),
  };
}

/** Runs the gateways until the demo is told to end, or one of them cannot start. */
async function serve(
  document: ClusterDocument,
  { target, gateways: count }: DemoOptions,
  place: ServedPlace,
  output: DemoOutput,
  stop: StopRequest,
): Promise<void> {
  const names = Array.from({ length: count }, (_, i) => demoGatewayName(i));
  const portals = names.map((name) => {
    return document.gateways.find((gateway) => gateway.name === name)!.portals[0]!;
  });
  const gateways = names.map((name, i) => {
    const { address, port } = portals[i]!;
    return { name, portal: portalText({ address, port }) };
  });
  const waiting = new Set(names);
  const supervisor = new Supervisor({
    storeWords: storeWords(place.location),
    gateways,
    onServing: (name, pid, portal) => {
      output.gatewayServes(name, pid, portal);
      if (!waiting.delete(name) || waiting.size > 0) return;
      output.ready({ target, portals });
      output.follow(() => supervisor.statuses);
    },
    onEnded: (name, pid, how) => output.gatewayEnded(name, pid, how),
    onLine: (line) => output.log(line),
    onFailure: (code, message) => stop.fail(new Failure(code, message)),
  });
  const killSelf = stop.onRepeated;
  stop.onRepeated = () => supervisor.kill();
  output.introduce(place, target);
  supervisor.start();
  try {
    await stop.made;
  } finally {
    await supervisor.end();
    stop.onRepeated = killSelf;
    liveLine.end();
  }
}

/** The first signal asks for an end in peace; the next one does not wait. */
class StopRequest {
  readonly #made = Promise.withResolvers<void>();
  isMade = false;
  /** Until the gateways run, only this process must end: a cluster may be out of reach. */
  onRepeated: () => void = () => process.kill(process.pid, 'SIGKILL');

  constructor() {
    const make = (): void => {
      if (this.isMade) this.onRepeated();
      this.#make();
    };
    process.on('SIGINT', make);
    process.on('SIGTERM', make);
    process.on('SIGHUP', make);
    // The reader of the output is gone.
    process.stdout.on('error', () => this.#make());
  }

  /** Resolves when an end is asked for; rejects when a gateway cannot start. */
  get made(): Promise<void> {
    return this.#made.promise;
  }

  fail(failure: Failure): void {
    this.#made.reject(failure);
  }

  #make(): void {
    this.isMade = true;
    this.#made.resolve();
  }
}
