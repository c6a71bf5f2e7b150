// Proves that a document is read whole or refused whole, every problem listed with its place, and
// that hostile texts are refused within bounds.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { prepareName } from '../../../src/base/iscsi-name.ts';
import { DOCUMENT_LENGTH_MAX_BYTES, PROBLEMS_MAX } from '../../../src/config/limits.ts';
import { parseDocument } from '../../../src/config/parse.ts';
import { REDACTED } from '../../../src/config/redact.ts';

function problems(text: string): string[] {
  const result = parseDocument(text);
  assert.ok(!result.ok, 'the document is refused');
  return result.problems.map(({ line, column, path, message }) => {
    return `${line}:${column} ${path}: ${message}`;
  });
}

test('a small document gets its defaults', () => {
  const result = parseDocument(
    [
      'formatVersion: 1',
      'disks: [{name: a, size: 1G}]',
      'gateways: [{name: g, portals: [{address: "::1"}]}]',
      'targets: [{iqn: IQN.2026-11.com.Example:X, luns: {0: a}, access: any}]',
    ].join('\n'),
  );
  assert.ok(result.ok);
  const { disks, gateways, targets } = result.document;
  assert.equal(disks[0]?.size, 2 ** 30);
  assert.equal(disks[0]?.blockLength, 512);
  assert.equal(disks[0]?.vendor, 'ALLPATH');
  assert.equal(gateways[0]?.portals[0]?.port, 3260);
  assert.equal(targets[0]?.iqn, 'iqn.2026-11.com.example:x');
});

test('JSON is read as well', () => {
  const result = parseDocument('{"formatVersion": 1, "disks": [{"name": "a", "size": 4096}]}');
  assert.ok(result.ok);
  assert.equal(result.document.disks[0]?.size, 4096);
});

test('all problems come at once, in the order of the text, with line, column and path', () => {
  const text = `formatVersion: 1
disks:
  - name: a
    size: 1G
  - name: a
    size: 1001
    blocklen: 3
gateways:
  - name: g0
    portals: [{address: 127.0.0.1, portalGroupTag: 3}]
  - name: g1
    portals: [{address: 127.0.0.1, portalGroupTag: 3}]
targets:
  - iqn: iqn.2026-11.com.example:x
    luns: {0: a, 1: c}
    access:
      - initiator: 3
    chap: {user: a, secret: short}
  - iqn: iqn.2026-11.com.example:x
    luns: {16384: a}
`;
  assert.deepEqual(problems(text), [
    '5:11 disks[1].name: a is used already',
    '6:11 disks[1].size: must be a multiple of the block length 512',
    '7:15 disks[1].blocklen: no such key; did you mean blockLength?',
    '12:25 gateways[1].portals[0].address: 127.0.0.1 port 3260 is used already',
    "12:52 gateways[1].portals[0].portalGroupTag: tag 3 is gateway g0's",
    '15:21 targets[0].luns.1: there is no disk "c"',
    '17:20 targets[0].access[0].initiator: must be text, not a number: put it in quotes',
    '18:29 targets[0].chap.secret: must be 12 to 256 bytes long',
    '19:5 targets[1].access: is missing: it must be "any" or a list of initiators',
    '19:10 targets[1].iqn: iqn.2026-11.com.example:x is used already',
    '20:19 targets[1].luns.16384: a LUN is at most 16383',
  ]);
});

test('values that are missing, too large, or of the other kind are told as that', () => {
  const text = `formatversion: 1
disks: [{name: a}, {name: b, size: 99999T}, {name: c, size: 1M, wwn: naa.4000000000000000}]
gateways: [{name: g, portals: [{address: 127.0.0.1, port: "3260"}]}]
discovery: {chap: {user: u, secret: "${REDACTED}"}}
`;
  assert.deepEqual(problems(text), [
    '1:1 formatVersion: is missing: it must be 1, the format that this release reads',
    '1:16 formatversion: no such key; did you mean formatVersion?',
    '2:9 disks[0].size: is missing: it must be a number of bytes, or a size like 512M, 1G, 10T',
    '2:36 disks[1].size: must be at most 4P',
    '2:70 disks[2].wwn: must be an NAA identifier: naa. and 16 hexadecimal digits that begin ' +
      'with 2, 3 or 5, or 32 that begin with 6',
    '3:59 gateways[0].portals[0].port: must be a number, not text: write it without quotes',
    '4:37 discovery.chap.secret: is the placeholder that "allpath get" prints for a secret: ' +
      'write the secret, or use the output of "allpath get --secrets"',
  ]);
});

test('a secret never shows in a problem', () => {
  const secret = 'hunter2hunter2hunter2';
  const chap = `{user: "", secret: ${secret}, mutual: {user: b, secret: ${secret}}}`;
  const found = problems(`formatVersion: 1\ndiscovery: {chap: ${chap}, x: ${secret}}`);
  assert.ok(found.length > 0);
  assert.ok(!found.join().includes(secret));
});

