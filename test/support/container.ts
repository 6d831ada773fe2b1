import { readFileSync } from 'node:fs'
import path from 'node:path'

const FILE = path.join(import.meta.dirname, '../../Dockerfile')

/** What the image's Dockerfile says. */
export function readDockerfile() {
  const text = readFileSync(FILE, 'utf8')
  return {
    text,
    /** The shell command. */
    healthCheck: /^HEALTHCHECK [^\n]*\\\n\s+CMD (.*)$/m.exec(text)?.[1] ?? '',
    stages: [...text.matchAll(/^FROM (\S+)(?: AS (\S+))?$/gm)].map(([, base = '', name = '']) => ({ base, name })),
  }
}
