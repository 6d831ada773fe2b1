import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { chmod, readdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { loadConfig } from '../src/core/config.ts'
import { VARIABLES } from '../src/core/variables.ts'
import { readDockerfile } from './support/container.ts'
import { tempDirectory } from './support/setup.ts'

const ROOT = path.join(import.meta.dirname, '..')
const read = (file: string) => readFileSync(path.join(ROOT, file), 'utf8')

/** The fields of a service that we use; https://docs.docker.com/reference/compose-file/services/ */
interface Service {
  readonly image?: string
  readonly build?: string | { dockerfile_inline: string }
  readonly user: string
  readonly command?: string[]
  readonly entrypoint?: string[]
  readonly environment: Record<string, string | number>
  readonly volumes?: string[]
  readonly tmpfs?: string[]
  readonly ports?: string[]
  readonly depends_on?: Record<string, { condition: string }>
  readonly healthcheck?: { test: string[] }
  readonly restart: string
  readonly [other: string]: unknown
}

const SAMPLES: Record<string, string> = {
  POSTGRES_PASSWORD: 'sample-password',
  S3_SECRET_KEY: 'sample-s3-key',
  ADMIN_TOKEN: 'sample-token',
  URL_SECRETS: 'sample-secret',
}
const asked = new Set<string>()

/** Docker compose's variable substitution: `${NAME:?why}` is required, `${NAME:-default}` is not. */
const compose = read('docker-compose.yml').replaceAll(
  /\$\{(\w+)(?::([?-])([^}]*))?\}/g,
  (_all, name: string, kind: string, text: string) => {
    if (kind === '-') return text
    asked.add(name)
    return SAMPLES[name] ?? ''
  },
)
const { services, volumes } = parse(compose, { merge: true }) as {
  services: Record<string, Service>
  volumes: Record<string, null>
}
const all = Object.entries(services)
const service = (name: string) => services[name] as Service
const ours = all.filter(([, { build }]) => build === '.')
const { text: dockerfile, healthCheck, stages } = readDockerfile()

/** The port of each service, from its own configuration. */
const LISTENS: Record<string, string> = {
  postgres: '5432',
  s3: service('s3').command?.[1]?.replace(':', '') ?? '',
  cdn: String(service('cdn').environment.CDN_PORT),
  api: VARIABLES.find(({ name }) => name === 'PORT')?.default ?? '',
  prometheus: '9090',
  grafana: '3000',
  backup: '*.dump',
}