test('portals of one group share the relative port identifier, others do not', () => {
  const portal = (port: number, tag: number, id: number) =>
    `{address: 127.0.0.1, port: ${port}, portalGroupTag: ${tag}, relativePortIdentifier: ${id}}`;
  const document = (...portals: string[]) =>
    `formatVersion: 1\ngateways: [{name: g, portals: [${portals.join(', ')}]}]`;
  assert.ok(parseDocument(document(portal(1, 1, 1), portal(2, 1, 1))).ok);
  assert.equal(problems(document(portal(1, 1, 1), portal(2, 1, 2))).length, 1);
  assert.equal(problems(document(portal(1, 1, 1), portal(2, 2, 1))).length, 1);
});

test('hostile texts are refused in bounded time and with a bounded list', () => {
  const bomb = ['a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]'];
  for (let i = 0; i < 8; i++) {
    const [from, to] = [String.fromCharCode(97 + i), String.fromCharCode(98 + i)];
    bomb.push(`${to}: &${to} [${Array(10).fill(`*${from}`).join(', ')}]`);
  }
  const many = `formatVersion: 1\n${Array.from({ length: 2000 }, (_, i) => `k${i}: 1`).join('\n')}`;
  assert.deepEqual(problems(bomb.join('\n')), ['0:0 : its aliases expand to too much']);
  assert.equal(problems(many).length, PROBLEMS_MAX + 1);
  for (const unit of ['[', '{', '{a: ', '- ', '? ', '[]['])
    assert.deepEqual(problems(unit.repeat(20_000)), ['0:0 : nested too deeply']);
  assert.match(problems('x'.repeat(DOCUMENT_LENGTH_MAX_BYTES + 1))[0] ?? '', /longer than/);
  assert.ok(problems('a: 1\na: 2').includes('2:1 a: this key is repeated'));
});

test('a document with many keys is checked in time that grows with its length', () => {
  const text = Array.from({ length: 60_000 }, (_, i) => `k${i}: 1`).join('\n');
  const before = process.cpuUsage();
  assert.equal(problems(`formatVersion: 1\n${text}`).length, PROBLEMS_MAX + 1);
  const { user } = process.cpuUsage(before);
  // Comparing each key with each other one took minutes.
  assert.ok(user < 15_000_000, `${user} us`);
});

test('a secret that YAML reads as something else does not show', () => {
  for (const value of [
    '*hunter2hunter2',
    '!hunter2hunter2',
    '!hunter2!hunter2 x',
    '"x" hunter2hunter2',
    '@hunter2hunter2',
    '>hunter2hunter2',
    '%hunter2hunter2',
    'x: hunter2hunter2',
    '{hunter2hunter2',
    '&hunter2hunter2',
  ]) {
    const chap = `formatVersion: 1\ndiscovery:\n  chap:\n    user: u\n    secret: ${value}\n`;
    const found = problems(chap);
    assert.ok(found.length > 0, value);
    assert.ok(!found.join().includes('hunter2'), found.join());
  }
});

test('an iSCSI name is checked and kept by the rule of a login', () => {
  const target = (iqn: string) =>
    `formatVersion: 1\ntargets: [{iqn: ${JSON.stringify(iqn)}, access: any}]`;
  fc.assert(
    fc.property(
      fc.oneof(
        fc
          .string({ unit: 'grapheme', maxLength: 230 })
          .map((end) => `iqn.2026-11.com.Example:${end}`),
        fc.stringMatching(/^(iqn|eui|naa)\.[0-9a-fA-F.:_-]{0,40}$/),
      ),
      (iqn) => {
        const parsed = parseDocument(target(iqn));
        assert.equal(parsed.ok ? parsed.document.targets[0]?.iqn : undefined, prepareName(iqn));
      },
    ),
  );
});

test('one gateway listens once on an address and port; two hosts may use equal ones', () => {
  const portal = (address: string) => `{address: ${address}, listen: 0.0.0.0}`;
  const gateways = (...portals: string[]) => {
    const list = portals.map((each, i) => `{name: g${i}, portals: [${each}]}`).join(', ');
    return `formatVersion: 1\ngateways: [${list}]`;
  };
  const [one, two] = [portal('192.0.2.1'), portal('192.0.2.2')];
  assert.ok(parseDocument(gateways(one, two)).ok);
  assert.deepEqual(problems(gateways(`${one}, ${two}`)), [
    '2:101 gateways[0].portals[1].listen: 0.0.0.0 port 3260 is used already',
  ]);
});

test('an address has one spelling, and is one that initiators of other hosts can use', () => {
  const portals = (...addresses: string[]) =>
    `formatVersion: 1\ngateways: [{name: g, portals: [${addresses
      .map((address) => `{address: "${address}"}`)
      .join(', ')}]}]`;
  const parsed = parseDocument(portals('2001:DB8:0:0::A'));
  assert.equal(parsed.ok && parsed.document.gateways[0]?.portals[0]?.address, '2001:db8::a');
  assert.deepEqual(problems(portals('2001:db8::a', '2001:DB8:0::000a')), [
    '2:68 gateways[0].portals[1].address: 2001:db8::a port 3260 is used already',
  ]);
  const refused: readonly (readonly [string, RegExp])[] = [
    ['fe80::1%eth0', /link-local/],
    ['fe80::1', /link-local/],
    ['2001:db8::1%eth0', /zone/],
    ['::ffff:192.0.2.1', /write 192\.0\.2\.1$/],
    ['::ffff:c000:0201', /write 192\.0\.2\.1$/],
    ['0:0:0:0:0:0:0:0', /cannot reach/],
    ['0.0.0.0', /cannot reach/],
    ['224.0.0.1', /cannot reach/],
    ['ff02::1', /cannot reach/],
    ['192.0.02.1', /numeric/],
  ];
  for (const [address, message] of refused) {
    assert.match(problems(portals(address))[0] ?? '', message, address);
  }
});

