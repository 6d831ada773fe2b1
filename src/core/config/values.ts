import { createPrivateKey } from 'node:crypto'
import { isIP } from 'node:net'

/** Parsers of environment variables' values: each returns the value or a Problem. */

/** A problem of a value, as the end of a sentence that begins with the variable and the value. */
export class Problem {
  readonly sentence: string
  constructor(sentence: string) {
    this.sentence = sentence
  }
}

/** Reads a variable of a table; reports a problem and returns the fallback if its value is not valid. */
export type Read<Variables extends readonly { readonly name: string }[]> = <T>(
  name: Variables[number]['name'],
  fallback: T,
  parse: (text: string) => T | Problem,
) => T

export const integer = (min: number, max: number) => (text: string) => {
  const value = Number(text)
  return /^\d+$/.test(text) && value >= min && value <= max
    ? value
    : new Problem(`must be a whole number from ${min} to ${max}`)
}

export const fraction = (text: string) =>
  /^(?:\d+\.?\d*|\.\d+)$/.test(text) && Number(text) <= 1 ? Number(text) : new Problem('must be a number from 0 to 1')

/** Infinity for `off`. */
export const integerOrOff = (min: number, max: number) => (text: string) => {
  if (/^off$/i.test(text)) return Number.POSITIVE_INFINITY
  const value = integer(min, max)(text)
  return value instanceof Problem ? new Problem(`${value.sentence}, or off`) : value
}

export const url = (protocols: string[], example: string) => (text: string) => {
  const parsed = URL.canParse(text) ? new URL(text) : null
  return parsed && protocols.includes(parsed.protocol) ? text : new Problem(`must be a URL like ${example}`)
}

/** An http URL that paths are appended to, without its trailing slash. */
export const baseUrl = (example: string) => (text: string) => {
  const given = url(['http:', 'https:'], example)(text)
  return given instanceof Problem ? given : given.replace(/\/+$/, '')
}

export const hosts = (text: string) => {
  const names = text.toLowerCase().split(/\s*,\s*/)
  const bad = names.find((name) => !/^[a-z0-9_.:-]{1,253}$/.test(name))
  return bad === undefined ? names : new Problem(`${JSON.stringify(bad)} is not a host name or address`)
}

/** Origins as browsers send them, or null for `*`. */
export const origins = (text: string) => {
  if (text === '*') return null
  const names = text.split(/\s*,\s*/)
  const bad = names.find((name) => !(URL.canParse(name) && /^https?:/.test(name) && new URL(name).origin === name))
  return bad === undefined ? names : new Problem(`${JSON.stringify(bad)} is not an origin like https://www.example.com`)
}

export const networks = (text: string) => {
  const names = text.split(/\s*,\s*/)
  const bad = names.find((name) => !isNetwork(name))
  return bad === undefined
    ? names
    : new Problem(`${JSON.stringify(bad)} is not an address or a network like 10.0.0.0/8`)
}

function isNetwork(text: string): boolean {
  const [address = '', bits] = text.split('/')
  const family = isIP(address)
  return family !== 0 && (bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128)))
}

export const onOrOff = (text: string) =>
  /^(?:on|true|1)$/i.test(text) ? true : /^(?:off|false|0)$/i.test(text) ? false : new Problem('must be on or off')

/** One of a few words. */
export const oneOf =
  <T extends string>(words: readonly T[]) =>
  (text: string) =>
    words.find((word) => word === text) ?? new Problem(`must be ${words.join(' or ')}`)

export const pattern = (shape: RegExp, what: string) => (text: string) =>
  shape.test(text) ? text : new Problem(`not ${what}`)

export const token = (text: string) =>
  /^[\x21-\x7e]+$/.test(text) ? text : new Problem('must be printable ASCII without spaces')

/** A request for an unknown URL costs a hash for each. */
const SECRETS_MAX = 4

/** Comma-separated, without duplicates. */
export const secrets = (text: string) => {
  const values = text.split(/\s*,\s*/)
  if (values.length > SECRETS_MAX)
    return new Problem(`has ${values.length} secrets; at most ${SECRETS_MAX} are allowed: remove the oldest, the last`)
  if (new Set(values).size < values.length) return new Problem('has a secret twice')
  return values.every((value) => value !== '' && !(token(value) instanceof Problem))
    ? values
    : new Problem('must be secrets of printable ASCII without spaces, separated by commas')
}

/** Comma-separated; long enough not to be guessed. */
export const tokens = (text: string) => {
  const given = text.split(/\s*,\s*/)
  const bad = given.find((each) => token(each) instanceof Problem)
  return bad === undefined ? given : new Problem('must be printable ASCII without spaces, separated by commas')
}

/** Where keys come from: over http only from this machine. */
export const jwks = (text: string) => {
  const parsed = url(['https:', 'http:'], 'https://id.example.com/.well-known/jwks.json')(text)
  const isLocal = URL.canParse(text) && /^(localhost|127\.0\.0\.1|\[::1\])$/.test(new URL(text).hostname)
  return parsed instanceof Problem || isLocal || text.startsWith('https:') ? parsed : new Problem('must be https')
}

/** A PEM; `\\n` stands for a line break, for environments with one line a variable. */
export const privateKey = (text: string) => {
  const pem = text.replaceAll('\\n', '\n')
  try {
    createPrivateKey(pem)
    return pem
  } catch {
    return new Problem('must be a private key in PEM, with \\n for line breaks')
  }
}

/** Keeps a secret's value out of messages and logs. */
export const secret = (name: string, text: string) =>
  /TOKEN|SECRET|ACCESS_KEY|PRIVATE_KEY|DATABASE_URL|OTLP/.test(name) ? '…' : JSON.stringify(text)
