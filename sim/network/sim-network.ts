import type { ByteStream, Listen, Listener, SocketAddress } from '../../src/base/byte-stream.ts';
import { InitiatorError } from '../../test/initiator/initiator-error.ts';
import type { SeededRandom } from '../../test/support/seeded-random.ts';
import { Pipe } from '../time/pipe.ts';
import { InputSource, type SimProcess } from '../time/sim-process.ts';
import type { Timeline } from '../time/timeline.ts';
import { ClientEnd, ServerEnd } from './connection-ends.ts';

const LATENCY_MAX_MS = 0.4;

interface Port {
  readonly process: SimProcess;
  readonly accepted: InputSource;
  readonly onConnection: (stream: ByteStream) => void;
}

/** The network between initiators and gateways: it delays, and can be cut between two hosts. */
export class SimNetwork {
  readonly #timeline: Timeline;
  readonly #random: SeededRandom;
  readonly #ports = new Map<string, Port>();
  readonly #cuts = new Set<string>();
  readonly #pipes = new Map<string, Set<Pipe>>();
  #clientPort = 40_000;

  constructor(timeline: Timeline, random: SeededRandom) {
    this.#timeline = timeline;
    this.#random = random;
  }

  /** The listening function of a gateway process. */
  listenFor(process: SimProcess): Listen {
    return async (address, onConnection): Promise<Listener> => {
      const key = keyOf(address);
      const port = { process, accepted: new InputSource(), onConnection };
      if (this.#ports.get(key)?.process.isDead === false) {
        throw Object.assign(new Error('address in use'), { code: 'EADDRINUSE' });
      }
      this.#ports.set(key, port);
      return {
        address,
        close: async () => {
          if (this.#ports.get(key) === port) this.#ports.delete(key);
        },
      };
    };
  }

  /**
   * Connects like a kernel, which accepts connections even while the listening process is stopped.
   */
  connect(client: SimProcess, address: SocketAddress, timeoutMs: number): Promise<ClientEnd> {
    const { promise, resolve, reject } = Promise.withResolvers<ClientEnd>();
    const input = new InputSource();
    let isOver = false;
    const fail = (reason: string): void => {
      if (isOver) return;
      isOver = true;
      client.deliver(input, () => reject(new InitiatorError('connectionLost', reason)));
    };
    this.#timeline.after(timeoutMs, () => fail('no connection in time'));
    const pipe = this.#pipe(client.name, address.address);
    pipe.send(() => {
      if (isOver) return;
      const port = this.#ports.get(keyOf(address));
      if (port === undefined || port.process.isDead) {
        fail('refused');
        return;
      }
      isOver = true;
      const end = this.#join(client, port, address);
      client.deliver(input, () => resolve(end));
    });
    return promise;
  }

  setCut(client: string, address: string, isCut: boolean): void {
    const link = linkOf(client, address);
    if (isCut) this.#cuts.add(link);
    else this.#cuts.delete(link);
    for (const pipe of this.#pipes.get(link) ?? []) pipe.wake();
  }

  #join(client: SimProcess, port: Port, address: SocketAddress): ClientEnd {
    const from: SocketAddress = { address: client.name, port: this.#clientPort++ };
    const there = this.#pipe(client.name, address.address);
    const back = this.#pipe(client.name, address.address);
    const clientEnd = new ClientEnd(client, there, from.port);
    const serverEnd = new ServerEnd(port.process, back, from, address);
    clientEnd.join(serverEnd);
    serverEnd.join(clientEnd);
    port.process.deliver(port.accepted, () => port.onConnection(serverEnd));
    const link = linkOf(client.name, address.address);
    clientEnd.onOver = () => {
      this.#pipes.get(link)?.delete(there);
      this.#pipes.get(link)?.delete(back);
    };
    return clientEnd;
  }

  #pipe(client: string, address: string): Pipe {
    const link = linkOf(client, address);
    const pipe = new Pipe({
      timeline: this.#timeline,
      random: this.#random,
      latencyMaxMs: LATENCY_MAX_MS,
      isOpen: () => !this.#cuts.has(link),
    });
    const pipes = this.#pipes.get(link) ?? new Set();
    this.#pipes.set(link, pipes.add(pipe));
    return pipe;
  }
}

function keyOf({ address, port }: SocketAddress): string {
  return `${address}:${port}`;
}

function linkOf(client: string, address: string): string {
  return `${client} ${address}`;
}
