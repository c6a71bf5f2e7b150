// Proves on the embedded store that random programs see the same, byte for byte, through one
// gateway and through four. ALLPATH_SEED repeats one program, and ALLPATH_PROGRAMS sets how many
// there are.

import { oneUnitPrograms } from '../one-unit/programs/wire-suite.ts';
import { DocumentCluster } from '../support/document-cluster.ts';

oneUnitPrograms('the embedded store', async (count, document) => {
  return await DocumentCluster.start(count, document);
});
