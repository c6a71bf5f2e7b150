import { makeOwnedFolder, removeOwnedFolder } from '../../src/host/owned-folder.ts';

const PREFIX = 'allpath-demo-';

/** A store for one demo; also removes the stores of killed demos. */
export async function makeTemporaryStore(parent?: string): Promise<string> {
  return await makeOwnedFolder({ prefix: PREFIX, ...(parent === undefined ? {} : { parent }) });
}

export async function removeTemporaryStore(folder: string): Promise<void> {
  await removeOwnedFolder(folder);
}
