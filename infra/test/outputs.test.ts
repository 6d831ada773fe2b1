import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { Template } from 'aws-cdk-lib/assertions'
import { beforeAll, describe, expect, it } from 'vitest'
import { loadConfig } from '../../src/core/config.ts'
import { VARIABLES } from '../../src/core/variables.ts'
import { INFRA, nowhere, openSynth, print } from './synth.ts'

const run = promisify(execFile)
const open = openSynth()
let text: string
let template: Template

beforeAll(async () => {
  const output = path.join(open.directory, 'out')
  const args = ['run', 'synth', '--', '--quiet', '--strict', '--output', output, '-c', 'originDomain=api.acme.test']
  await run('npm', args, { cwd: INFRA, env: nowhere(open.directory) })
  text = await readFile(path.join(output, 'Afterimage.template.json'), 'utf8')
  template = Template.fromString(text)
})

describe('the outputs', () => {
  it('are the environment of the service, one by one and to paste', () => {
    const { Environment, ServicePolicyArn, ...others } = template.findOutputs('*')
    expect(print(ServicePolicyArn?.Value)).toMatch(/^ServicePolicy/)
    const variables = Object.values(others).map(({ Description, Value }) => [Description, print(Value)])
    for (const [name] of variables) expect(VARIABLES.map((variable) => variable.name)).toContain(name)

    const [comment, ...lines] = print(Environment?.Value).split('\n')
    expect(comment).toMatch(/^# /)
    expect(lines).toEqual(variables.map(([name, value]) => `${name}=${value}`))

    const inAws: Record<string, string> = {
      Originals: 'afterimage-originals-1x2y',
      Previews: 'afterimage-previews-3z4w',
      Distribution: 'E2QWRUHAPOMQZL',
      'AWS::Region': 'eu-central-1',
      'https://Distribution.DomainName': 'https://d111111abcdef8.cloudfront.net',
    }
    const config = loadConfig(Object.fromEntries(variables.map(([name, value]) => [name, inAws[value]])))
    expect(config).toMatchObject({
      buckets: { provider: 's3', originals: 'afterimage-originals-1x2y', previews: 'afterimage-previews-3z4w' },
      aws: { region: 'eu-central-1' },
      distributionId: 'E2QWRUHAPOMQZL',
      publicImageUrl: 'https://d111111abcdef8.cloudfront.net',
    })
  })

  it('need no bootstrapped account: nothing to upload, no parameter, and CloudFormation takes the template inline', () => {
    expect(Object.keys(JSON.parse(text)).sort()).toEqual(['Description', 'Outputs', 'Resources'])
    expect(text.length).toBeLessThan(50 * 1024)
  })
})

describe('the origin', () => {
  it('has no default: the app reports in one sentence what is missing', async () => {
    const refused = run(process.execPath, ['app.ts'], { cwd: INFRA, env: nowhere(open.directory) })
    await expect(refused).rejects.toMatchObject({
      code: 1,
      stdout: '',
      stderr: 'originDomain is missing: say where the service answers, with -c originDomain=api.example.com.\n',
    })
  })

  it.each([
    ['https://api.acme.test', 'https', /originDomain is "https:\/\/api.acme.test", which is not a host name/],
    ['api.acme.test/images', 'https', /not a host name/],
    ['localhost', 'https', /not a host name/],
    ['10.0.0.1', 'https', /not a host name/],
    ['', 'https', /not a host name/],
    ['api.acme.test', 'ftp', /originProtocol is "ftp": it must be https or http/],
  ])('is not "%s" over %s', (domain, protocol, sentence) => {
    expect(() => open.stacks({ originDomain: domain, originProtocol: protocol })).toThrow(sentence)
  })

  it('may use plain HTTP if configured', () => {
    const { template: overHttp } = open.storage({ originProtocol: 'http' })
    const expected = JSON.stringify(template.toJSON()).replace(
      '"https-only","OriginReadTimeout"',
      '"http-only","OriginReadTimeout"',
    )
    expect(JSON.parse(expected)).not.toEqual(template.toJSON())
    expect(overHttp.toJSON()).toEqual(JSON.parse(expected))
  })
})
