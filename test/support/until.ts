/** Waits until `look` returns something truthy; fails after `limitMs`, which only happens in case of a bug. */
export async function until<T>(look: () => Promise<T | false | null> | T | false | null, limitMs = 60_000): Promise<T> {
  const deadline = Date.now() + limitMs
  for (;;) {
    const value = await look()
    if (value) return value
    if (Date.now() > deadline) throw new Error(`waited ${limitMs} ms in vain: ${look}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
