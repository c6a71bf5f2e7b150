import { createConnection } from 'node:net';
import type { Clock } from '../../base/clock.ts';
import type { Member } from '../records.ts';
import { encodeFrame, FrameReader } from './notify-frame.ts';

/** Answers of one member to one notification; more end the call. */
const ANSWERS_MAX = 1024;

interface NotifyCall {
  /** Path of the socket of the member that is called. */
  readonly socketPath: string;
  readonly from: Member;
  readonly channel: string;
  readonly message: Uint8Array;
  readonly timeoutMs: number;
  readonly clock: Clock;
  onAnswer(payload: Uint8Array): void;
}

/** Notifies one member. Resolves, within `timeoutMs`, whether all its watchers have answered. */
export function notifyMember(call: NotifyCall): Promise<boolean> {
  return new Promise((resolve) => {
    const reader = new FrameReader();
    const socket = createConnection(call.socketPath);
    const timer = call.clock.after(call.timeoutMs, () => settle(false));
    let answers = 0;
    let settled = false;

    function settle(complete: boolean): void {
      if (settled) return;
      settled = true;
      timer.cancel();
      socket.destroy();
      resolve(complete);
    }

    function take(chunk: Uint8Array): void {
      for (const { kind, head, payload } of reader.push(chunk)) {
        if (settled) return;
        if (kind === 'answer' && answers++ < ANSWERS_MAX) call.onAnswer(payload);
        else settle(kind === 'end' && (head['complete'] === true || head['watched'] === false));
      }
    }

    // A member that dies closes its socket: it is not waited for.
    socket.on('error', () => settle(false));
    socket.on('close', () => settle(false));
    socket.on('connect', () => {
      const { name, incarnation } = call.from;
      const head = { channel: call.channel, name, incarnation };
      socket.write(encodeFrame('notify', head, call.message));
    });
    socket.on('data', (chunk) => {
      try {
        take(chunk);
      } catch {
        settle(false);
      }
    });
  });
}
