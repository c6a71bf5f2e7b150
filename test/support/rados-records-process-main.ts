// What a `RecordsProcess` on RADOS runs: PART PLACE NAME ARGUMENT, the place as JSON.

import { joinOverRados } from './rados-gateway.ts';
import { openRadosMember, type RadosPlace } from './rados-member.ts';

const [part, placeText, name, argument] = process.argv.slice(2) as [string, string, string, string];
const place = JSON.parse(placeText) as RadosPlace;

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

const parts: Record<string, () => Promise<void>> = {
  /** Answers notifications of the channel ARGUMENT. */
  async watch() {
    const { records } = await openRadosMember(place, name);
    const onNotify = (message: Uint8Array) => Buffer.concat([Buffer.from('echo:'), message]);
    await records.watch(argument, { onNotify, onLost: () => say('lost') });
    say(`ready ${records.self.incarnation}`);
  },

  /** A gateway that is a member and serves. */
  async serve() {
    const { members } = await joinOverRados(place, name);
    await members.admit();
    members.listen({ onClosed: (reason) => say(`over ${reason}`) });
    say(`ready ${members.self.incarnation}`);
  },

  /** Counts the record `counter` up, ARGUMENT times in all, as fast as it can. */
  async count() {
    const { records, end } = await openRadosMember(place, name);
    say(`ready ${records.self.incarnation}`);
    let conflicts = 0;
    for (let done = 0; done < Number(argument); ) {
      const entry = await records.get('counter');
      const next = Buffer.from(String(Number(Buffer.from(entry?.value ?? [])) + 1));
      const set = await records.compareAndSet('counter', entry?.version ?? 0, next);
      if (set.status === 'done') done += 1;
      else conflicts += 1;
    }
    say(`counted ${conflicts}`);
    await end();
  },
};

await parts[part]!();
