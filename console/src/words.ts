/** Numbers, times and names as the pages print them. */

const whole = new Intl.NumberFormat('en')
const compact = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 })

export const count = (value: number): string => whole.format(Math.round(value))
/** For places with little room: 390k. */
export const short = (value: number): string => (value < 10_000 ? count(value) : compact.format(value))

/** `1 item`, `2,000 items` */
export const plural = (value: number, one: string, many = `${one}s`): string =>
  `${count(value)} ${value === 1 ? one : many}`

/** Never says 0 % or 100 % of what is only nearly that. */
export function percent(part: number, total: number): string {
  if (total <= 0) return '0 %'
  const value = (part / total) * 100
  const rounded = value > 0 && value < 1 ? 1 : value < 100 && value > 99 ? 99 : Math.round(value)
  return `${rounded} %`
}

/** In units of 1000, as disks and downloads are counted: `1.5 MB`. */
export function bytes(value: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let scaled = value
  let unit = 0
  while (scaled >= 1000 && unit < units.length - 1) {
    scaled /= 1000
    unit++
  }
  return `${scaled < 10 && unit > 0 ? scaled.toFixed(1) : count(scaled)} ${units[unit]}`
}

export const milliseconds = (value: number): string =>
  value < 1000 ? `${count(value)} ms` : `${(value / 1000).toFixed(1)} s`

/** In the largest unit that says enough: `80 s`, `12 min`, `3 h 20 min`, `5 days`. */
export function duration(seconds: number): string {
  if (seconds < 90) return `${Math.max(0, Math.round(seconds))} s`
  const minutes = Math.round(seconds / 60)
  if (minutes < 90) return `${minutes} min`
  const hours = Math.floor(minutes / 60)
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.round(hours / 24)} days`
}

const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' })
const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' })
const full = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium' })

/** `12:30` today, else `3 Nov, 12:30` */
export function time(iso: string): string {
  const date = new Date(iso)
  return date.toDateString() === new Date().toDateString() ? clock.format(date) : day.format(date)
}
export const fullTime = (iso: string): string => full.format(new Date(iso))

export const ago = (iso: string, now = Date.now()): string => {
  const seconds = (now - new Date(iso).getTime()) / 1000
  return seconds < 5 ? 'just now' : `${duration(seconds)} ago`
}

/** `TOO_COMPLEX` as `Too complex` */
export const sentenceCase = (code: string): string => code.charAt(0) + code.slice(1).toLowerCase().replaceAll('_', ' ')
