import type { ControlEvent } from '../control/control-context.ts';
import { notice, progressOf } from './output.ts';

/** Says on standard error how far long work is. */
export function eventOutput(json: boolean): (event: ControlEvent) => void {
  let deleted: ((percent: number) => void) | undefined;
  return (event) => {
    if (event.kind === 'deletingData') {
      deleted ??= progressOf(`${event.name}: data deleted`, json);
      deleted(event.percent);
      return;
    }
    const { version } = event;
    const text = `version ${version} of the document is written; waiting for the gateways`;
    notice({ waiting: { version } }, text, json);
  };
}
