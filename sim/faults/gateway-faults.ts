import type { SeededRandom } from '../../test/support/seeded-random.ts';
import type { GatewayPlace } from '../gateway-place.ts';
import type { SimNetwork } from '../network/sim-network.ts';
import { type Broken, broken, done, LENGTH_MAX_MS } from './broken.ts';

export interface GatewayFaultParts {
  readonly random: SeededRandom;
  readonly network: SimNetwork;
  readonly places: readonly GatewayPlace[];
  /** Names of the initiators' hosts. */
  readonly hosts: readonly string[];
}

/** The faults of gateways, whatever their store is. */
export function gatewayFaults(parts: GatewayFaultParts) {
  const { random, network, places, hosts } = parts;
  return {
    /** SIGSTOP, or a virtual machine that is not scheduled. */
    pause: () => pause(random, [random.pick(places)]),
    /** The host of all of them was suspended: the lengths differ, and no gateway observed it. */
    pauseAll: () => pause(random, places),
    /** A supervisor restarts the gateway. */
    kill: () => {
      const place = random.pick(places);
      place.kill();
      return done(place.name);
    },
    /** A second process of the same name: it joins only if the first one is dead. */
    twin: () => {
      const place = random.pick(places);
      place.startTwin();
      return done(place.name);
    },
    /** An operator has a gateway fenced; two may be requested at once, which fence each other. */
    askedFence: () => {
      const asked = [random.pick(places), random.pick(places)];
      for (const place of asked) place.askFence();
      return done(asked.map(({ name }) => name).join(' '));
    },
    cutInitiator: () => {
      const [place, host] = [random.pick(places), random.pick(hosts)];
      network.setCut(host, place.address, true);
      const repair = () => network.setCut(host, place.address, false);
      return broken(`${host} ${place.name}`, random.below(LENGTH_MAX_MS), repair);
    },
  };
}

function pause(random: SeededRandom, places: readonly GatewayPlace[]): readonly Broken[] {
  const lengthMs = random.below(LENGTH_MAX_MS);
  return places.flatMap(({ process }) => {
    if (process?.isRunning !== true) return [];
    process.pause();
    const ownMs = lengthMs * (0.5 + random.below(512) / 1024);
    return broken(process.name, ownMs, () => process.resume());
  });
}
