import { mkdtempSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { App, type Stack } from 'aws-cdk-lib'
import { Template } from 'aws-cdk-lib/assertions'
import { afterAll, expect } from 'vitest'
import { readOptions } from '../options.ts'
import { createStacks } from '../stack.ts'

export const INFRA = path.join(import.meta.dirname, '..')

/** Neither an account nor a network: no credentials, no home, and no outgoing connections. */
export const nowhere = (home: string) => ({
  PATH: `${path.dirname(process.execPath)}${path.delimiter}${process.env.PATH}`,
  HOME: home,
  HTTPS_PROXY: 'http://127.0.0.1:9',
  AWS_EC2_METADATA_DISABLED: 'true',
})

export type Context = Readonly<Record<string, unknown>>

/** What `-c service=fargate` needs. */
export const FARGATE: Context = {
  service: 'fargate',
  image: '123456789012.dkr.ecr.eu-central-1.amazonaws.com/afterimage:0.1.0',
  originCertificateArn: 'arn:aws:acm:eu-central-1:123456789012:certificate/0a1b',
}
/** An own name. */
export const ALIAS: Context = {
  domainName: 'images.acme.test',
  certificateArn: 'arn:aws:acm:us-east-1:123456789012:certificate/2c3d',
}

/** Synthesises in this process; call it once a file, which removes what it wrote. */
export function openSynth() {
  const directory = mkdtempSync(path.join(tmpdir(), 'afterimage-infra-'))
  afterAll(() => rm(directory, { recursive: true, force: true }))
  /** By default it leaves a folder in the system's temporary one. */
  const newApp = () => new App({ outdir: mkdtempSync(path.join(directory, 'app-')) })
  const stacks = (context: Context = {}): { storage: Stack; service: Stack | null } => {
    const all: Context = { originDomain: 'api.acme.test', ...context }
    return createStacks(
      newApp(),
      readOptions((name) => all[name]),
    )
  }
  return {
    directory,
    newApp,
    stacks,
    storage: (context: Context = {}) => new Resources(Template.fromStack(stacks(context).storage)),
    service: (context: Context = {}) => {
      const { service } = stacks({ ...FARGATE, ...context })
      if (!service) throw new Error('no service')
      return new Resources(Template.fromStack(service))
    },
  }
}

/** The resources of a template. */
export class Resources {
  readonly template: Template
  constructor(template: Template) {
    this.template = template
  }

  /** All of a type, with their ids. */
  all(type: string) {
    return Object.entries(this.template.findResources(type))
  }

  /** The only one of its type, or the one whose id begins with this. */
  resource(type: string, id = '') {
    const found = this.all(type).filter(([name]) => name.startsWith(id))
    expect(found, `${type} ${id}`).toHaveLength(1)
    return found[0]?.[1]
  }

  properties(type: string, id = '') {
    return this.resource(type, id)?.Properties
  }

  distribution() {
    return this.properties('AWS::CloudFront::Distribution').DistributionConfig
  }

  statements(type: string, id = '') {
    return this.properties(type, id).PolicyDocument.Statement
  }
}

/** A value of the template as CloudFormation would print it, with each reference as the name of its target. */
export function print(value: unknown): string {
  if (typeof value === 'string') return value
  const [[name, argument] = ['', null]] = Object.entries(value ?? {})
  if (name === 'Fn::Join') return argument[1].map(print).join(argument[0])
  if (name === 'Fn::ImportValue') return print(argument)
  const shown = name === 'Ref' ? argument : argument.join('.')
  return shown.replace(/^(Originals|Previews|Distribution|Key)[0-9A-F]{8}/, '$1')
}
