import koffi from 'koffi';

const library = koffi.load('libiscsi.so.7');
const create = library.func('void *iscsi_create_context(str)');
const destroy = library.func('int iscsi_destroy_context(void *)');
const setTarget = library.func('int iscsi_set_targetname(void *, str)');
const setType = library.func('int iscsi_set_session_type(void *, int)');
const connect = library.func('int iscsi_full_connect_sync(void *, str, int)');
const logout = library.func('int iscsi_logout_sync(void *)');
const errorOf = library.func('str iscsi_get_error(void *)');
const freeTask = library.func('void scsi_free_scsi_task(void *)');
const ready = library.func('void *iscsi_testunitready_sync(void *, int)');
const write = library.func(
  'void *iscsi_write10_sync(void *, int, uint32, void *, uint32, int, int, int, int, int, int)',
);
const exchange = library.func(
  'void *iscsi_compareandwrite_sync(void *, int, uint64, void *, uint32, int, int, int, int, int)',
);

const NORMAL_SESSION = 2;
const UNIT_ATTENTIONS_MAX = 16;
const lun = 0;

/** A session through libiscsi's synchronous calls, like that of a C program. Throws unless GOOD. */
export class LibiscsiClient implements Disposable {
  readonly #context: unknown;
  readonly #blockBytes: number;

  /** `portal`: address and port. */
  constructor(portal: string, target: string, initiator: string, blockBytes: number) {
    this.#context = create(initiator);
    this.#blockBytes = blockBytes;
    setTarget(this.#context, target);
    setType(this.#context, NORMAL_SESSION);
    if (connect(this.#context, portal, lun) !== 0) throw new Error(errorOf(this.#context));
    for (let told = 0; told < UNIT_ATTENTIONS_MAX; told += 1) {
      if (this.#status(ready(this.#context, lun)) === 0) return;
    }
    throw new Error('the logical unit does not become ready');
  }

  testUnitReady(): void {
    this.#must(ready(this.#context, lun));
  }

  /** `lba` in blocks; whole blocks. */
  write(lba: number, bytes: Uint8Array): void {
    const { length } = bytes;
    const block = this.#blockBytes;
    this.#must(write(this.#context, lun, lba, bytes, length, block, 0, 0, 0, 0, 0));
  }

  /** `both`: the compare instance, followed by the write instance. */
  compareAndWrite(lba: number, both: Uint8Array): void {
    const block = this.#blockBytes;
    this.#must(exchange(this.#context, lun, lba, both, both.length, block, 0, 0, 0, 0));
  }

  [Symbol.dispose](): void {
    logout(this.#context);
    destroy(this.#context);
  }

  #must(task: unknown): void {
    const status = this.#status(task);
    if (status !== 0) throw new Error(`status ${status}: ${errorOf(this.#context)}`);
  }

  /** `scsi_task` begins with the status. */
  #status(task: unknown): number {
    if (task === null) throw new Error(errorOf(this.#context));
    const status = koffi.decode(task, 'int') as number;
    freeTask(task);
    return status;
  }
}
