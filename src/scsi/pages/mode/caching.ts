import { CachingPage } from '../../standard/mode.ts';
import type { ModePage } from '../mode-page.ts';

/**
 * 08h: WCE tells what the medium is. Not changeable: a medium with a volatile cache cannot be made
 * one without, and an initiator that believed so would leave out its flushes.
 */
export const cachingPage: ModePage = {
  name: 'Caching',
  pageCode: 0x08,
  subpageCode: 0x00,
  layout: CachingPage,
  encode: (page, { wce }) => CachingPage.wce.set(page, wce ? 1 : 0),
  changeable: [],
};
