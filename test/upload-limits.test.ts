import { describe, expect, it } from 'vitest'
import { ask, drawing, testApp, testConfig, testServer } from './support/setup.ts'
import { packSets, uploadArchive } from './support/uploads.ts'

async function open(env: Record<string, string>) {
  const app = await testApp(await testConfig(env))
  const { url } = await testServer(app)
  const create = async (bytes = 100, vendor = 'acme') => {
    const { data, errors } = await ask<{ createUpload: { url: string } } | null>(
      url,
      `mutation ($vendor: String!, $bytes: Float!) { createUpload(vendor: $vendor, fileName: "a.zip", bytes: $bytes) { url } }`,
      { variables: { vendor, bytes } },
    )
    return errors?.[0] ?? data?.createUpload.url
  }
  return { app, url, create }
}

const refused = (code: string, message: RegExp) =>
  expect.objectContaining({
    message: expect.stringMatching(message),
    extensions: expect.objectContaining({ code }),
  })

describe('the uploads of a token', () => {
  it('are counted in the database: those in progress, and those of a day, by number and bytes', async () => {
    const { app, create } = await open({
      UPLOADS_IN_PROGRESS: '3',
      UPLOADS_PER_DAY: '5',
      UPLOAD_BYTES_PER_DAY: '1000',
    })
    const first = await Promise.all(Array.from({ length: 6 }, () => create()))
    expect(first.filter((each) => typeof each === 'string')).toHaveLength(3)
    expect(first.filter((each) => typeof each !== 'string')).toEqual(
      Array.from({ length: 3 }, () => refused('RATE_LIMITED', /has 3 uploads in progress, of at most 3: try again in/)),
    )
    await app.pg.query(`update upload set status = 'COMPLETED', finished_at = now()`)
    expect(await create(701)).toEqual(refused('RATE_LIMITED', /have 300 bytes; with these 701 .* more than 1000/))
    expect([await create(), await create()]).toEqual([expect.any(String), expect.any(String)])
    await app.pg.query(`update upload set status = 'COMPLETED', finished_at = now()`)
    expect(await create()).toEqual(refused('RATE_LIMITED', /has created 5 uploads in 24 hours, of at most 5/))
    await app.pg.query(`update upload set created_at = now() - interval '25 hours'`)
    expect(await create(1000)).toEqual(expect.any(String))
  })

  it('may have so many bytes in progress, for a vendor and for all vendors', async () => {
    const { app, create } = await open({ VENDOR_UPLOAD_BYTES: '1000', UPLOAD_BYTES_MAX: '1500' })
    const first = await Promise.all([create(600), create(600)])
    expect(first).toEqual(
      expect.arrayContaining([
        expect.any(String),
        refused('RATE_LIMITED', /acme .* have 600 bytes; with these 600 .* more than 1000: try again/),
      ]),
    )
    expect(await create(800, 'other')).toEqual(expect.any(String))
    expect(await create(101, 'third')).toEqual(refused('RATE_LIMITED', /of all vendors .* more than 1500 bytes: try/))
    expect(await create(100, 'third')).toEqual(expect.any(String))
    await app.pg.query(`update upload set status = 'INGESTING', created_at = now() - interval '2 days'`)
    expect(await create(1, 'third')).toEqual(refused('RATE_LIMITED', /of all vendors/))
    await app.pg.query(`update upload set status = 'COMPLETED', finished_at = now() where vendor = 'other'`)
    expect(await create(400)).toEqual(expect.any(String))
    await app.pg.query(`update upload set status = 'CREATED', created_at = now() - interval '2 hours'`)
    expect(await create(1000)).toEqual(expect.any(String))
  })
})

describe('the quota of a vendor', () => {
  const archive = (from: number, count: number) => {
    const files = Array.from({ length: count }, (_, at) => [`icon-${from + at}`, drawing(from + at)])
    return packSets([{ name: `Set ${from}`, files: Object.fromEntries(files) }])
  }

  it('of items and bytes is checked before anything of an archive is ingested; replaced items count once', async () => {
    const { app, url, create } = await open({ VENDOR_ITEMS_MAX: '4', VENDOR_BYTES_MAX: '600' })
    expect(await uploadArchive({ app, url }, await archive(0, 3))).toMatchObject({ status: 'COMPLETED' })
    expect(await uploadArchive({ app, url }, await archive(0, 3))).toMatchObject({ status: 'COMPLETED' })
    const problem = (message: RegExp) => ({
      status: 'REFUSED',
      problems: { nodes: [{ code: 'QUOTA', file: null, pointer: null, message: expect.stringMatching(message) }] },
    })
    expect(await uploadArchive({ app, url }, await archive(10, 2))).toMatchObject(
      problem(/^Vendor acme would have 5 items, and may have 4: remove some/),
    )
    const { rows } = await app.pg.query('select sum(source_bytes)::int as bytes from item')
    expect(rows[0].bytes).toBeGreaterThan(300)
    await app.pg.query('update item set source_bytes = 199')
    expect(await uploadArchive({ app, url }, await archive(10, 1))).toMatchObject(
      problem(/^The originals of vendor acme would have \d+ bytes, and may have 600/),
    )
    await app.pg.query('update item set source_bytes = 500')
    expect(await create()).toEqual(refused('QUOTA', /acme have 1500 bytes, and may have 600/))
    expect(await create(100, 'other')).toEqual(expect.any(String))
    expect(await app.prisma.item.count()).toBe(3)
  })
})

it('the URL of an upload follows PUBLIC_URL, never the Host header', async () => {
  const { create } = await open({ PUBLIC_URL: 'https://api.example.com/afterimage/' })
  expect(await create()).toMatch(/^https:\/\/api\.example\.com\/afterimage\/uploads\/\d+\?expires=/)
})
