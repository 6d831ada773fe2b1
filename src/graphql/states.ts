import type { Preset } from '../core/variant.ts'
import type { Pg } from '../db/database.ts'
import { readStates, type VariantState } from '../variants/states.ts'

interface Batch {
  readonly itemIds: Set<number>
  readonly presets: Map<string, Preset>
  readonly states: Promise<ReadonlyMap<string, ReadonlyMap<number, VariantState>>>
}

/**
 * A loader of what is known of items' pictures: all that are asked for in the same turn of the event loop are one statement. A page
 * asks for hundreds, so that they share a promise too, where a DataLoader makes one for each.
 */
export function createStates(pg: Pg) {
  let open: Batch | null = null

  const begin = (): Batch => {
    const [itemIds, presets] = [new Set<number>(), new Map<string, Preset>()]
    const collected = new Promise((resolve) => setImmediate(resolve))
    const states = collected.then(() => {
      open = null
      return readStates(pg, { itemIds: [...itemIds], presets: [...presets.values()] })
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

/** Of an item that is gone meanwhile. */
const UNKNOWN: VariantState = { isGone: false, failure: null, images: {} }
