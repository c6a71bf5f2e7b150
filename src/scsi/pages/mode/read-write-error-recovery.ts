import { ReadWriteErrorRecoveryPage } from '../../standard/mode.ts';
import type { ModePage } from '../mode-page.ts';

/** 01h: the medium recovers by itself; initiators cannot control it. */
export const readWriteErrorRecoveryPage: ModePage = {
  name: 'Read-Write Error Recovery',
  pageCode: 0x01,
  subpageCode: 0x00,
  layout: ReadWriteErrorRecoveryPage,
  encode: () => {},
  changeable: [],
};
