/**
 * Lets every promise settle that can settle now. The world needs nothing else of the host's event
 * loop, so everything that happens depends only on the seed.
 */
export function settle(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
