/** Runs `work` for each value, `concurrency` at once. The first failure rejects, and no further value is begun. */
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
