import koffi from 'koffi';

const { rados, rbd } = {
  rados: koffi.load('librados.so.2'),
  rbd: koffi.load('librbd.so.1'),
};
const create = rados.func('int rados_create(_Out_ void **, str)');
const readConf = rados.func('int rados_conf_read_file(void *, str)');
const setConf = rados.func('int rados_conf_set(void *, str, str)');
const connect = rados.func('int rados_connect(void *)');
const shutdown = rados.func('void rados_shutdown(void *)');
const createIo = rados.func('int rados_ioctx_create(void *, str, _Out_ void **)');
const destroyIo = rados.func('void rados_ioctx_destroy(void *)');
const open = rbd.func('int rbd_open(void *, str, _Out_ void **, str)');
const close = rbd.func('int rbd_close(void *)');
const write = rbd.func('int64 rbd_write(void *, uint64, size_t, void *)');
const exchange = rbd.func(
  'int64 rbd_compare_and_write(void *, uint64, size_t, void *, void *, _Out_ uint64 *, int)',
);

/** An image through librbd's synchronous calls, like that of a C program. Throws on failure. */
export class LibrbdClient implements Disposable {
  readonly #cluster: unknown;
  readonly #io: unknown;
  readonly #image: unknown;

  constructor(conf: string, pool: string, image: string) {
    this.#cluster = made('rados_create', (out) => create(out, 'admin'));
    check('rados_conf_read_file', readConf(this.#cluster, conf));
    check('rados_conf_set', setConf(this.#cluster, 'rbd_cache', 'false'));
    check('rados_connect', connect(this.#cluster));
    this.#io = made('rados_ioctx_create', (out) => createIo(this.#cluster, pool, out));
    this.#image = made('rbd_open', (out) => open(this.#io, image, out, null));
  }

  write(offset: number, bytes: Uint8Array): void {
    check('rbd_write', Number(write(this.#image, offset, bytes.length, bytes)));
  }

  /** Within one sector of 512 bytes. */
  compareAndWrite(offset: number, from: Uint8Array, to: Uint8Array): void {
    const mismatch = [0];
    const { length } = from;
    const result = exchange(this.#image, offset, length, from, to, mismatch, 0);
    check('rbd_compare_and_write', Number(result));
  }

  [Symbol.dispose](): void {
    close(this.#image);
    destroyIo(this.#io);
    shutdown(this.#cluster);
  }
}

function made(name: string, call: (out: unknown[]) => number): unknown {
  const out: unknown[] = [null];
  check(name, call(out));
  return out[0];
}

function check(name: string, result: number): void {
  if (result < 0) throw new Error(`${name}: errno ${-result}`);
}
