import { AppError } from '../errors.ts'

export interface Slots {
  /** Waits for a free slot and returns its release. Rejects with BUSY when too many wait, or for too long. */
  acquire(): Promise<() => void>
}

/** At most `size` holders at once and at most `waitingMax` who wait, each at most `waitMs`, in the order they came. */
export function openSlots(options: { size: number; waitingMax: number; waitMs: number }): Slots {
  let free = options.size
  const line = new Set<() => void>()

  const releaseOnce = () => {
    let released = false
    return () => {
      if (released) return
      released = true
      const [next] = line
      if (next) next()
      else free++
    }
  }

  return {
    acquire() {
      if (free > 0) {
        free--
        return Promise.resolve(releaseOnce())
      }
      if (line.size >= options.waitingMax) return Promise.reject(busy())
      return new Promise((resolve, reject) => {
        const take = () => {
          clearTimeout(timer)
          line.delete(take)
          resolve(releaseOnce())
        }
        const timer = setTimeout(() => {
          line.delete(take)
          reject(busy())
        }, options.waitMs)
        line.add(take)
      })
    },
  }
}

const busy = () => new AppError('BUSY', 'Too many pictures are being made at this moment; try again in a second.')
