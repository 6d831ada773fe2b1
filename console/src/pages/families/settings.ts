/** Settings of a draft as the address has them: absent ones are as stored; an empty list is NONE, since '' removes a value. */
export interface DraftSettings {
  readonly seed: number | null
  readonly pin: readonly string[] | null
  readonly exclude: readonly string[] | null
}

const NONE = 'none'
/** The most that the API takes. */
const SEED_MAX = 2 ** 31 - 1

export function readSettings(state: Readonly<Record<string, string | undefined>>): DraftSettings {
  const seed = Number(state.seed)
  return {
    seed: state.seed && Number.isInteger(seed) && seed >= 0 && seed <= SEED_MAX ? seed : null,
    pin: readIds(state.pin),
    exclude: readIds(state.exclude),
  }
}

const readIds = (text: string | undefined): readonly string[] | null =>
  text === undefined ? null : text === NONE ? [] : text.split(',').filter(Boolean)

export const printIds = (ids: readonly string[]): string => (ids.length === 0 ? NONE : ids.join(','))

export const anotherSeed = (): string => String(Math.floor(Math.random() * SEED_MAX))

export const UNCHANGED = { seed: '', pin: '', exclude: '' } as const
