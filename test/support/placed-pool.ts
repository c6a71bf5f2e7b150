// Pools of a throwaway cluster whose placement groups are where a test wants them, so that the
// effect of stopping one OSD is known.

import { setTimeout as delay } from 'node:timers/promises';
import type { ThrowawayCeph } from '../../lab/ceph/throwaway-ceph.ts';
import { createImage, createPool } from '../../lab/ceph/throwaway-pools.ts';
import { HANG_MS } from './wait-for.ts';

const IMAGE_ATTEMPTS_MAX = 30;
const PLACE_ATTEMPTS_MAX = 5;

/** A pool of one copy of each object, on one OSD per group. */
export class PlacedPool {
  readonly name: string;
  readonly #ceph: ThrowawayCeph;
  /** Groups that are not where CRUSH has them. */
  readonly #moved = new Set<string>();

  private constructor(ceph: ThrowawayCeph, name: string) {
    this.#ceph = ceph;
    this.name = name;
  }

  /** `osds`: the groups go to them by turns. */
  static async create(
    ceph: ThrowawayCeph,
    name: string,
    groups: number,
    osds: readonly number[],
  ): Promise<PlacedPool> {
    await createPool(ceph, name, { size: 1, placementGroups: groups });
    const pool = new PlacedPool(ceph, name);
    const first = await pool.groupOf('any');
    const id = first.group.split('.')[0];
    const place = async () => {
      const moves = Array.from({ length: groups }, (_, i) => {
        return pool.move(`${id}.${i.toString(16)}`, osds[i % osds.length]!);
      });
      await Promise.all(moves);
    };
    await place();
    for (let attempt = 1; !(await pool.#serves()); attempt++) {
      if (attempt === PLACE_ATTEMPTS_MAX) throw new Error(`the pool ${name} does not serve`);
      await place();
    }
    return pool;
  }

  /** Where an object is, or would be. */
  async groupOf(object: string): Promise<{ readonly group: string; readonly osd: number }> {
    const { pgid, acting } = (await this.#ceph.askJson({
      prefix: 'osd map',
      pool: this.name,
      object,
      format: 'json',
    })) as { readonly pgid: string; readonly acting: readonly number[] };
    return { group: pgid, osd: acting[0]! };
  }

  /** Moves a placement group to that OSD. */
  async move(group: string, osd: number): Promise<void> {
    // Moved back and forth it peers again: a group that is moved while it peers may get stuck.
    if (this.#moved.delete(group)) {
      await this.#ceph.ask({ prefix: 'osd rm-pg-upmap-items', pgid: group });
    }
    const map = { prefix: 'pg map', pgid: group, format: 'json' };
    const { up } = (await this.#ceph.askJson(map)) as { readonly up: readonly number[] };
    if (up[0] === osd) return;
    await this.#ceph.ask({ prefix: 'osd pg-upmap-items', pgid: group, id: [up[0]!, osd] });
    this.#moved.add(group);
  }

  /** Makes an image, and its first object: what is moved later leaves both where they are. */
  async imageBegun(name: string, sizeBytes: number): Promise<void> {
    await createImage(this.#ceph, { pool: this.name, name, sizeBytes });
    const once = ['--io-type', 'write', '--io-size', '4K', '--io-total', '4K'];
    await this.#ceph.rbd('bench', `${this.name}/${name}`, ...once);
  }

  /**
   * Makes an image whose header alone is on that OSD, of all that the pool holds now, with its data
   * in another pool.
   */
  async imageWithHeaderOn(
    osd: number,
    options: { readonly name: string; readonly sizeBytes: number; readonly dataPool: string },
  ): Promise<void> {
    const places = (await this.#objects()).map((object) => this.groupOf(object));
    const others = new Set((await Promise.all(places)).map(({ group }) => group));
    for (let attempt = 0; attempt < IMAGE_ATTEMPTS_MAX; attempt++) {
      await createImage(this.#ceph, { pool: this.name, ...options });
      const info = await this.#ceph.rbd('info', `${this.name}/${options.name}`, '--format', 'json');
      const { id } = JSON.parse(info) as { readonly id: string };
      const { group } = await this.groupOf(`rbd_header.${id}`);
      if (!others.has(group)) {
        do await this.move(group, osd);
        while (!(await this.#serves()));
        return;
      }
      await this.#ceph.rbd('rm', `${this.name}/${options.name}`, '--no-progress');
    }
    throw new Error(`no placement group of ${this.name} is free for a header: make more`);
  }

  async #objects(): Promise<readonly string[]> {
    const listed = await this.#ceph.rados('-p', this.name, 'ls', '--all');
    return listed.split('\n').flatMap((line) => line.split('\t').at(-1)?.trim() || []);
  }

  /** A listing waits for every group. */
  async #serves(): Promise<boolean> {
    const listed = this.#objects().then(
      () => true,
      () => false,
    );
    return await Promise.race([listed, delay(HANG_MS, false, { ref: false })]);
  }
}
