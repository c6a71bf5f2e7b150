import type { SimClient } from './sim-client.ts';

/** The callbacks of the client. */
export interface WatchListener {
  notified(notifyId: bigint, message: Uint8Array, fromGid: bigint): void;
  lost(): void;
}

/** A watch of one object by one client. */
export class SimWatch {
  readonly client: SimClient;
  readonly object: string;
  readonly osd: number;
  readonly cookie: bigint;
  readonly timeoutMs: number;
  readonly listener: WatchListener;
  /** When the OSD last heard from the client. */
  heardMs: number;
  /** The OSD has dropped it. */
  isDropped = false;
  /** The client knows that it is lost. */
  isLost = false;

  /** The client takes it back, and is told nothing more of it. */
  isCancelled = false;

  constructor(parts: {
    readonly client: SimClient;
    readonly object: string;
    readonly osd: number;
    readonly cookie: bigint;
    readonly timeoutMs: number;
    readonly listener: WatchListener;
    readonly nowMs: number;
  }) {
    this.client = parts.client;
    this.object = parts.object;
    this.osd = parts.osd;
    this.cookie = parts.cookie;
    this.timeoutMs = parts.timeoutMs;
    this.listener = parts.listener;
    this.heardMs = parts.nowMs;
  }
}
