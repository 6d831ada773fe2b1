import { Template } from 'aws-cdk-lib/assertions'
import { describe, expect, it } from 'vitest'
import { ORIGIN_SECRET_HEADER } from '../../src/core/origin-secret.ts'
import { createAccessLogs } from '../access-logs.ts'
import { ALIAS, FARGATE, openSynth, print, Resources } from './synth.ts'

const open = openSynth()
const WEB_ACL = 'arn:aws:wafv2:us-east-1:123456789012:global/webacl/acme/4e5f'

describe('the distribution', () => {
  it('has a name of its own with TLS 1.2 or later, a web ACL, an Origin Shield and a price class', () => {
    const storage = open.storage({ ...ALIAS, webAclArn: WEB_ACL, originShield: 'eu-central-1', priceClass: '100' })
    const { Aliases, ViewerCertificate, WebACLId, PriceClass, Origins } = storage.distribution()
    expect(Aliases).toEqual(['images.acme.test'])
    expect(ViewerCertificate).toEqual({
      AcmCertificateArn: ALIAS.certificateArn,
      MinimumProtocolVersion: 'TLSv1.2_2021',
      SslSupportMethod: 'sni-only',
    })
    expect([WebACLId, PriceClass]).toEqual([WEB_ACL, 'PriceClass_100'])
    const [bucket, handler] = Origins
    expect(bucket.OriginShield).toBeUndefined()
    expect(handler.OriginShield).toEqual({ Enabled: true, OriginShieldRegion: 'eu-central-1' })
    const outputs = storage.template.findOutputs('*')
    expect(outputs.PublicImageUrl?.Value).toBe('https://images.acme.test')
    expect(print(outputs.DistributionDomain?.Value)).toBe('Distribution.DomainName')
  })

  it('sends the service a secret, which is not in the template', () => {
    const headers = ({ Origins }: { Origins: { OriginCustomHeaders?: object }[] }) =>
      Origins.map(({ OriginCustomHeaders }) => OriginCustomHeaders)
    expect(headers(open.storage().distribution())).toEqual([undefined, undefined])
    expect(headers(open.storage({ originSecret: 'afterimage/origin' }).distribution())).toEqual([
      undefined,
      [
        {
          HeaderName: ORIGIN_SECRET_HEADER,
          HeaderValue: '{{resolve:secretsmanager:afterimage/origin:SecretString:::}}',
        },
      ],
    ])
  })

  it('logs to a bucket of its own by another stack, in us-east-1, without the addresses of viewers', () => {
    const stack = createAccessLogs(open.newApp(), { distributionId: 'E2QWRUHAPOMQZL', id: 'Afterimage-access-logs' })
    expect(stack.region).toBe('us-east-1')
    const logs = new Resources(Template.fromStack(stack))
    expect(print(logs.properties('AWS::Logs::DeliverySource').ResourceArn)).toMatch(/distribution\/E2QWRUHAPOMQZL$/)
    expect(logs.properties('AWS::Logs::DeliveryDestination').OutputFormat).toBe('parquet')
    const { RecordFields } = logs.properties('AWS::Logs::Delivery')
    expect(RecordFields).toContain('x-edge-result-type')
    expect(RecordFields.filter((field: string) => /c-ip|cookie|user-agent|forwarded/.test(field))).toEqual([])
    const bad = { distributionId: 'd111111abcdef8.cloudfront.net', id: 'x' }
    expect(() => createAccessLogs(open.newApp(), bad)).toThrow(/give the stack's output CloudfrontDistributionId/)
  })
})

it('each stage has a stack of its own, and its resources the name of it', () => {
  const { storage, service } = open.stacks({ ...FARGATE, stage: 'test' })
  expect([storage.stackName, service?.stackName]).toEqual(['Afterimage-test', 'Afterimage-test-Service'])
  expect(open.stacks().storage.stackName).toBe('Afterimage')
  const nameIn = (context: object) => open.storage({ ...context }).all('AWS::CloudFront::CachePolicy')[0]?.[1]
  expect(JSON.stringify(nameIn({ stage: 'test' }))).toContain('Afterimagetest')
  expect(JSON.stringify(nameIn({}))).not.toContain('Afterimagetest')
})

describe('what is wrong is refused in one sentence', () => {
  const certificate = ALIAS.certificateArn
  const { image, ...withoutImage } = FARGATE
  it.each<[string, object, string | RegExp]>([
    ['stage', { stage: 'Prod' }, /^stage is "Prod": use up to 20 lower-case letters/],
    [
      'a name without its certificate',
      { domainName: 'images.acme.test' },
      /domainName and certificateArn belong together/,
    ],
    [
      'a certificate elsewhere',
      { certificateArn: String(certificate).replace('us-east-1', 'eu-central-1') },
      /in us-east-1/,
    ],
    ['price class', { priceClass: '300' }, 'priceClass is "300": it must be all or 200 or 100.'],
    ['a regional web ACL', { webAclArn: WEB_ACL.replace('global', 'regional') }, /scope CLOUDFRONT/],
    ['service', { service: 'lambda' }, 'service is "lambda": it must be fargate, or left out.'],
    ['no image', withoutImage, /^service=fargate needs image/],
    ['an image without a tag', { ...FARGATE, image: 'acme/afterimage' }, /with its tag or digest/],
    ['no certificate', { service: 'fargate', image }, /^service=fargate needs originCertificateArn/],
    ['architecture', { ...FARGATE, architecture: 'riscv' }, 'architecture is "riscv": it must be arm64 or x64.'],
    ['workers', { ...FARGATE, workersMax: '0' }, /give a number from 1 to 100/],
    ['a secret too many', { ...FARGATE, originSecret: 'x' }, /the stack makes it/],
    ['plain http', { ...FARGATE, originProtocol: 'http' }, /^service=fargate needs originProtocol=https/],
  ])('%s', (_what, context, sentence) => {
    expect(() => open.stacks({ ...context })).toThrow(sentence)
  })
})
