import type { CallGate } from './call-gate.ts';
import type { CephCalls } from './ceph-calls.ts';

/** A pool as what works on it reaches the addon. */
export interface PoolHandle {
  readonly gate: CallGate;
  readonly calls: CephCalls;
  /** The handle of this pool in the addon. */
  readonly handle: number;
}
