/** Something that establishes a unit attention condition at nexuses of a logical unit. */
export interface AttentionEvent {
  readonly name: string;
  /** ADDITIONAL SENSE CODE and qualifier; any of these is accepted. */
  readonly codes: readonly number[];
  /** When it was requested. */
  readonly beginMs: number;
  /** When it was answered, and so is established; Infinity: unknown. */
  endMs: number;
  /** It has happened. Otherwise it may have happened, and is not due. */
  isCertain: boolean;
  belongsTo(nexus: string): boolean;
}

/**
 * How a command ended: the code of the unit attention that it reported; `none`: it would have
 * reported a pending one; `exempt`: it need not; `absent`: this gateway does not serve the
 * logical unit, so nothing of it is pending; `unknown`: no answer came.
 */
export type AttentionReport = number | 'none' | 'exempt' | 'absent' | 'unknown';

export interface NexusCommand {
  readonly name: string;
  readonly sentMs: number;
  /** Infinity: no answer came. */
  endMs: number;
  report: AttentionReport;
}

export interface WrongAttention {
  readonly what: string;
  /** The index of the command that shows it. */
  readonly at: number;
  readonly codes: readonly number[];
}

/** POWER ON, RESET, OR BUS DEVICE RESET OCCURRED: to this nexus the logical unit is a new one. */
const POWER_ON = 0x2900;

interface Session {
  readonly nexus: string;
  readonly loginSentMs: number;
  readonly openedMs: number;
  readonly commands: readonly NexusCommand[];
}

/** An event as a session may see it: established before the command `low`, or later; by `high`. */
interface Window {
  readonly event: AttentionEvent;
  readonly low: number;
  readonly high: number;
  isDue: boolean;
  isUsable: boolean;
}

/**
 * The first error in the unit attentions of a session; undefined if there is none. The commands are
 * in the order in which they were sent, which is the order in which the target admits them. The
 * next admitted command reports a pending condition. So an event that was answered before a command
 * was sent is reported by that command, unless other conditions are pending before it. Each is
 * reported once, and several of one code may be reported as one.
 */
export function findWrongAttention(
  session: Session,
  events: readonly AttentionEvent[],
): WrongAttention | undefined {
  const { commands } = session;
  const windows = windowsOf(session, events);
  for (const [at, { report }] of commands.entries()) {
    if (typeof report === 'number') {
      if (!take(windows, at, report)) {
        return { what: `attention ${report.toString(16)} is not due`, at, codes: [report] };
      }
      if (report === POWER_ON) waive(windows, at);
      continue;
    }
    if (report === 'absent') {
      waive(windows, at);
    }
    if (report !== 'none') continue;
    const missing = windows.find(({ isDue, high }) => isDue && high <= at);
    if (missing === undefined) continue;
    const { name, codes } = missing.event;
    return { what: `${name} is due, and not told`, at, codes };
  }
  return undefined;
}

/** Whether the report of that command is due to an event; the events that it may cover are over. */
function take(windows: readonly Window[], at: number, code: number): boolean {
  const possible = windows.filter(({ event, low, isUsable }) => {
    return isUsable && low <= at && event.codes.includes(code);
  });
  const pending = possible.filter(({ isDue, high }) => isDue && high <= at);
  if (pending.length > 0) {
    for (const window of pending) over(window);
  } else {
    const first = possible.sort((a, b) => a.high - b.high)[0];
    if (first === undefined) return false;
    over(first);
  }
  // All that were established by now may be part of this report; which ones is unknown.
  for (const window of possible) window.isDue = false;
  return true;
}

/** What was established by then may be lost with what it was established at. */
function waive(windows: readonly Window[], at: number): void {
  for (const window of windows) window.isDue &&= window.low > at;
}

function over(window: Window): void {
  window.isDue = false;
  window.isUsable = false;
}

function windowsOf(session: Session, events: readonly AttentionEvent[]): Window[] {
  const { nexus, loginSentMs, openedMs, commands } = session;
  const windows: Window[] = [];
  for (const event of events) {
    const { beginMs, endMs, isCertain } = event;
    if (!event.belongsTo(nexus) || endMs < loginSentMs) continue;
    const isDue = isCertain && beginMs >= openedMs;
    const low = 1 + commands.findLastIndex((command) => command.endMs < beginMs);
    const after = commands.findIndex((command) => command.sentMs > endMs);
    const high = after < 0 ? Number.POSITIVE_INFINITY : after;
    windows.push({ event, low, high, isDue, isUsable: true });
  }
  return windows;
}
