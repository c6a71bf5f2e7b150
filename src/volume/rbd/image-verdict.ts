import { fault } from '../refusal.ts';
import type { VolumeResult } from '../volume.ts';
import { type ImageFacts, type ImageProblem, imageProblems } from './image-problems.ts';

/** Settings of librbd that reach an image from its own metadata and from its pool's. */
export type ImageSettings = Pick<ImageFacts, 'imageSettings' | 'poolSettings'>;

/** The facts that a header has of its image. */
type HeaderFacts = Omit<ImageFacts, 'spec' | 'pool' | keyof ImageSettings>;

const UNSERVABLE = fault('unservable');

/**
 * Whether several gateways may serve an open image, by the newest header and settings that are
 * known. Every submission asks it, through librbd and past it.
 */
export class ImageVerdict {
  readonly #place: Pick<ImageFacts, 'spec' | 'pool'>;
  readonly #onChange: (problems: readonly ImageProblem[]) => void;
  #settings: ImageSettings;
  #problems: readonly ImageProblem[] = [];

  /** `onChange`: the image is no longer servable, for other reasons, or is servable again. */
  constructor(
    place: Pick<ImageFacts, 'spec' | 'pool'>,
    settings: ImageSettings,
    onChange: (problems: readonly ImageProblem[]) => void,
  ) {
    this.#place = place;
    this.#settings = settings;
    this.#onChange = onChange;
  }

  /** Empty while the image may be served. */
  get problems(): readonly ImageProblem[] {
    return this.#problems;
  }

  /** The result of submissions; undefined while the image may be served. */
  get refusal(): VolumeResult | undefined {
    return this.#problems.length === 0 ? undefined : UNSERVABLE;
  }

  update(facts: HeaderFacts, settings: ImageSettings = this.#settings): void {
    this.#settings = settings;
    const before = this.#problems;
    this.#problems = imageProblems({ ...facts, ...settings, ...this.#place });
    if (
      JSON.stringify(before.map(({ what }) => what)) ===
      JSON.stringify(this.#problems.map(({ what }) => what))
    )
      return;
    this.#onChange(this.#problems);
  }
}
