import type { Sample } from './sample.ts'

const [WIDTH, PANEL, GAP, LEFT] = [900, 110, 34, 90]

/** The samples as one SVG: a panel for each value that must stay flat, over the run's minutes. */
export function drawChart(samples: readonly Sample[]): string {
  const rates = samples.map((sample, index) => {
    const before = samples[Math.max(0, index - 1)] ?? sample
    const seconds = (sample.atMs - before.atMs) / 1000
    return seconds > 0 ? (sample.done - before.done) / seconds : 0
  })
  const panels: [string, number[]][] = [
    ['items/s', rates],
    ['worker RSS, MB', samples.map(({ workerMb }) => workerMb)],
    ['largest renderer RSS, MB', samples.map(({ rendererMb }) => rendererMb)],
    ['Postgres PSS, MB', samples.map(({ postgresMb }) => postgresMb)],
    ['rows in the jobs table', samples.map(({ jobs }) => jobs)],
    ['dead tuples', samples.map(({ deadTuples }) => deadTuples)],
    ['database, bytes an item', samples.map(({ databaseMb, done }) => (done > 0 ? (databaseMb * 1e6) / done : 0))],
  ]
  const from = samples[0]?.atMs ?? 0
  const minutes = samples.map(({ atMs }) => (atMs - from) / 60_000)
  const height = panels.length * (PANEL + GAP) + GAP
  const drawn = panels.map(([title, values], index) =>
    drawPanel(title, values, { minutes, top: GAP + index * (PANEL + GAP) }),
  )
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="12">
<title>A backfill over time</title>
<rect width="100%" height="100%" fill="#fff"/>
${drawn.join('\n')}
</svg>
`
}

function drawPanel(
  title: string,
  values: readonly number[],
  { minutes, top }: { minutes: readonly number[]; top: number },
): string {
  const last = minutes.at(-1) || 1
  // The first sample of a rate or a ratio is meaningless, so the scale comes from the rest.
  const max = Math.max(...values.slice(2), 1)
  const x = (minute: number) => LEFT + (minute / last) * (WIDTH - LEFT - 20)
  const y = (value: number) => top + PANEL - (Math.min(value, max) / max) * PANEL
  const points = values.map((value, index) => `${x(minutes[index] ?? 0).toFixed(1)},${y(value).toFixed(1)}`)
  return `<g>
<text x="${LEFT}" y="${top - 8}" font-weight="bold">${title}</text>
<path d="M${LEFT} ${top}V${top + PANEL}H${WIDTH - 20}" fill="none" stroke="#999"/>
<text x="${LEFT - 6}" y="${top + 10}" text-anchor="end">${format(max)}</text>
<text x="${LEFT - 6}" y="${top + PANEL}" text-anchor="end">0</text>
<text x="${WIDTH - 20}" y="${top + PANEL + 16}" text-anchor="end">${last.toFixed(1)} min</text>
<polyline points="${points.join(' ')}" fill="none" stroke="#06c" stroke-width="1.5"/>
</g>`
}

const format = (value: number) => (value >= 100 ? Math.round(value).toString() : value.toFixed(1))
