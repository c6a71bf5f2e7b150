import type { FileHandle } from 'node:fs/promises';
import { stat } from 'node:fs/promises';
import type { Clock, Timer } from '../../base/clock.ts';
import { systemReason } from '../../base/system-reason.ts';
import type { Log } from '../../log/log.ts';
import { LogLimiter } from '../../log/log-limiter.ts';
import type { ChannelWatches } from '../channel-watches.ts';
import type { MemberFolder } from './member-folder.ts';
import type { NameClaim } from './name-claim.ts';
import { NotifyServer } from './notify-server.ts';
import { type Reserve, withRoom } from './reserve.ts';

/** How often a member looks whether the others can still find it. */
const CHECK_INTERVAL_MS = 500;

interface PresenceParts {
  readonly claim: NameClaim;
  readonly folder: MemberFolder;
  readonly watches: ChannelWatches;
  readonly reserve: Reserve;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * This member's place among the others: its socket and its entry in the folder. If another process
 * deletes them, the watches are lost, and the place is taken again.
 */
export class Presence {
  readonly #parts: PresenceParts;
  readonly #lines: LogLimiter;
  #server: NotifyServer | undefined;
  #handle: FileHandle | undefined;
  #timer: Timer | undefined;
  #work: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(parts: PresenceParts) {
    this.#parts = parts;
    this.#lines = new LogLimiter(parts.clock, parts.log, { linesMax: 1 });
  }

  /** Becomes visible, and starts to look whether it stays so. */
  async open(): Promise<void> {
    await this.#inTurn(() => this.#appear());
    this.#checkLater();
  }

  /** Shows the channels that are watched now. */
  update(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#closed) return;
      if (await this.#isVisible()) await this.#show();
      else await this.#reappear();
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#timer?.cancel();
    this.#lines.close();
    await this.#inTurn(async () => {
      await this.#withdraw();
      await this.#parts.folder.remove(this.#parts.claim.incarnation);
    });
  }

  async #appear(): Promise<void> {
    const { claim, folder, watches, clock, log, reserve } = this.#parts;
    await withRoom(reserve, async () => {
      try {
        await folder.create();
        this.#handle = await folder.openHandle();
        this.#server = new NotifyServer(watches, clock, log);
        const path = folder.socketPath(this.#handle, claim.incarnation);
        await this.#server.listen(path, () => this.#check());
      } catch (error) {
        await this.#withdraw();
        throw error;
      }
    });
    await this.#show();
  }

  #show(): Promise<void> {
    const { claim, folder, watches, reserve } = this.#parts;
    return withRoom(reserve, () => folder.show({ ...claim, channels: watches.channels }));
  }

  async #reappear(): Promise<void> {
    this.#parts.log.write('member_entry_removed', {});
    this.#parts.watches.lose();
    await this.#withdraw();
    await this.#parts.folder.remove(this.#parts.claim.incarnation);
    await this.#appear();
  }

  async #withdraw(): Promise<void> {
    await this.#server?.close();
    await this.#handle?.close();
    this.#server = undefined;
    this.#handle = undefined;
  }

  async #isVisible(): Promise<boolean> {
    const { claim, folder } = this.#parts;
    if (this.#handle === undefined) return false;
    try {
      const [, , shown, held] = await Promise.all([
        stat(folder.entryPath(claim.incarnation)),
        stat(folder.socketPath(this.#handle, claim.incarnation)),
        stat(folder.path),
        this.#handle.stat(),
      ]);
      return shown.ino === held.ino;
    } catch {
      return false;
    }
  }

  #checkLater(): void {
    if (this.#closed) return;
    this.#timer?.cancel();
    this.#timer = this.#parts.clock.after(CHECK_INTERVAL_MS, () => this.#check());
  }

  #check(): void {
    const check = this.#inTurn(async () => {
      if (!this.#closed && !(await this.#isVisible())) await this.#reappear();
    });
    check
      .catch((error: unknown) => {
        this.#lines.write('member_entry_not_written', { reason: systemReason(error) });
      })
      .finally(() => this.#checkLater());
  }

  /** One change of the place at a time. */
  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#work.then(work);
    this.#work = done.catch(() => {});
    return done;
  }
}
