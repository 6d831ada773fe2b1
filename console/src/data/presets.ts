import { Presets, type PresetsQuery } from '../generated.ts'
import { useQuery } from './query.ts'

export type Preset = PresetsQuery['presets'][number]

/** Wide enough for a cell of a grid on a dense screen. */
const CELL_PX = 256

/** The presets, and the one whose pictures the grids show: large enough, without watermark, and made by backfills if there is one. */
export function usePresets(): { presets: readonly Preset[]; shown: string | null } {
  const presets = useQuery(Presets, {}).data?.presets ?? []
  const rank = ({ watermark, backfill, width }: Preset) =>
    Number(watermark) * 4 + Number(!backfill) * 2 + Number(width < CELL_PX)
  const [best] = presets.toSorted((a, b) => rank(a) - rank(b) || a.width - b.width)
  return { presets, shown: best?.name ?? null }
}
