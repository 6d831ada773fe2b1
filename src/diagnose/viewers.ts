import type { DistributionConfig } from '@aws-sdk/client-cloudfront'
import type { AwsConfig } from '../core/config/aws.ts'
import { createSecretCheck, ORIGIN_SECRET_HEADER } from '../core/origin-secret.ts'
import { bad, type Finding, ok } from './finding.ts'
import type { Route } from './route.ts'

/** The oldest that has no known weakness: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/secure-connections-supported-viewer-protocols-ciphers.html */
const TLS = /^TLSv1\.(2_(2021|2025)|3_)/

/** How viewers reach the distribution: over https, with which TLS, and from where. */
export function checkViewers(live: DistributionConfig, { behavior }: Route): Finding[] {
  return [checkProtocol(behavior.ViewerProtocolPolicy), checkTls(live), describePriceClass(live)]
}

function checkProtocol(policy: string | undefined): Finding {
  const check = 'viewer-protocol'
  if (policy === 'redirect-to-https' || policy === 'https-only')
    return ok(check, `Pictures are sent over https alone (${policy}).`)
  return bad('WARNING', check, {
    message: `Pictures are also sent over http (${policy ?? 'no policy'}): anybody in between can read and replace them.`,
    remedy: 'Set the viewer protocol policy of the pictures to redirect-to-https.',
  })
}

function checkTls({ ViewerCertificate: certificate, Aliases: aliases }: DistributionConfig): Finding {
  const check = 'tls'
  const version = certificate?.MinimumProtocolVersion ?? 'TLSv1'
  if (TLS.test(version)) return ok(check, `Viewers need TLS 1.2 or later (${version}).`)
  // CloudFront's own certificate has no other policy.
  if (!aliases?.Quantity)
    return ok(
      check,
      `The distribution has CloudFront's own name, whose certificate accepts ${version}; an own name could need TLS 1.2.`,
    )
  return bad('WARNING', check, {
    message: `Viewers may connect with ${version}, which has known weaknesses.`,
    remedy: 'Set the minimum protocol version of the certificate to TLSv1.2_2021.',
  })
}

const EDGES: Readonly<Record<string, string>> = {
  PriceClass_100: 'North America, Europe and Israel alone: viewers elsewhere wait longer',
  PriceClass_200: 'all continents but South America and Oceania: viewers there wait longer',
  PriceClass_All: 'all continents',
}

const describePriceClass = ({ PriceClass: name = 'PriceClass_All' }: DistributionConfig): Finding =>
  ok('price-class', `Pictures are served from edges of ${EDGES[name] ?? 'the chosen locations'} (${name}).`)

/** Whether the distribution sends what this service needs of a request for a picture. */
export function checkOriginSecret({ secondary }: Route, { originSecrets }: Pick<AwsConfig, 'originSecrets'>): Finding {
  const check = 'origin-secret'
  const sent = secondary?.CustomHeaders?.Items?.find(
    ({ HeaderName: name }) => name?.toLowerCase() === ORIGIN_SECRET_HEADER,
  )?.HeaderValue
  if (originSecrets === null)
    return sent === undefined
      ? ok(
          check,
          'ORIGIN_SECRET is not set: whoever knows the address of this service can also request pictures from it.',
        )
      : bad('WARNING', check, {
          message:
            'The distribution sends a secret that this service does not check: pictures can be requested past the CDN.',
          remedy: `Set ORIGIN_SECRET to the value of the header ${ORIGIN_SECRET_HEADER}.`,
        })
  if (createSecretCheck(originSecrets)(sent)) return ok(check, 'Pictures are only answered to the distribution.')
  return bad('ERROR', check, {
    message: `ORIGIN_SECRET is set, and the distribution sends ${sent === undefined ? 'none' : 'another one'}: every missing picture is 403.`,
    remedy: `Add the header ${ORIGIN_SECRET_HEADER} with the value of ORIGIN_SECRET to the origin of this service.`,
  })
}
