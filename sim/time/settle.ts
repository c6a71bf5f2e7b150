/**
 * Lets every promise that can settle now do so. The world asks the host's event loop for nothing
 * else, so what happens depends on the seed alone.
 */
export function settle(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
