import { CachingPage } from '../../standard/mode.ts';
import type { ModePage } from '../mode-page.ts';

/**
 * 08h: WCE tells whether the medium has a volatile cache. Not changeable: the cache cannot be
 * disabled, and an initiator that believed it was would omit its flushes.
 */
export const cachingPage: ModePage = {
  name: 'Caching',
  pageCode: 0x08,
  subpageCode: 0x00,
  layout: CachingPage,
  encode: (page, { wce }) => CachingPage.wce.set(page, wce ? 1 : 0),
  changeable: [],
};
