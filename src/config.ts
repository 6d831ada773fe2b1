import { availableParallelism } from 'node:os'
import path from 'node:path'
import { AppError } from './errors.ts'
import { readPresets } from './presets.ts'
import type { Presets } from './variant.ts'

/** The environment contract. The README's table is this list; test/tidy.test.ts keeps them equal. */
export const VARIABLES = [
  { name: 'PORT', default: '4000', meaning: 'Port of the API; 0 picks a free one.' },
  { name: 'HOST', default: '127.0.0.1', meaning: 'Address that the API listens on.' },
  { name: 'DATA_DIR', default: '.afterimage', meaning: 'Embedded Postgres, filesystem stores, generated secrets.' },
  { name: 'DATABASE_URL', default: 'embedded Postgres', meaning: '`postgres://…`: use this Postgres instead.' },
  {
    name: 'ADMIN_TOKEN',
    default: 'generated, kept in `DATA_DIR/admin-token`',
    meaning: 'Bearer token of the mutations.',
  },
  {
    name: 'URL_SECRET',
    default: 'generated, kept in `DATA_DIR/url-secret`',
    meaning: 'Keys the versions in image URLs; all processes need the same.',
  },
  {
    name: 'PUBLIC_IMAGE_URL',
    default: '`http://HOST:PORT/images`',
    meaning: 'Prefix of every image URL: the CDN in production.',
  },
  { name: 'PRESETS_FILE', default: 'presets.json', meaning: 'The presets; a watermark path in it is relative to it.' },
  { name: 'RENDERERS', default: 'one per core', meaning: 'Renderer processes of one API or worker process.' },
  { name: 'DEMO', default: 'on', meaning: '`off`: `npm start` begins with an empty catalogue.' },
] as const

/** Our own, wherever the program is started. */
const OWN_PRESETS = path.join(import.meta.dirname, '../presets.json')

export interface Config {
  readonly port: number
  readonly host: string
  /** Absolute. */
  readonly dataDir: string
  /** Null: the embedded Postgres in `dataDir`. */
  readonly databaseUrl: string | null
  /** Null: kept in `dataDir`. */
  readonly adminToken: string | null
  readonly urlSecret: string | null
  /** Without a trailing slash; null: this server's own `/images`. */
  readonly publicImageUrl: string | null
  readonly presets: Presets
  readonly renderers: number
  readonly demo: boolean
  /** Where the user stood: npm runs its scripts in the project. */
  readonly invokedFrom: string
  /** The environment of a child process of ours: our own, with the database that we chose. */
  readonly childEnv: (databaseUrl: string) => Record<string, string | undefined>
}

type Env = Readonly<Record<string, string | undefined>>

/** The environment as a frozen config. Throws one CONFIG error that names every bad variable. */
export function loadConfig(env: Env = process.env): Config {
  const problems: string[] = []
  const read = <T>(name: (typeof VARIABLES)[number]['name'], fallback: T, parse: (text: string) => T | Problem): T => {
    const text = env[name]?.trim()
    if (!text) return fallback
    const value = parse(text)
    if (!(value instanceof Problem)) return value
    problems.push(`${name}=${secret(name, text)}: ${value.sentence}`)
    return fallback
  }

  const presetsFile = path.resolve(read('PRESETS_FILE', OWN_PRESETS, (text) => text))
  const { presets, problems: presetProblems } = readPresets(presetsFile)
  problems.push(...presetProblems.map((problem) => `PRESETS_FILE: ${problem}`))

  const config: Config = {
    port: read('PORT', 4000, integer(0, 65535)),
    host: read('HOST', '127.0.0.1', (text) =>
      /^[\w.:-]+$/.test(text) ? text : new Problem('not a host name or address'),
    ),
    dataDir: path.resolve(read('DATA_DIR', '.afterimage', (text) => text)),
    databaseUrl: read(
      'DATABASE_URL',
      null,
      url(['postgres:', 'postgresql:'], 'postgres://user:password@host:5432/name'),
    ),
    adminToken: read('ADMIN_TOKEN', null, token),
    urlSecret: read('URL_SECRET', null, token),
    publicImageUrl:
      read('PUBLIC_IMAGE_URL', null, url(['http:', 'https:'], 'https://images.example.com'))?.replace(/\/+$/, '') ??
      null,
    presets,
    renderers: read('RENDERERS', availableParallelism(), integer(1, 256)),
    demo: read('DEMO', true, (text) =>
      text === 'on' ? true : text === 'off' ? false : new Problem('must be on or off'),
    ),
    invokedFrom: env.INIT_CWD ?? '.',
    childEnv: (databaseUrl) => ({ ...env, DATABASE_URL: databaseUrl }),
  }
  if (problems.length > 0) {
    throw new AppError('CONFIG', `The configuration is wrong:\n${problems.map((problem) => `  ${problem}`).join('\n')}`)
  }
  return Object.freeze(config)
}

class Problem {
  readonly sentence: string
  constructor(sentence: string) {
    this.sentence = sentence
  }
}

const integer = (min: number, max: number) => (text: string) => {
  const value = Number(text)
  return /^\d+$/.test(text) && value >= min && value <= max
    ? value
    : new Problem(`must be a whole number from ${min} to ${max}`)
}

const url = (protocols: string[], example: string) => (text: string) => {
  const parsed = URL.canParse(text) ? new URL(text) : null
  return parsed && protocols.includes(parsed.protocol) ? text : new Problem(`must be a URL like ${example}`)
}

const token = (text: string) =>
  /^[\x21-\x7e]+$/.test(text) ? text : new Problem('must be printable ASCII without spaces')

/** A secret's value stays out of messages and logs. */
const secret = (name: string, text: string) => (/TOKEN|SECRET|DATABASE_URL/.test(name) ? '…' : JSON.stringify(text))
