import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { parseEnv } from 'node:util'
import { type DocumentNode, Kind, parse, print, validate } from 'graphql'
import { parse as parseYaml } from 'yaml'
import { validateManifest } from '../../src/archive/manifest.ts'
import { loadConfig } from '../../src/core/config.ts'
import { readLayouts } from '../../src/core/layouts.ts'
import { readPresets } from '../../src/core/presets.ts'
import { schema } from '../../src/graphql/schema.ts'
import { checkAfterimage } from './check-afterimage.ts'
import { runTsc } from './client-package.ts'
import type { Example } from './markdown.ts'
import { ROOT, read } from './markdown.ts'
import { ADMIN_TOKEN } from './setup.ts'

/** Where examples run: a service, and a directory with the files that they name. */
export interface Reader {
  readonly url: string
  readonly directory: string
}

/** Pages whose queries need no token. */
const WITHOUT_TOKEN = new Set(['docs/front-end.md'])
const ADDRESS = /(?:http:\/\/)?localhost:4000/g

/** Runs an example as its reader would. Throws if it is wrong. */
export async function runExample(example: Example, reader: Reader): Promise<void> {
  const { language, text, name } = example
  switch (language) {
    case 'graphql':
      return await runGraphQL(example, reader)
    case 'sh':
      for (const command of commandsOf(text))
        await runCommand(command, { ...reader, isInfra: example.page.startsWith('infra/') })
      return
    case 'js':
      return await runJavaScript(text, reader)
    case 'ts':
    case 'tsx':
      return await checkTypes(text, { language, directory: reader.directory })
    case 'html':
      return checkHtml(text)
    case 'json':
      return await readJson({ text, name }, reader)
    case 'dotenv':
      loadConfig(parseEnv(text))
      return
    case 'mermaid':
    case '':
      return
    default:
      throw new Error(`nothing checks examples in ${language}`)
  }
}

const results: { createUpload?: { url: string } } = {}

async function runGraphQL({ text, page }: Example, { url }: Reader): Promise<void> {
  const document = parse(text)
  const [error] = validate(schema, document)
  if (error) throw error
  const token = WITHOUT_TOKEN.has(page) ? null : ADMIN_TOKEN
  for (const operation of operationsOf(document)) {
    const answer = await ask(operation, { url, token })
    if (answer.errors) throw new Error(JSON.stringify(answer.errors))
    const empty = Object.entries(answer.data ?? {}).find(([, value]) => value === null)
    if (empty) throw new Error(`${empty[0]} is null`)
    Object.assign(results, answer.data)
  }
}

/** Splits a document into its operations. */
const operationsOf = ({ definitions }: DocumentNode) =>
  definitions.flatMap((definition) => (definition.kind === Kind.OPERATION_DEFINITION ? [definition] : []))

/** The response; for a subscription, the first one. */
async function ask(
  operation: ReturnType<typeof operationsOf>[number],
  { url, token }: { url: string; token: string | null },
): Promise<{ data?: object; errors?: unknown[] }> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: operation.operation === 'subscription' ? 'text/event-stream' : 'application/json',
      ...(token ? { authorization: `Bearer ${token}` } : {}),
    },
    body: JSON.stringify({ query: print(operation) }),
  })
  if (operation.operation !== 'subscription') return (await response.json()) as never
  let read = ''
  for await (const chunk of response.body ?? []) {
    read += Buffer.from(chunk).toString()
    const [, data] = /^data: (\{.*)$/m.exec(read) ?? []
    // Leaving the loop closes the connection.
    if (data) return JSON.parse(data)
  }
  throw new Error(`the subscription ended without an answer: ${read}`)
}

/** Commands of a shell example: one a line, or several lines that end with a backslash or an open quote. */
const commandsOf = (text: string): string[] =>
  text
    .replaceAll('\\\n', ' ')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line && !line.startsWith('#'))