describe('docker-compose.yml', () => {
  it('has the parts of the system, and requires each secret', () => {
    expect(all.map(([name]) => name)).toEqual([
      'postgres',
      's3',
      'buckets',
      'cdn',
      'api',
      'worker',
      'backup',
      'prometheus',
      'grafana',
    ])
    expect([...asked].sort()).toEqual(Object.keys(SAMPLES).sort())
    // A fixed name or host port would prevent a second one.
    expect(service('worker')).not.toHaveProperty('ports')
    expect(service('api').ports).toEqual(['127.0.0.1:4000-4009:4000'])
    for (const name of ['api', 'worker']) expect(service(name)).not.toHaveProperty('container_name')
    for (const [name, { image = ':1.0' }] of all)
      expect([name, image]).toEqual([name, expect.stringMatching(/:v?\d+\.\d+/)])
    for (const name of ['prometheus', 'grafana']) {
      expect(service(name).profiles).toEqual(['watch'])
      for (const port of service(name).ports ?? []) expect(port).toMatch(/^127\.0\.0\.1:/)
    }
  })

  it.each(all)('%s runs confined: no root, no capabilities, a read-only root, limited resources', (_name, one) => {
    expect(one).toMatchObject({
      read_only: true,
      init: true,
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
    })
    expect(one.user).toMatch(/^[1-9]\d*:[1-9]\d*$/)
    expect(one.logging).toMatchObject({ options: { 'max-size': expect.anything(), 'max-file': expect.anything() } })
    for (const limit of ['cpus', 'mem_limit', 'pids_limit']) expect(one).toHaveProperty(limit)
    for (const way of ['privileged', 'cap_add', 'pid', 'network_mode', 'devices']) expect(one).not.toHaveProperty(way)
    for (const mount of one.volumes ?? []) {
      const [source = '', , mode] = mount.split(':')
      if (source.startsWith('.'))
        expect([mode, existsSync(path.join(ROOT, source)), mount]).toEqual(['ro', true, mount])
      else expect(volumes).toHaveProperty(source)
    }
  })

  it.each(ours)('%s starts a program of the image with an environment that it accepts', (_name, one) => {
    const [program, ...args] = one.command ?? []
    const file = args.at(-1) ?? ''
    expect(program).toBe('node')
    expect(existsSync(path.join(ROOT, file))).toBe(true)
    expect(dockerfile).toMatch(new RegExp(`^COPY ${file.split('/')[0]} `, 'm'))
    expect(dockerfile).toMatch(/^USER node$/m)
    const names: string[] = VARIABLES.map(({ name }) => name)
    expect(Object.keys(one.environment).filter((name) => !names.includes(name))).toEqual([])
    const env = Object.fromEntries(Object.entries(one.environment).map(([name, value]) => [name, String(value)]))
    const config = loadConfig({ ...env, ...dockerfileEnv() })
    expect(config.port).toBe(Number(LISTENS.api))
    expect(config.host).toBe('0.0.0.0')
    // With all of these set there is nothing to store in DATA_DIR, and the root is read-only.
    expect([config.adminTokens[0] ?? null, config.urlSecrets, config.databaseUrl, config.buckets]).not.toContain(null)
    expect(one.volumes ?? []).toEqual([])
  })

  it('waits for healthy services, and every address in it leads to a service that listens there', () => {
    for (const [name, { depends_on = {} }] of all) {
      for (const [other, { condition }] of Object.entries(depends_on)) {
        const expected = service(other).restart === 'no' ? 'service_completed_successfully' : 'service_healthy'
        expect([name, other, condition]).toEqual([name, other, expected])
      }
    }
    const addresses = [...compose.matchAll(/(?:@|:\/\/)(\w+):(\d+)/g)].filter(([, host = '']) => host in services)
    expect(addresses.length).toBeGreaterThan(3)
    for (const [, host = '', port] of addresses) expect([host, port]).toEqual([host, LISTENS[host]])
    for (const [name, { ports = [] }] of all)
      for (const port of ports) expect([name, port.split(':').at(-1)]).toEqual([name, LISTENS[name]])
    const own = new URL(String(service('api').environment.PUBLIC_IMAGE_URL))
    expect(service('cdn').ports).toEqual([`${own.port}:${LISTENS.cdn}`])
  })

  it('checks the health of every long-running service at its own port', () => {
    for (const [name, { build, healthcheck, restart }] of all) {
      if (restart === 'no') continue
      // The image has one of its own.
      if (build === '.') continue
      const test = healthcheck?.test.join(' ') ?? ''
      const port = /(?:127\.0\.0\.1:|-p )(\d+)|\*\.dump/.exec(test)
      expect([name, port?.[1] ?? port?.[0]]).toEqual([name, LISTENS[name]])
    }
    expect(service('s3').command?.slice(2, 4)).toEqual(['--health', '/health'])
    expect(service('s3').healthcheck?.test.at(-1)).toMatch(/\/health$/)
    expect(service('cdn').healthcheck?.test.at(-1)).toMatch(/\/healthz$/)
    expect(read('deploy/cdn.nginx.conf')).toContain('location = /healthz')
  })

  it('gives the CDN all variables of its template, and a writable place for its files', () => {
    const { environment, command = [], volumes: mounts = [], tmpfs = [] } = service('cdn')
    const wanted = new Set([...read('deploy/cdn.nginx.conf').matchAll(/\$\{(\w+)\}/g)].map(([, name]) => name))
    const given = Object.keys(environment).filter((name) => name.startsWith('CDN_'))
    expect(given.sort()).toEqual([...wanted].sort())
    // The nginx image writes each template there, without its extension.
    const [template] = mounts.map((mount) => mount.split(':')[1] ?? '')
    expect(template).toBe(`/etc/nginx/templates/${path.basename(command[2] ?? '')}.template`)
    expect(path.dirname(command[2] ?? '')).toBe(environment.NGINX_ENVSUBST_OUTPUT_DIR)
    expect(tmpfs.map((at) => at.split(':')[0])).toContain(environment.CDN_DIR)
    const { PREVIEWS_BUCKET, AWS_ENDPOINT_URL_S3 } = service('api').environment
    expect(environment.CDN_BUCKET).toBe(`${AWS_ENDPOINT_URL_S3}/${PREVIEWS_BUCKET}`)
  })

  it('creates the buckets with a script that has all its variables', () => {
    const { entrypoint = [], volumes: mounts = [], environment } = service('buckets')
    expect(mounts).toEqual([`./deploy/buckets.sh:${entrypoint[1]}:ro`])
    expect(spawnSync('sh', ['-n', path.join(ROOT, 'deploy/buckets.sh')]).status).toBe(0)
    const script = read('deploy/buckets.sh')
    const [, cors = ''] = /^cors='(.+)'$/m.exec(script) ?? []
    expect(script).toContain(`cors_md5='${createHash('md5').update(cors).digest('base64')}'`)
    const used = [...script.matchAll(/\$([A-Z][A-Z0-9_]+)/g)].map(([, name = '']) => name)
    expect([...new Set(used)].sort()).toEqual(Object.keys(environment).sort())
    const { ROOT_ACCESS_KEY, ROOT_SECRET_KEY } = service('s3').environment
    const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY } = environment
    expect([AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY]).toEqual([ROOT_ACCESS_KEY, ROOT_SECRET_KEY])
  })
})

