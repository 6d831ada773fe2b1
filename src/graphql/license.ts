import { builder } from './builder.ts'

interface License {
  readonly title: string
  readonly spdx: string | null
  readonly url: string | null
}

export const LicenseRef = builder.objectRef<License>('License').implement({
  description: 'A licence under which pictures may be used.',
  fields: (t) => ({
    title: t.exposeString('title', { description: 'Its title, such as CC BY 4.0.' }),
    spdx: t.exposeString('spdx', {
      nullable: true,
      description: 'Its SPDX identifier (https://spdx.org/licenses/), such as CC-BY-4.0.',
    }),
    url: t.expose('url', { type: 'URL', nullable: true, description: 'The URL of its text.' }),
  }),
})

interface Row {
  readonly licenseTitle: string | null
  readonly licenseSpdx: string | null
  readonly licenseUrl: string | null
}

/** The licence in a family's row. */
export const licenseOf = ({ licenseTitle: title, licenseSpdx: spdx, licenseUrl: url }: Row): License | null =>
  title === null ? null : { title, spdx, url }
