import {
  type ChangeOrigin,
  NOT_COMMITTED,
  type SharedState,
  type UnitChange,
  type UnitEventTarget,
  type UnitState,
} from '../../src/scsi/unit-state.ts';
import { LocalUnitState } from '../../src/units/local-unit-state.ts';

type Outcome = Awaited<ReturnType<UnitState['commit']>>;

/** The shared state of a unit: while it is late, changes wait for the test. */
export class LateUnitState implements UnitState {
  isLate = false;
  readonly #inner: LocalUnitState;
  readonly #waiting: ((isCommitted: boolean) => void)[] = [];

  constructor(initial: SharedState) {
    this.#inner = new LocalUnitState(initial);
  }

  get current(): SharedState {
    return this.#inner.current;
  }

  /** Changes that wait. */
  get waiting(): number {
    return this.#waiting.length;
  }

  async commit(change: UnitChange, origin?: ChangeOrigin): Promise<Outcome> {
    const isAgreed = !this.isLate || (await new Promise<boolean>((go) => this.#waiting.push(go)));
    return isAgreed ? await this.#inner.commit(change, origin) : NOT_COMMITTED;
  }

  /** Attempts the oldest waiting change, or reports that the gateways could not agree in time. */
  settle(isAgreed = true): void {
    this.#waiting.shift()?.(isAgreed);
  }

  /** Attempts the youngest change, so that another command comes first. */
  settleLast(): void {
    this.#waiting.pop()?.(true);
  }

  latest(): Promise<SharedState | undefined> {
    return this.#inner.latest();
  }

  get life(): number {
    return this.#inner.life;
  }

  isLost(): boolean {
    return this.#inner.isLost();
  }

  attach(target: UnitEventTarget): void {
    this.#inner.attach(target);
  }

  close(): void {
    this.#inner.close();
  }
}
