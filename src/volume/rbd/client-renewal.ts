import type { Clock } from '../../base/clock.ts';
import { Failure } from '../../base/failure.ts';
import { errorText } from '../../base/system-reason.ts';
import type { Log } from '../../log/log.ts';
import {
  Capabilities,
  type CapabilitiesParts,
  forbidden,
  type PoolNeed,
  REFUSAL_MS,
} from './capabilities.ts';
import type { ClientInstance } from './client-instance.ts';
import type { InstancePool } from './instance-pool.ts';
import { poolNames } from './layout-refusal.ts';

/** A client that is refused something is not replaced again sooner after the last was. */
const RENEW_RETRY_MS = 30_000;
/** How often it is logged that the cluster refuses operations: each of them is refused. */
const REFUSAL_LOG_INTERVAL_MS = 60_000;

interface ClientRenewalParts {
  readonly connect: CapabilitiesParts['connect'];
  readonly instances: Pick<InstancePool, 'renew'>;
  /** The pool of the images. */
  readonly pool: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** Has a client instance replaced when it may do less than its user may by now. */
export class ClientRenewal {
  readonly #parts: ClientRenewalParts;
  readonly #capabilities: Capabilities;
  /** By image, when a renewal failed: each of its operations is refused and would ask again. */
  readonly #failedMs = new Map<string, number>();
  #renewedMs = -RENEW_RETRY_MS;
  #loggedMs = -REFUSAL_LOG_INTERVAL_MS;

  constructor(parts: ClientRenewalParts) {
    this.#parts = parts;
    this.#capabilities = new Capabilities(parts);
  }

  /**
   * Throws `volumeForbidden` when the user may not do what the image needs. When it may, and this
   * client may not yet, has the client replaced and throws `clientReplaced`.
   */
  async require(instance: ClientInstance, spec: string, needs: readonly PoolNeed[]): Promise<void> {
    if ((await this.#capabilities.refusal(instance.client, needs)) === undefined) return;
    const refused = await this.#capabilities.refusalNow(needs);
    if (refused !== undefined) throw await this.#forbidden(instance, spec, refused);
    await this.#parts.instances.renew(instance);
    const what = `the image ${spec} needs a client that may do more, which takes the place of this`;
    throw new Failure('clientReplaced', what, { spec });
  }

  /**
   * The cluster refused an operation on an image. Resolves whether another client continues with
   * it.
   */
  async refused(
    instance: ClientInstance,
    spec: string,
    needs: readonly PoolNeed[],
  ): Promise<boolean> {
    const { instances, clock } = this.#parts;
    if (!instance.takesUsers) return true;
    if (clock.now() - this.#renewedMs < RENEW_RETRY_MS) return false;
    if (clock.now() - (this.#failedMs.get(spec) ?? -REFUSAL_MS) < REFUSAL_MS) return false;
    try {
      const refused = await this.#capabilities.refusalNow(needs);
      if (refused !== undefined) throw await this.#forbidden(instance, spec, refused);
      this.#renewedMs = clock.now();
      await instances.renew(instance);
      this.#failedMs.delete(spec);
      return true;
    } catch (error) {
      this.#failedMs.set(spec, clock.now());
      this.#logRefusal(spec, error);
      return false;
    }
  }

  #logRefusal(spec: string, error: unknown): void {
    const { clock, log } = this.#parts;
    if (clock.now() - this.#loggedMs < REFUSAL_LOG_INTERVAL_MS) return;
    this.#loggedMs = clock.now();
    log.write('image_forbidden', { image: spec, reason: errorText(error) });
  }

  async #forbidden(instance: ClientInstance, spec: string, { pool }: PoolNeed): Promise<Failure> {
    const { pool: own } = this.#parts;
    const name = typeof pool === 'string' ? pool : (await poolNames(instance.client)).get(pool);
    return forbidden(spec, own, name === own ? undefined : name);
  }
}
