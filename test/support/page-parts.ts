import type { PageBlock } from './page-blocks.ts';

/** Whether a block is of a part that is about Ceph, so that its commands need a cluster. */
export function needsCeph({ page, heading }: PageBlock): boolean {
  return page === 'docs/guide/ceph.md' || (page === 'README.md' && heading === 'On Ceph');
}
