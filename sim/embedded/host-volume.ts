import type { Pending } from '../../src/base/pending.ts';
import type { VolumeOperation } from '../../src/volume/filters/stats.ts';
import { fault } from '../../src/volume/refusal.ts';
import type { Volume, VolumeResult } from '../../src/volume/volume.ts';
import { VolumeFilter } from '../../test/doubles/volume-filter.ts';
import { InputSource, type SimProcess } from '../time/sim-process.ts';
import type { HostDisk } from './host-disk.ts';

interface HostVolumeParts {
  readonly process: SimProcess;
  readonly disk: HostDisk;
  /** The write lease of the process has expired. */
  readonly isOver: () => boolean;
}

/** A volume that one process of a host has open: writes land late, by threads of that process. */
export class HostVolume extends VolumeFilter {
  readonly #parts: HostVolumeParts;
  readonly #answers = new InputSource();

  constructor(inner: Volume, parts: HostVolumeParts) {
    super(inner);
    this.#parts = parts;
  }

  protected around(
    operation: VolumeOperation,
    submit: () => Pending<VolumeResult>,
  ): Pending<VolumeResult> {
    return this.#late(operation, submit);
  }

  /** Writes that the kernel has will land, so the fence waits for them. */
  override async fence(): Promise<VolumeResult> {
    const result = await super.fence();
    await this.drain();
    return result;
  }

  /** News are inputs of the process. */
  override onResize(listener: (sizeBytes: number) => void): () => void {
    const { process } = this.#parts;
    let isOver = false;
    const stop = super.onResize((sizeBytes) => {
      process.deliver(this.#answers, () => {
        if (!isOver) listener(sizeBytes);
      });
    });
    return () => {
      isOver = true;
      stop();
    };
  }

  async #late(
    operation: VolumeOperation,
    submit: () => Pending<VolumeResult>,
  ): Promise<VolumeResult> {
    const { process, disk, isOver } = this.#parts;
    await disk.landing(process);
    const result = operation !== 'read' && isOver() ? FENCED : await submit();
    return await new Promise((resolve) => {
      process.deliver(this.#answers, () => resolve(result));
    });
  }
}

const FENCED = fault('fenced');
