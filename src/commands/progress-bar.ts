import type { Progress } from '../backfill/progress.ts'

const BAR_WIDTH = 30

/** One line: bar, counts, rate and time left. */
function progressLine(progress: Progress): string {
  const { totalItems, doneItems, failedItems, imagesMade, itemsPerSecond, etaSeconds } = progress
  const settled = doneItems + failedItems
  const share = totalItems === 0 ? 0 : settled / totalItems
  const bar = '█'.repeat(Math.round(share * BAR_WIDTH)).padEnd(BAR_WIDTH, '░')
  const parts = [
    `${bar} ${Math.floor(share * 100)} %`,
    `${settled}/${totalItems} items`,
    imagesMade > 0 ? `${imagesMade} images` : '',
    failedItems > 0 ? `${failedItems} failed` : '',
    itemsPerSecond === null ? '' : `${itemsPerSecond.toFixed(1)}/s`,
    etaSeconds === null ? '' : `${duration(etaSeconds)} left`,
  ]
  return parts.filter(Boolean).join('  ')
}

/** `1 h 5 min`, `2 min 3 s`, `4 s`. */
export function duration(seconds: number): string {
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60)]
  if (hours > 0) return `${hours} h ${minutes} min`
  return minutes > 0 ? `${minutes} min ${Math.floor(seconds % 60)} s` : `${Math.floor(seconds)} s`
}

/** Redraws one line on a terminal; elsewhere prints a line for each tenth. */
export function createProgressBar(out: NodeJS.WriteStream) {
  let tenth = -1
  return {
    draw(progress: Progress): void {
      if (out.isTTY) {
        out.write(`\r\x1b[2K${progressLine(progress).slice(0, (out.columns || 100) - 1)}`)
        return
      }
      const reached = Math.floor((10 * (progress.doneItems + progress.failedItems)) / Math.max(progress.totalItems, 1))
      if (reached > tenth && progress.totalItems > 0) out.write(`${progressLine(progress)}\n`)
      tenth = Math.max(tenth, reached)
    },
    end(sentence: string): void {
      out.write(`${out.isTTY ? '\r\x1b[2K' : ''}${sentence}\n`)
    },
  }
}
