import type { Preset } from '../core/variant.ts'
import { readStates, type VariantState } from '../variants/states.ts'

interface Batch {
  readonly itemIds: Set<number>
  readonly presets: Map<string, Preset>
  readonly states: Promise<ReadonlyMap<string, ReadonlyMap<number, VariantState>>>
}

/**
 * Loads what is known about items' pictures: everything requested in the same turn of the event loop shares one statement. A page
 * requests hundreds, so they also share a promise, where a DataLoader would create one for each.
 */
export function createStates(app: Parameters<typeof readStates>[0]) {
  let open: Batch | null = null

  const begin = (): Batch => {
    const [itemIds, presets] = [new Set<number>(), new Map<string, Preset>()]
    const collected = new Promise((resolve) => setImmediate(resolve))
    const states = collected.then(() => {
      open = null
      return readStates(app, { itemIds: [...itemIds], presets: [...presets.values()] })
    })
    return { itemIds, presets, states }
  }

  return (itemId: number, preset: Preset | null): Promise<VariantState> => {
    open ??= begin()
    const { itemIds, presets, states } = open
    itemIds.add(itemId)
    if (preset) presets.set(preset.name, preset)
    return states.then((byPreset) => byPreset.get(preset?.name ?? '')?.get(itemId) ?? UNKNOWN)
  }
}

/** For an item that has been deleted meanwhile. */
const UNKNOWN: VariantState = { isGone: false, failure: null, images: {} }
