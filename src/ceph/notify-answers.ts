/** A watch of a client instance that answered a notification. */
interface NotifyAnswer {
  /** `RadosClient.instanceId` of the watcher. */
  readonly gid: bigint;
  /** Tells watches of one client apart. */
  readonly cookie: bigint;
  readonly payload: Uint8Array;
}

export interface NotifyAnswers {
  /** 0, or -ETIMEDOUT if some did not answer in time. Both have answers and time-outs. */
  readonly errno: number;
  readonly answers: readonly NotifyAnswer[];
  readonly timeouts: readonly { readonly gid: bigint; readonly cookie: bigint }[];
}

/**
 * Decodes the reply of rados_notify2: le32 number of answers, each le64 gid, le64 cookie, le32
 * length, payload; le32 number of time-outs, each le64 gid, le64 cookie. A reply that is cut short
 * gives what is whole.
 */
export function notifyAnswers(errno: number, reply: Uint8Array | undefined): NotifyAnswers {
  const answers: NotifyAnswer[] = [];
  const timeouts: { gid: bigint; cookie: bigint }[] = [];
  if (reply === undefined || reply.length < 4) return { errno, answers, timeouts };
  const view = new DataView(reply.buffer, reply.byteOffset, reply.byteLength);
  let at = 4;
  for (let left = view.getUint32(0, true); left > 0 && at + 20 <= reply.length; left--) {
    const length = view.getUint32(at + 16, true);
    const end = at + 20 + length;
    if (end > reply.length) return { errno, answers, timeouts };
    answers.push({
      gid: view.getBigUint64(at, true),
      cookie: view.getBigUint64(at + 8, true),
      payload: reply.subarray(at + 20, end),
    });
    at = end;
  }
  if (at + 4 > reply.length) return { errno, answers, timeouts };
  let left = view.getUint32(at, true);
  for (at += 4; left > 0 && at + 16 <= reply.length; left--, at += 16) {
    timeouts.push({ gid: view.getBigUint64(at, true), cookie: view.getBigUint64(at + 8, true) });
  }
  return { errno, answers, timeouts };
}