test('a gateway does not listen twice on one address, however the two portals say it', () => {
  const text = (first: string, second: string) =>
    `formatVersion: 1\ngateways: [{name: g, portals: [{${first}}, {${second}}]}]`;
  const twice = text('address: 192.0.2.1', 'address: 192.0.2.2, listen: 192.0.2.1');
  const any = (first: string, second: string) =>
    problems(text(`address: 192.0.2.1, listen: "${first}"`, `address: "${second}"`));
  for (const [whole, other] of [
    ['0.0.0.0', '192.0.2.2'],
    ['::', '192.0.2.2'],
    ['::', '2001:db8::1'],
  ] as const) {
    assert.deepEqual(
      any(whole, other).map((each) => each.replace(/^.*?: /, '')),
      [`port 3260 is taken by a portal that listens on ${whole}`],
    );
  }
  assert.ok(
    parseDocument(text('address: 192.0.2.1, listen: 0.0.0.0', 'address: "2001:db8::1"')).ok,
  );
  assert.match(problems(twice)[0] ?? '', /portals\[1\]\.listen: 192\.0\.2\.1 port 3260 is used/);
});

test('text that login answers carry has no control or invisible characters', () => {
  const texts = (value: string) => [
    `targets: [{iqn: iqn.2026-11.com.example:x, access: any, alias: ${value}}]`,
    `discovery: {chap: {user: ${value}, secret: 0123456789abc}}`,
    `discovery: {chap: {user: u, secret: ${value}}}`,
    'discovery: {chap: {user: u, secret: 0123456789abc, mutual: ' +
      `{user: ${value}, secret: 0123456789abd}}}`,
  ];
  const accepted = '"Grüße – 漢字, a=b #1"';
  for (const text of texts(accepted))
    assert.ok(parseDocument(`formatVersion: 1\n${text}`).ok, text);
  const escapes = ['\\0', '\\n', '\\r', '\\t', '\\e', '\\x7f', '\\x85', '\\u2028', '\\u202e'];
  for (const mark of [...escapes, '\\ufeff', '\\ud800', '\\ufffd', '\\uffff', '\\u200b']) {
    for (const text of texts(`"0123456789abc${mark}TargetAddress=x"`)) {
      const found = problems(`formatVersion: 1\n${text}`);
      assert.equal(found.length, 1, `${mark} ${text}`);
      assert.match(found[0] ?? '', /: must not have control or invisible characters/);
    }
  }
  // Both are counted in bytes, as the protocol does.
  const long = JSON.stringify('ü'.repeat(128));
  for (const text of texts(long)) {
    if (!text.includes(`secret: ${long}`))
      assert.match(problems(`formatVersion: 1\n${text}`)[0]!, /255 bytes/);
  }
});

test('a key or disk that is not known comes with the one that was meant', () => {
  const text = `formatVersion: 1
setings: {}
settings: {queuedepth: 3, drainSecond: 1}
discovery: {chpa: {}}
disks: [{name: backup-disk, size: 1G, volume: {nam: x}}]
gateways: [{name: g, portals: [{adress: "::1"}]}]
targets:
  - {iqn: iqn.2026-11.com.example:x, access: [{initiator: iqn.x, lun: {}}], luns: {0: bakup-disk}}
`;
  const meant = problems(text).flatMap(
    (each) => /([^ ]+): .*did you mean (.*)\?$/.exec(each) ?? [],
  );
  assert.deepEqual(
    meant.filter((_, i) => i % 3 > 0),
    [
      ...['setings', 'settings', 'settings.queuedepth', 'queueDepth'],
      ...['settings.drainSecond', 'drainSeconds', 'discovery.chpa', 'chap'],
      ...['disks[0].volume.nam', 'name', 'gateways[0].portals[0].adress', 'address'],
      ...['targets[0].access[0].lun', 'luns', 'targets[0].luns.0', 'backup-disk'],
    ],
  );
});

test('a secret that a slip made a key does not show', () => {
  const slips = ['{user: u, this-is-a-secret}', '{user: u, secret this-is-a-secret}'];
  const mutual = '{user: u, secret: at-least-12-bytes, mutual: {user: u, this-is-a-secret}}';
  for (const chap of [...slips, mutual]) {
    const found = problems(`formatVersion: 1\ndiscovery: {chap: ${chap}}`);
    assert.ok(
      found.some((each) => /has a key other than "user", "secret"(, "mutual")?$/.test(each)),
      found.join(),
    );
    assert.ok(!found.join().includes('this-is'), found.join());
  }
});
