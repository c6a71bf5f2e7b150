import { InformationalExceptionsPage } from '../../standard/mode.ts';
import type { ModePage } from '../mode-page.ts';

/** 1Ch: no exception is ever predicted, so DEXCPT is set. */
export const informationalExceptionsPage: ModePage = {
  name: 'Informational Exceptions Control',
  pageCode: 0x1c,
  subpageCode: 0x00,
  layout: InformationalExceptionsPage,
  encode: (page) => InformationalExceptionsPage.dexcpt.set(page, 1),
  changeable: [],
};