describe('the image', () => {
  it('has no npm, no development packages and no root, and a health check without a Node', () => {
    expect(stages.map(({ name }) => name)).toEqual(['build', 'base', ''])
    expect(stages.at(-1)?.base).toBe('scratch')
    expect(dockerfile).toMatch(/^ARG NODE=node:24\.\d+\.\d+-bookworm-slim@sha256:/m)
    expect(healthCheck).toMatch(/^find "\$HEARTBEAT_FILE"/)
    expect(loadConfig({ ...dockerfileEnv() }).heartbeatFile).toBe('/tmp/heartbeat')
    // The Node that compiles the renderers runs them.
    expect(dockerfile).toContain(process.version.slice(1))
  })
})

it('every image of others is of a version and a digest: what a tag names may change', () => {
  const named = ['Dockerfile', 'docker-compose.yml'].flatMap((file) =>
    [...read(file).matchAll(/(?:^ARG NODE=|image: |FROM )(?!afterimage|scratch|\$|build|base)(\S+)/gm)].map(
      ([, image]) => image,
    ),
  )
  expect(named.length).toBeGreaterThan(6)
  for (const image of named) expect(image).toMatch(/^[\w./-]+:v?\d[\w.-]*@sha256:[0-9a-f]{64}$/)
})

describe('the backup', () => {
  it('keeps the last dumps, and the older ones when one fails', async () => {
    const folder = await tempDirectory()
    const bin = await tempDirectory()
    const pgDump = path.join(bin, 'pg_dump')
    await writeFile(
      pgDump,
      '#!/bin/sh\nfor one; do case $one in --file=*) echo data > "$(echo "$one" | cut -c8-)";; esac; done\n',
    )
    await chmod(pgDump, 0o755)
    for (const day of ['01', '02', '03']) await writeFile(path.join(folder, `afterimage-202601${day}T000000Z.dump`), '')
    const run = () =>
      spawnSync('sh', [path.join(ROOT, 'deploy/backup.sh'), 'once'], {
        env: { PATH: `${bin}:${process.env.PATH}`, FOLDER: folder, KEEP: '3' },
      }).status
    expect(run()).toBe(0)
    const kept = (await readdir(folder)).sort()
    expect(kept.slice(0, 2)).toEqual(['afterimage-20260102T000000Z.dump', 'afterimage-20260103T000000Z.dump'])
    expect([kept.length, /^afterimage-\d{8}T\d{6}Z\.dump$/.test(kept[2] ?? '')]).toEqual([3, true])
    await writeFile(pgDump, '#!/bin/sh\nexit 1\n')
    expect([run(), (await readdir(folder)).sort()]).toEqual([1, kept])
  })
})

/** The image's own environment. */
function dockerfileEnv(): Record<string, string> {
  const pairs = [...dockerfile.matchAll(/^ENV (.+)$/gm)].flatMap(([, line = '']) => line.split(' '))
  return Object.fromEntries(pairs.map((pair) => pair.split('=') as [string, string]))
}
