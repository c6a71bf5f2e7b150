import { ReadWriteErrorRecoveryPage } from '../../standard/mode.ts';
import type { ModePage } from '../mode-page.ts';

/** 01h: recovery is the medium's own matter; nothing of it can be steered from here. */
export const readWriteErrorRecoveryPage: ModePage = {
  name: 'Read-Write Error Recovery',
  pageCode: 0x01,
  subpageCode: 0x00,
  layout: ReadWriteErrorRecoveryPage,
  encode: () => {},
  changeable: [],
};
