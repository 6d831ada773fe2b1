/** Seconds of a clock value in SMIL or CSS: `1.2s`, `600ms`, `00:01:30`, `2`; null for `indefinite` and events. */
export function secondsOf(text: string | undefined): number | null {
  const trimmed = text?.trim() ?? ''
  const [, number, unit] = /^([+-]?(?:\d+(?:\.\d*)?|\.\d+))(ms|s|min|h)?$/.exec(trimmed) ?? []
  if (number !== undefined) return Number(number) * ({ ms: 0.001, s: 1, min: 60, h: 3600 }[unit ?? 's'] ?? 1)
  const clock = /^(?:(\d+):)?(\d{1,2}):(\d{1,2}(?:\.\d+)?)$/.exec(trimmed)
  return clock ? Number(clock[1] ?? 0) * 3600 + Number(clock[2]) * 60 + Number(clock[3]) : null
}

const NUMBER = /[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?/gi

/** Interpolates two values number by number; the nearer one if they differ in more than numbers. */
export function mix(from: string, to: string, share: number): string {
  if (from === to || share <= 0) return from
  const isAlike =
    from.length < 100_000 &&
    from.replaceAll(NUMBER, '0').replaceAll(/[\s,]+/g, ' ') === to.replaceAll(NUMBER, '0').replaceAll(/[\s,]+/g, ' ')
  // Digits of hexadecimal colours are not numbers.
  if (!isAlike || from.includes('#')) return share < 0.5 ? from : to
  const targets = to.match(NUMBER) ?? []
  let index = 0
  return from.replaceAll(NUMBER, (number) => {
    const target = Number(targets[index++] ?? number)
    return String(Number((Number(number) + (target - Number(number)) * share).toPrecision(8)))
  })
}

/**
 * A list of values interpolated at a fraction of its duration. @param times fraction at which each value is reached, 0 to 1; evenly
 * spaced by default
 */
export function valueAt(values: readonly string[], share: number, times: readonly number[] | null): string | null {
  const count = values.length
  if (count === 0) return null
  const timeOf = (index: number) => times?.[index] ?? (count > 1 ? index / (count - 1) : 0)
  let index = 0
  while (index + 1 < count && timeOf(index + 1) <= share) index++
  const [from, to] = [values[index] as string, values[index + 1]]
  if (to === undefined) return from
  const length = timeOf(index + 1) - timeOf(index)
  return mix(from, to, length > 0 ? (share - timeOf(index)) / length : 1)
}
