import type { DemoPlace } from '../../../lab/demo/demo-place.ts';
import { portalText } from '../../base/portal-text.ts';
import type { GatewayStatus } from '../../control/channels.ts';
import { describeLocation } from '../../gateway/store-location.ts';
import { liveLine } from '../live-line.ts';
import { print, printError, printJson } from '../output.ts';
import { type AdviceOptions, initiatorAdvice } from './initiator-advice.ts';
import { formatTraffic, sumTraffic } from './traffic-line.ts';

const TERMINAL_INTERVAL_MS = 1_000;
const PLAIN_INTERVAL_MS = 10_000;

/** A place that is served, and whether its store was made for this demo. */
export type ServedPlace = Omit<DemoPlace, 'remove'> & { readonly isNew: boolean };

/** The output of the demo, for people or (one JSON value per line) for programs. */
export class DemoOutput {
  readonly #json: boolean;
  readonly #rewrites: boolean;
  #lastTraffic = '';

  constructor(json: boolean) {
    this.#json = json;
    this.#rewrites = !json && process.stdout.isTTY === true;
  }

  /** A step that takes a while before there is anything to show. */
  readonly progress = (text: string): void => {
    if (this.#json) printJson({ event: 'progress', text });
    else print(text);
  };

  introduce({ location, isTemporary, isNew }: ServedPlace, target: string): void {
    if (this.#json) {
      const where = 'dir' in location ? { path: location.dir } : { ceph: location.ceph };
      printJson({ event: 'store', ...where, temporary: isTemporary, new: isNew });
      return;
    }
    const kept = isTemporary ? ' (temporary)' : isNew ? ' (new)' : '';
    print(`store ${describeLocation(location)}${kept}\ntarget ${target}, LUN 0`);
  }

  gatewayServes(name: string, pid: number, portal: string): void {
    if (this.#json) printJson({ event: 'gateway', name, pid, portal });
    else print(`${name} (process ${pid}) serves ${portal}`);
  }

  gatewayEnded(name: string, pid: number, how: string): void {
    if (this.#json) printJson({ event: 'ended', name, pid, how });
    else print(`${name} (process ${pid}) ended (${how}); it is restarted`);
  }

  /** A line of a gateway's log. */
  log(line: string): void {
    printError(line);
  }

  ready(advice: AdviceOptions): void {
    const { target, portals } = advice;
    if (this.#json) printJson({ event: 'ready', target, portals: portals.map(portalText) });
    else print(`\n${initiatorAdvice(advice)}\n`);
    // Alone on its line in either form, because programs wait for it.
    print('ready');
  }

  /** Shows traffic until the process ends. */
  follow(statuses: () => readonly GatewayStatus[]): void {
    const show = (): void => {
      const sum = sumTraffic(statuses());
      const text = formatTraffic(sum);
      if (this.#rewrites) liveLine.show(process.stdout, text);
      else if (text !== this.#lastTraffic) {
        if (this.#json) printJson({ event: 'traffic', ...sum });
        else print(text);
      }
      this.#lastTraffic = text;
    };
    setInterval(show, this.#rewrites ? TERMINAL_INTERVAL_MS : PLAIN_INTERVAL_MS).unref();
  }
}
