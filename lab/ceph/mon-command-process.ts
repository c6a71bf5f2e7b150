// A process that talks to the monitor for the process that started it: librados blocks while the
// monitor is silent, and keeps threads; here it can be killed, and blocks no other work.

import koffi from 'koffi';
import type { MonAnswer, MonQuestion } from './mon-client.ts';

const LIBRARY = 'librados.so.2';
/** Seconds. The parent process has its own limits, which are shorter. */
const CONNECT_LIMIT = '300';

type Pointer = unknown;

const librados = koffi.load(LIBRARY);
const create = librados.func('int rados_create2(_Out_ void **, str, str, uint64_t)');
const readConf = librados.func('int rados_conf_read_file(void *, str)');
const setConf = librados.func('int rados_conf_set(void *, str, str)');
const connect = librados.func('int rados_connect(void *)');
const monCommand = librados.func(
  'int rados_mon_command(void *, const char **, size_t, str, size_t, ' +
    '_Out_ void **, _Out_ size_t *, _Out_ void **, _Out_ size_t *)',
);
const freeBuffer = librados.func('void rados_buffer_free(void *)');

const [conf = '', user = ''] = process.argv.slice(2);
let cluster: Pointer;

process.on('message', (question: MonQuestion) => {
  process.send?.(answerTo(question));
});
process.on('disconnect', () => process.exit());

function answerTo({ id, command }: MonQuestion): MonAnswer {
  const failed = cluster === undefined ? open() : 0;
  if (failed !== 0) return { id, code: failed, output: '', status: 'cannot connect' };
  const output: Pointer[] = [null];
  const status: Pointer[] = [null];
  const outputLength = [0];
  const statusLength = [0];
  const words = [JSON.stringify(command)];
  const code = monCommand(cluster, words, 1, '', 0, output, outputLength, status, statusLength);
  return { id, code, output: take(output, outputLength), status: take(status, statusLength) };
}

/** 0, or the negative errno of the failed call. */
function open(): number {
  const made: Pointer[] = [null];
  const steps = [
    () => create(made, 'ceph', user, 0),
    () => readConf(made[0], conf),
    () => setConf(made[0], 'client_mount_timeout', CONNECT_LIMIT),
    () => setConf(made[0], 'log_to_stderr', 'false'),
    () => connect(made[0]),
  ];
  for (const step of steps) {
    const code = step();
    if (code !== 0) return code;
  }
  cluster = made[0];
  return 0;
}

/** The text that librados allocated, and frees. */
function take(pointer: Pointer[], length: number[]): string {
  const [buffer] = pointer;
  if (buffer === null) return '';
  const text = Buffer.from(koffi.decode(buffer, 'uint8_t', length[0] ?? 0)).toString('utf8');
  freeBuffer(buffer);
  return text;
}
