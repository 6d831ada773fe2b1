/** Works on all of the values, `concurrency` at once; the first failure rejects, and no lane begins another value. */
export async function mapConcurrent<T>(
  values: readonly T[],
  concurrency: number,
  work: (value: T) => Promise<unknown>,
): Promise<void> {
  let next = 0
  const lane = async () => {
    while (next < values.length) {
      try {
        await work(values[next++] as T)
      } catch (error) {
        next = values.length
        throw error
      }
    }
  }
  const settled = await Promise.allSettled(Array.from({ length: concurrency }, lane))
  for (const result of settled) if (result.status === 'rejected') throw result.reason
}
