import { INTENTIONS_AT, type LockFile } from '../../src/volume/local/lock-file.ts';

type Mode = 'shared' | 'exclusive';
interface Span {
  readonly from: number;
  readonly to: number;
  readonly mode: Mode;
}

/**
 * The kernel's byte-range locks on one file, as fcntl(2) describes them for open file descriptions:
 * a new lock of a description replaces its locks in that range, splits them and merges with its
 * neighbours; two may overlap only where both are shared; a lock is granted whole or not at all.
 */
export class KernelLocks {
  readonly #spans = new Map<object, readonly Span[]>();

  open(): SimulatedLockFile {
    return new SimulatedLockFile(this);
  }

  /** What any description holds. */
  get held(): number {
    return [...this.#spans.values()].reduce((sum, spans) => sum + spans.length, 0);
  }

  /** Whether `owner` holds all of the range, in that mode at least. */
  covers(owner: object, from: number, to: number, mode: Mode): boolean {
    const spans = (this.#spans.get(owner) ?? []).filter(
      (span) => mode === 'shared' || span.mode === 'exclusive',
    );
    let at = from;
    for (const span of [...spans].sort((a, b) => a.from - b.from)) {
      if (span.from <= at) at = Math.max(at, span.to);
    }
    return at >= to;
  }

  set(owner: object, from: number, to: number, mode: Mode | undefined): boolean {
    if (mode !== undefined && this.inTheWay(owner, from, to, mode)) return false;
    const rest = (this.#spans.get(owner) ?? []).flatMap((span) => without(span, from, to));
    if (mode !== undefined) rest.push({ from, to, mode });
    this.#spans.set(owner, rest);
    return true;
  }

  inTheWay(owner: object, from: number, to: number, mode: Mode): boolean {
    for (const [other, spans] of this.#spans) {
      if (other === owner) continue;
      const isHit = spans.some(
        (span) =>
          span.from < to && from < span.to && (mode === 'exclusive' || span.mode === 'exclusive'),
      );
      if (isHit) return true;
    }
    return false;
  }

  close(owner: object): void {
    this.#spans.delete(owner);
  }
}

function without(span: Span, from: number, to: number): Span[] {
  const parts = [
    { ...span, to: Math.min(span.to, from) },
    { ...span, from: Math.max(span.from, to) },
  ];
  return parts.filter((part) => part.from < part.to);
}

/** A lock file of a simulated process. */
export class SimulatedLockFile implements Pick<LockFile, keyof LockFile> {
  readonly inode = 1;
  readonly isLinked = true;
  readonly #locks: KernelLocks;

  constructor(locks: KernelLocks) {
    this.#locks = locks;
  }

  tryShared(offset: number, length: number): boolean {
    return this.#locks.set(this, offset, end(offset, length), 'shared');
  }

  tryExclusive(offset: number, length: number): boolean {
    return this.#locks.set(this, offset, end(offset, length), 'exclusive');
  }

  unlock(offset: number, length: number): void {
    this.#locks.set(this, offset, end(offset, length), undefined);
  }

  tryIntention(offset: number, length: number): boolean {
    return this.tryExclusive(INTENTIONS_AT + offset, length);
  }

  dropIntention(offset: number, length: number): void {
    this.unlock(INTENTIONS_AT + offset, length);
  }

  isIntended(offset: number, length: number): boolean {
    const from = INTENTIONS_AT + offset;
    return this.#locks.inTheWay(this, from, end(from, length), 'shared');
  }

  isAnyIntended(): boolean {
    return this.isIntended(0, INTENTIONS_AT - 1);
  }

  tryOpen(): boolean {
    return true;
  }

  tryClaim(): boolean {
    return true;
  }

  close(): void {
    this.#locks.close(this);
  }
}

/** A length of 0 means up to the end of the largest file (fcntl(2)). */
function end(offset: number, length: number): number {
  return length === 0 ? Number.POSITIVE_INFINITY : offset + length;
}
