// Gateways that have one image open, each with its barrier, over a model of RADOS on virtual time.

import assert from 'node:assert/strict';
import type { RadosPool } from '../../src/ceph/rados-pool.ts';
import { silentLog } from '../../src/log/log.ts';
import { HeaderBarrier } from '../../src/volume/rbd/header-barrier.ts';
import { type ModelClient, ModelRados } from './model-rados.ts';
import { settle, VirtualClock } from './virtual-clock.ts';

export const HEADER = 'rbd_header.1';
export const UPDATE = Buffer.from('07010400000003000000', 'hex');
const request = '1710000000000000c00d0030d87f00000200000000000000';
export const QUIESCE = Buffer.from(`07011c00000012000000${request}`, 'hex');
export const UNQUIESCE = Buffer.from(`07011c00000013000000${request}`, 'hex');

/** One gateway. */
export class Gateway {
  readonly barrier: HeaderBarrier;
  readonly client: ModelClient;
  isServable = true;
  isBlocklisted = false;
  isForbidden = false;
  refreshes = 0;
  onRefresh = (): Promise<void> => Promise.resolve();
  onRelease = (): void => {};
  features: bigint | undefined;
  #writes = 0;
  #idle: (() => void)[] = [];

  constructor(rados: ModelRados) {
    this.client = rados.client();
    this.barrier = new HeaderBarrier({
      pool: this.client as unknown as RadosPool,
      object: HEADER,
      image: 'pool/image',
      clock: rados.clock,
      log: silentLog,
      writesIdle: () =>
        this.#writes === 0
          ? Promise.resolve()
          : new Promise<void>((resolve) => this.#idle.push(resolve)),
      onFeatures: (features) => {
        this.features = features;
      },
      refresh: () => {
        this.refreshes++;
        return this.onRefresh();
      },
      isServable: () => this.isServable,
      onRelease: () => this.onRelease(),
      onBlocklisted: () => {
        this.isBlocklisted = true;
      },
      onForbidden: () => {
        this.isForbidden = true;
      },
    });
  }

  get holds(): boolean {
    return this.barrier.holdsWrites;
  }

  write(): () => void {
    assert.ok(!this.holds);
    this.#writes++;
    return () => {
      if (--this.#writes === 0) for (const resolve of this.#idle.splice(0)) resolve();
    };
  }
}

export class HeaderWorld {
  readonly clock = new VirtualClock();
  readonly rados = new ModelRados(this.clock);
  /** Whoever changes the image. */
  readonly admin = this.rados.client();

  async gateways(count: number): Promise<readonly Gateway[]> {
    await this.admin.operate(HEADER, [{ step: 'omapSet', entries: features(1n) }]);
    const gateways = Array.from({ length: count }, () => new Gateway(this.rados));
    for (const { barrier } of gateways) await barrier.open();
    return gateways;
  }

  /** Changes the header and tells; resolves when all that are told have answered, or in vain. */
  async change(bits: bigint): Promise<number> {
    await this.admin.operate(HEADER, [{ step: 'omapSet', entries: features(bits) }]);
    return await this.tell(UPDATE);
  }

  async tell(message: Uint8Array): Promise<number> {
    return (await this.admin.notify(HEADER, message, 5_000)).errno;
  }

  async settled(): Promise<void> {
    for (let turn = 0; turn < 50; turn++) await settle();
  }
}

export function features(bits: bigint): ReadonlyMap<string, Uint8Array> {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(bits);
  return new Map([['features', bytes]]);
}
