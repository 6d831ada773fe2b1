import { headers, RequestError } from '../../data/client.ts'

/** Saves /failures.jsonl as a file: all failures, or those of one backfill. The token goes in a header, never in the address. */
export async function downloadFailures(backfill: string): Promise<void> {
  const response = await fetch(`/failures.jsonl${backfill ? `?backfill=${encodeURIComponent(backfill)}` : ''}`, {
    headers: headers(),
  })
  if (!response.ok) throw new RequestError('UNAVAILABLE', (await response.text()).trim())
  const link = document.createElement('a')
  link.href = URL.createObjectURL(await response.blob())
  link.download = 'failures.jsonl'
  link.click()
  URL.revokeObjectURL(link.href)
}
