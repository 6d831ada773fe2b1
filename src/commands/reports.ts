import { COVERAGE, EXPLAIN, FAILURES, PRESETS, REGENERATE } from './documents.ts'
import { createOutput } from './output.ts'
import { allPages } from './pages.ts'
import { withService } from './service.ts'

const print = (line: string) => process.stdout.write(`${line}\n`)

interface Reported {
  readonly json?: boolean
  readonly vendor?: string
}
const scopeOf = ({ vendor }: Reported) => (vendor ? { vendor } : undefined)

interface Coverage {
  readonly preset: string
  readonly total: number
  readonly ready: number
  readonly stale: number
  readonly failed: number
  readonly missing: number
  readonly isExact: boolean
}

/** Prints a line for each preset. */
export async function printCoverage(options: Reported): Promise<number> {
  const scope = scopeOf(options)
  const { coverage } = await withService((ask) => ask<{ coverage: readonly Coverage[] }>(COVERAGE, { scope }))
  if (options.json) print(JSON.stringify(coverage))
  else
    for (const { preset, total, ready, stale, failed, missing, isExact } of coverage) {
      const share = total === 0 ? 100 : Math.floor((100 * ready) / total)
      const counts = `${ready} of ${total} ready, ${stale} stale, ${missing} missing, ${failed} failed`
      print(`${preset.padEnd(16)} ${String(share).padStart(3)} %  ${counts}${isExact ? '' : ' (being counted)'}`)
    }
  return 0
}

interface Failure {
  readonly code: string
  readonly message: string
  readonly remedy: string
  readonly attempts: number
  readonly lastAt: string
  readonly item: { readonly uniqueId: string; readonly slug: string; readonly vendor: { readonly username: string } }
}

/** Prints a line for each item that cannot be drawn, or a JSON object; if there is none, says so on stderr. */
export async function printFailures(options: Reported & { code?: string; limit: number }): Promise<number> {
  const { json, code, limit } = options
  const variables = { in: scopeOf(options), code }
  await withService(async (ask) => {
    const failures = allPages<Failure>(ask, { query: FAILURES, field: 'failures', variables, limit })
    let count = 0
    for await (const failure of failures) {
      count++
      const { item, message } = failure
      print(
        json
          ? JSON.stringify(failure)
          : `${item.vendor.username}/${item.slug} (${item.uniqueId}): ${failure.code} ${message}`,
      )
    }
    if (count === 0) process.stderr.write('There are no failures to show.\n')
  })
  return 0
}

interface Explanation {
  readonly kind: string
  readonly sentence: string
  readonly remedy: string | null
  readonly cdn: string
  readonly stored: boolean | null
  readonly objectKey: string | null
}

/** Prints what an address leads to and what became of it. */
export async function explain(subject: string, { json }: Reported): Promise<number> {
  const asked = await withService((ask) => ask<{ explain: Explanation }>(EXPLAIN, { url: subject }))
  const { kind, sentence, remedy, cdn, stored, objectKey } = asked.explain
  if (json) print(JSON.stringify(asked.explain))
  else {
    print(`${kind}: ${sentence}`)
    if (objectKey) print(`object   ${objectKey}${stored === null ? '' : stored ? ', stored' : ', not stored'}`)
    print(`viewers  ${cdn}`)
    if (remedy) print(`remedy   ${remedy}`)
  }
  return kind === 'UNKNOWN' ? 1 : 0
}

interface Preset {
  readonly name: string
  readonly width: number
  readonly height: number
  readonly formats: readonly string[]
  readonly background: string | null
  readonly watermark: boolean
  readonly backfill: boolean
}

/** Prints a line for each preset. */
export async function printPresets({ json }: Reported): Promise<number> {
  const { presets } = await withService((ask) => ask<{ presets: readonly Preset[] }>(PRESETS))
  if (json) print(JSON.stringify(presets))
  else
    for (const { name, width, height, formats, background, watermark, backfill } of presets) {
      const facts = [
        `${width} x ${height} px`,
        formats.join(' '),
        background ?? 'transparent',
        watermark ? 'with a watermark' : '',
        backfill ? '' : 'on request only',
      ]
      print(`${name.padEnd(16)} ${facts.filter(Boolean).join(', ')}`)
    }
  return 0
}

/** Composes a family's preview again. */
export async function regeneratePreview(
  family: string,
  {
    json,
    ...options
  }: { layout?: string; seed?: number; pin?: readonly string[]; exclude?: readonly string[]; json?: boolean },
): Promise<number> {
  const { say, result } = createOutput({ json })
  const { regeneratePreview: composed } = await withService((ask) =>
    ask<{ regeneratePreview: object }>(REGENERATE, { family, ...options }),
  )
  say(`the preview of ${family} is being composed`)
  result(composed)
  return 0
}
