import { pattern, type Read } from './values.ts'

/** The environment variables that say where both stores are: a part of variables.ts. */
export const BUCKET_VARIABLES = [
  {
    name: 'ORIGINALS_BUCKET',
    default: 'directory `DATA_DIR/originals`',
    meaning: 'Private S3 bucket of the originals; needs `PREVIEWS_BUCKET` too.',
  },
  {
    name: 'PREVIEWS_BUCKET',
    default: 'directory `DATA_DIR/previews`',
    meaning: 'S3 bucket that the CDN serves pictures from.',
  },
] as const

/** Where both stores are; a branch for each provider, which src/store/open.ts opens. */
export type Buckets = { readonly provider: 's3'; readonly originals: string; readonly previews: string }

/**
 * From the environment; null: directories in `DATA_DIR`.
 * @param report takes the sentence of a problem
 */
export function readBuckets(read: Read<typeof BUCKET_VARIABLES>, report: (problem: string) => void): Buckets | null {
  const bucket = pattern(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'a bucket name')
  const originals = read<string | null>('ORIGINALS_BUCKET', null, bucket)
  const previews = read<string | null>('PREVIEWS_BUCKET', null, bucket)
  if (originals && originals === previews)
    report(`ORIGINALS_BUCKET and PREVIEWS_BUCKET are both ${originals}: originals are private, so use two buckets.`)
  return originals && previews ? { provider: 's3', originals, previews } : null
}
