import { readdir, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { keepUrlSecrets, loadOrCreateSecret, loadUrlSecrets } from '../src/access/secrets.ts'
import { loadConfig } from '../src/core/config.ts'
import { tempDirectory } from './support/setup.ts'

describe('the configuration', () => {
  it('has the defaults in docs/configuration.md', () => {
    expect(loadConfig({})).toMatchObject({
      port: 4000,
      host: '127.0.0.1',
      databaseUrl: null,
      publicImageUrl: null,
      demo: true,
    })
    expect([...loadConfig({}).presets.values()].map(({ name, width }) => [name, width])).toEqual([
      ['thumbnail', 128],
      ['preview', 512],
      ['watermark', 512],
      ['small', 64],
      ['medium', 256],
      ['transparent64', 64],
      ['transparent256', 256],
    ])
    expect(loadConfig({}).ladder).toEqual([16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024])
  })

  it('traces only with a collector, and every request unless a sampler is set', () => {
    const collector = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://localhost:4318' }
    const rows: [env: Record<string, string>, tracing: object | null][] = [
      [{ OTEL_TRACES_SAMPLER: 'always_on' }, null],
      [collector, { sampler: 'parentbased_always_on', ratio: 1 }],
      [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://x/v1/traces' }, { sampler: 'parentbased_always_on', ratio: 1 }],
      [
        { ...collector, OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '.05' },
        { sampler: 'traceidratio', ratio: 0.05 },
      ],
      [{ ...collector, OTEL_SDK_DISABLED: 'true' }, null],
    ]
    for (const [env, tracing] of rows) expect(loadConfig(env).tracing).toEqual(tracing)
  })

  it('names every invalid variable at once, and no secret', () => {
    const env = {
      PORT: 'http',
      RENDERERS: '0',
      DATABASE_URL: 'mysql://root:hunter2@x/y',
      DEMO: 'maybe',
      ADMIN_TOKEN: 'two words',
      HOST: 'a b',
      PUBLIC_IMAGE_URL: 'images',
      PRESETS_FILE: 'none.json',
      URL_SECRETS: 'hush-hush,hush-hush',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:hush@4318',
      OTEL_TRACES_SAMPLER: 'often',
      OTEL_TRACES_SAMPLER_ARG: '1.5',
    }
    let message = ''
    try {
      loadConfig(env)
    } catch (error) {
      message = (error as Error).message
    }
    for (const name of Object.keys(env)) expect(message).toContain(name)
    expect(message).not.toContain('hunter2')
    expect(message).not.toContain('two words')
    expect(message).not.toContain('hush')
  })

  it('has one URL secret or a list of them', () => {
    expect(loadConfig({}).urlSecrets).toBeNull()
    expect(loadConfig({ URL_SECRET: 'a,b' }).urlSecrets).toEqual(['a,b'])
    expect(loadConfig({ URL_SECRETS: 'new, old' }).urlSecrets).toEqual(['new', 'old'])
    for (const [env, expected] of [
      [{ URL_SECRET: 'a', URL_SECRETS: 'a,b' }, /URL_SECRET and URL_SECRETS are both set/],
      [{ URL_SECRETS: 'a,,b' }, /separated by commas/],
      [{ URL_SECRETS: 'a,a' }, /has a secret twice/],
      [{ URL_SECRETS: 'a,b,c,d,e' }, /has 5 secrets; at most 4/],
    ] as const)
      expect(() => loadConfig(env)).toThrow(expected)
  })
})

describe('a switch', () => {
  it.each(['on', 'true', '1', 'TRUE', ' On '])('is on with %j', (text) => {
    expect(loadConfig({ S3_FORCE_PATH_STYLE: text }).aws.s3ForcePathStyle).toBe(true)
  })
  it.each(['off', 'false', '0', 'False', 'OFF'])('is off with %j', (text) => {
    expect(loadConfig({ DEMO: text }).demo).toBe(false)
  })
  it.each(['yes', '2', 'onn', 'true false'])('is refused with %j', (text) => {
    expect(() => loadConfig({ DEMO: text })).toThrow(/DEMO=.*must be on or off/)
  })
})

describe('the presets file', () => {
  const problems: [string, string, RegExp][] = [
    ['broken JSON', '{', /JSON/],
    ['no preset', '{}', /contains no preset/],
    [
      'a byte order mark',
      '\ufeff{"a":{"width":1,"height":1}}',
      /presets\.json: begins with a byte order mark: save it/,
    ],
    ['a preset that occurs twice', '{"a":{"width":1,"height":1},"a":{"width":2,"height":2}}', /key "a" occurs twice/],
    [
      'a field that occurs twice',
      '{"a":{"width":1,"height":1,"w\\u0069dth":2}}',
      /key "width" occurs twice.*\/a\/width/,
    ],
    [
      '__proto__ as a preset',
      '{"__proto__":{"width":1,"height":1},"a":{"width":1,"height":1}}',
      /"__proto__" cannot be used/,
    ],
    ['__proto__ as a field', '{"a":{"width":1,"height":1,"__proto__":{"padding":0}}}', /"__proto__" cannot be used/],
    ['a list', '[]', /expected object/],
    ['nothing', 'null', /expected object/],
    ['an unknown key', '{"a":{"width":1,"height":1,"colour":"red"}}', /a: .*colour/],
    ['a size of zero', '{"a":{"width":0,"height":1}}', /a\.width/],
    ['a huge size', '{"a":{"width":1,"height":100000}}', /a\.height/],
    ['a name that no URL may hold', '{"big-one":{"width":1,"height":1}}', /big-one.*a-z/],
    ['a colour that is none', '{"a":{"width":1,"height":1,"background":"blue-ish"}}', /a\.background/],
    ['a missing watermark', '{"a":{"width":1,"height":1,"watermark":"none.svg"}}', /a\.watermark.*none\.svg/],
    ['a format that is none', '{"a":{"width":1,"height":1,"formats":["gif"]}}', /a\.formats/],
  ]
  it.each(problems)('with %s is refused by name', async (_name, json, expected) => {
    const file = path.join(await tempDirectory(), 'presets.json')
    await writeFile(file, json)
    expect(() => loadConfig({ PRESETS_FILE: file })).toThrow(expected)
    if (/twice|byte order|__proto__/.test(_name)) expect(() => loadConfig({ LAYOUTS_FILE: file })).toThrow(expected)
  })
})

describe('a generated secret', () => {
  it('is created once, even by many processes at once, and only readable by its owner', async () => {
    const directory = await tempDirectory()
    const all = await Promise.all(Array.from({ length: 10 }, () => loadOrCreateSecret(directory, 'token')))
    expect(new Set(all).size).toBe(1)
    expect(all[0]).toMatch(/^[\w-]{32}$/)
    expect((await stat(path.join(directory, 'token'))).mode & 0o777).toBe(0o600)
    expect(await readdir(directory)).toEqual(['token'])
  })

  it('of URLs can be replaced by several, of which the first is new', async () => {
    const config = { urlSecrets: null, dataDir: await tempDirectory() }
    const [old = ''] = await loadUrlSecrets(config)
    await keepUrlSecrets(config.dataDir, ['fresh', old])
    expect(await loadUrlSecrets(config)).toEqual(['fresh', old])
    expect(await loadUrlSecrets({ ...config, urlSecrets: ['configured'] })).toEqual(['configured'])
    expect((await stat(path.join(config.dataDir, 'url-secret'))).mode & 0o777).toBe(0o600)
    expect(await readdir(config.dataDir)).toEqual(['url-secret'])
  })
})
