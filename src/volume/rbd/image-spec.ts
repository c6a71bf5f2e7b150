import { Failure } from '../../base/failure.ts';

/** Where the images of a store lie. */
export interface ImagePlace {
  readonly pool: string;
  /** Of the pool; the default one when left out, or empty. */
  readonly namespace?: string;
}

/** As Ceph's own tools name an image: `pool/image` or `pool/namespace/image`. */
export function imageSpec({ pool, namespace }: ImagePlace, name: string): string {
  return [pool, namespace, name].filter(Boolean).join('/');
}

/** Longer names fit into no object name that Ceph takes with its prefixes. */
const IMAGE_NAME_LENGTH_MAX = 128;

/** `Failure('volumeBadName')` for what Ceph's tools would read as something else than an image. */
export function checkImageName(name: string): void {
  if (name.length <= IMAGE_NAME_LENGTH_MAX && /^[A-Za-z0-9_.:][A-Za-z0-9_.:-]*$/.test(name)) return;
  throw new Failure('volumeBadName', `${JSON.stringify(name)} is not a valid image name`, {
    name,
  });
}