async function runCommand(command: string, { isInfra, ...reader }: Reader & { isInfra: boolean }): Promise<void> {
  if (/^curl\b/.test(command)) return await runCurl(command, reader)
  const words = command.replace(/\s+#.*$/, '').split(/\s+/)
  while (/^[A-Z_]+=/.test(words[0] ?? '')) words.shift()
  const goesThere = words.join(' ').startsWith('cd infra && ')
  const [program, ...rest] = goesThere ? words.slice(3) : words
  if (program === 'npm') return checkNpm(rest, isInfra || goesThere ? 'infra/' : '')
  if (program === 'npx' && rest[0] === 'vitest') return checkThere(rest.slice(2))
  if (program === 'npx' && rest[0] === 'afterimage') return checkAfterimage(rest.slice(1))
  if (program === 'cp') return checkThere(rest.slice(0, 1))
  if (program === 'mkdir') return
  if (program === 'docker' && rest[0] === 'compose') return checkCompose(rest.slice(1))
  throw new Error(`nothing checks the command ${command}`)
}

/** Runs real curl against the test's service; error responses fail. One that follows a subscription ends with the first response. */
async function runCurl(command: string, { url, directory }: Reader): Promise<void> {
  const child = spawn('bash', ['-euc', command.replaceAll(ADDRESS, url)], {
    cwd: directory,
    env: { PATH: process.env.PATH, CURL_HOME: directory, URL: results.createUpload?.url },
    detached: true,
  })
  const isFollowing = / -N /.test(command)
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => {
      said += chunk
      if (isFollowing && /^data: \{.*\n/m.test(said)) process.kill(-(child.pid ?? 0))
    })
  const { code } = await new Promise<{ code: number | null }>((resolve) =>
    child.once('close', (exitCode) => resolve({ code: exitCode })),
  )
  const isFine = isFollowing ? /^data: \{"data"/m.test(said) : code === 0
  if (!isFine || /"errors":\[/.test(said)) throw new Error(`${command} ended with ${code}: ${said}`)
}

/** Checks that the script exists and that its program accepts the flags. */
function checkNpm([script = '', ...rest]: string[], folder: '' | 'infra/'): void {
  const { scripts } = JSON.parse(read(`${folder}package.json`)) as { scripts: Record<string, string> }
  const name = script === 'run' ? (rest.shift() ?? '') : script
  const line = scripts[name]
  if (!line) throw new Error(`${folder}package.json has no script ${name}`)
  const given = rest.includes('--') ? rest.slice(rest.indexOf('--') + 1) : []
  const [, subcommand] = /bin\/afterimage\.ts (\w+)$/.exec(line) ?? []
  if (subcommand) {
    checkAfterimage([subcommand, ...given])
    return
  }
  const flags = given.filter((word) => word.startsWith('--')).map((word) => word.replace(/^--(no-)?/, ''))
  const [, entry] = /^(?:exec )?node .*?([\w./-]+\.ts)/.exec(line) ?? []
  if (!entry) return
  // Each bench is a separate file.
  const named = path.join(path.dirname(entry), `${given[0]}.ts`)
  const files = [entry, ...importsOf(entry), ...(existsSync(path.join(ROOT, named)) ? [named] : [])]
  const program = files.map(read).join('\n')
  const unknown = flags.find((flag) => !new RegExp(`\\b${flag}'?: \\{|--${flag}\\b`).test(program))
  if (unknown) throw new Error(`${entry} has no option --${unknown}`)
}

/** Our own modules that an entry imports. */
const importsOf = (entry: string): string[] =>
  [...read(entry).matchAll(/(?:from|import\() ?'(\.[^']+)'/g)].map(([, to = '']) => path.join(path.dirname(entry), to))

/** Services and files of ours that a command names. */
function checkCompose(words: string[]): void {
  const { services } = parseYaml(read('docker-compose.yml')) as { services: Record<string, unknown> }
  const scaled = words.flatMap((word) => /^(\w+)=\d+$/.exec(word)?.[1] ?? [])
  const [run] = words[0] === 'run' ? words.slice(1).filter((word) => word in services) : [undefined]
  if (words[0] === 'run' && !run) throw new Error('docker compose run names no service')
  const missing = scaled.find((name) => !(name in services))
  if (missing) throw new Error(`docker-compose.yml has no service ${missing}`)
  checkThere(words.filter((word) => word.endsWith('.ts')))
}

function checkThere(files: string[]): void {
  const missing = files.find((file) => !existsSync(path.join(ROOT, file)))
  if (missing) throw new Error(`there is no ${missing}`)
}

async function runJavaScript(text: string, { url, directory }: Reader): Promise<void> {
  const file = path.join(directory, 'example.mjs')
  await writeFile(file, text.replaceAll(ADDRESS, url))
  const child = spawn(process.execPath, [file], { stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (said += chunk))
  const code = await new Promise((resolve) => child.once('close', resolve))
  if (code !== 0 || !said.includes('<img src="http')) throw new Error(`it ended with ${code}: ${said}`)
}

/** Compiles it against the client as npm installs it: see installClient. */
async function checkTypes(
  text: string,
  { language, directory }: { language: string; directory: string },
): Promise<void> {
  const file = path.join(directory, `example.${language}`)
  await writeFile(file, text)
  const flags =
    '--ignoreConfig --noEmit --strict --skipLibCheck --jsx react-jsx --module nodenext --target esnext --lib esnext,dom --types react'
  await runTsc([...flags.split(' '), file])
}

/** Checks that the client exports the imported modules, and that its element observes the given attributes. */
function checkHtml(text: string): void {
  const { name, exports } = JSON.parse(read('packages/client/package.json')) as { name: string; exports: object }
  const modules = [...text.matchAll(/import '([^']+)'/g)].map(([, each = '']) => each.replace(name, '.'))
  const [, tag = ''] = /<afterimage-picture([^>]*)>/.exec(text) ?? []
  const attributes = [...tag.matchAll(/ ([\w-]+)=/g)].map(([, each = '']) => each)
  const [, observed = ''] = /observedAttributes = \[([^\]]*)\]/.exec(read('packages/client/src/element.ts')) ?? []
  const unknown = [
    ...modules.filter((each) => !(each in exports)),
    ...attributes.filter((each) => !observed.includes(`'${each}'`)),
  ]
  if (attributes.length === 0 || unknown.length > 0) throw new Error(`the client has no ${unknown.join(', ')}`)
}

/** Parses the file shown in the example with its own parser. */
async function readJson({ text, name }: { text: string; name: string }, { directory }: Reader): Promise<void> {
  JSON.parse(text)
  if (name === '') return
  const file = path.join(directory, name)
  await writeFile(file, text)
  await mkdir(path.join(directory, 'assets'), { recursive: true })
  await writeFile(path.join(directory, 'assets/watermark.svg'), read('assets/watermark.svg'))
  const parsers: Record<string, () => readonly string[]> = {
    'presets.json': () => readPresets(file).problems,
    'layouts.json': () => readLayouts(file).problems,
    'manifest.json': () => validateManifest(text).kept.map(({ message }) => message),
  }
  const problems = parsers[name]?.()
  if (!problems) throw new Error(`nothing reads ${name}`)
  if (problems.length > 0) throw new Error(problems.join('\n'))
}
