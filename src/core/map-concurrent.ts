/** Runs `work` for each value, `concurrency` at a time. Rejects with the first failure and starts no further values. */
export async function mapConcurrent<T>(
  values: readonly T[],
  concurrency: number,
  work: (value: T) => Promise<unknown>,
): Promise<void> {
  let next = 0
  const worker = async () => {
    while (next < values.length) {
      try {
        await work(values[next++] as T)
      } catch (error) {
        next = values.length
        throw error
      }
    }
  }
  const settled = await Promise.allSettled(Array.from({ length: concurrency }, worker))
  for (const result of settled) if (result.status === 'rejected') throw result.reason
}
