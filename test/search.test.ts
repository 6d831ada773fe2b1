import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import type { App } from '../src/app.ts'
import { WHOLE_CATALOGUE } from '../src/catalogue/scope.ts'
import type { ItemFacts } from '../src/catalogue/upsert-items.ts'
import { parseSynonyms } from '../src/core/synonyms.ts'
import { readIconify } from '../src/import/iconify.ts'
import { type Entry, importItems } from '../src/import/import-items.ts'
import { COLORS } from '../src/search/colors.ts'
import { singularOf, wordsOf } from '../src/search/fold.ts'
import { indexItems } from '../src/search/index-items.ts'
import { search } from '../src/search/search.ts'
import { editDistance } from '../src/search/vocabulary.ts'
import { ask, drawing, entry, tempDirectory, testApp, testConfig, testServer } from './support/setup.ts'
import { statementCounter } from './support/statements.ts'

interface Given extends Partial<ItemFacts> {
  readonly name?: string
  readonly vendor?: string
  readonly family?: string
  readonly kind?: 'ICON' | 'ILLUSTRATION'
}
let drawn = 0
const item = (slug: string, { name, vendor, family, kind, ...facts }: Given = {}): Entry => ({
  ...entry(slug, drawing(drawn++), {
    ...(vendor ? { vendor } : {}),
    ...(family ? { family } : {}),
    ...(kind ? { kind } : {}),
  }),
  name: name ?? slug,
  facts: { tags: [], aliases: [], characters: [], ...facts },
})
const add = ({ pg, stores }: App, entries: readonly Entry[]) =>
  importItems({ pg, originals: stores.originals }, entries)

interface Items {
  nodes: { slug: string; name: string }[]
  edges: { cursor: string }[]
  totalCount: number
  didYouMean: string | null
  pageInfo: { endCursor: string; startCursor: string; hasNextPage: boolean; hasPreviousPage: boolean }
}
const FIELDS =
  'nodes { slug name } edges { cursor } totalCount didYouMean pageInfo { endCursor startCursor hasNextPage hasPreviousPage }'

async function open(entries: readonly Entry[], env: Record<string, string> = {}) {
  const app = await testApp(await testConfig(env))
  await add(app, entries)
  const { url } = await testServer(app)
  /** @param args further arguments of `items`, as GraphQL */
  const page = async (search: string | null, args = '') => {
    const query = `query ($search: String) { items(search: $search ${args}) { ${FIELDS} } }`
    const { data, errors } = await ask<{ items: Items }>(url, query, { variables: { search } })
    if (errors) throw new Error(`${errors[0]?.extensions.code}: ${errors[0]?.message}`)
    return data.items
  }
  const slugs = async (search: string | null, args = '') => (await page(search, args)).nodes.map(({ slug }) => slug)
  return { app, url, page, slugs }
}

describe('a search', () => {
  it('finds the whole name first, then words, synonyms, names around it, beginnings and parts of words; equals by family and name', async () => {
    const { page, slugs } = await open(
      [
        item('concatenate'),
        item('category'),
        item('milk', { vendor: 'cat-pictures', family: 'drinks' }),
        item('kitten'),
        item('tom', { tags: ['cat'] }),
        item('fat-cat', { family: 'b' }),
        item('cat-food', { family: 'b' }),
        item('black-cat', { family: 'a' }),
        item('cat', { family: 'z' }),
        item('puss', { aliases: ['Cat'], family: 'y' }),
        item('dog'),
      ],
      { SYNONYMS_FILE: await synonymsFile('cat = kitten') },
    )
    const ranked = [
      'puss',
      'cat',
      'black-cat',
      'cat-food',
      'fat-cat',
      'tom',
      'kitten',
      'milk',
      'category',
      'concatenate',
    ]
    expect(await slugs('cat')).toEqual(ranked)
    expect(await slugs('CATS')).toEqual(ranked)
    expect((await page('cat')).totalCount).toBe(ranked.length)
    // Every word must match, each in any place.
    expect(await slugs('cat black')).toEqual(['black-cat'])
    expect(await slugs('cat pictures milk')).toEqual(['milk'])
    expect(await slugs('cat food')).toEqual(['cat-food'])
    // A family's name says where to look, and ranks nothing by itself.
    expect(await slugs('cat b', ', first: 2')).toEqual(['cat-food', 'fat-cat'])
    expect(await slugs('z cat')).toEqual(['cat'])
    expect(await slugs(' ')).toHaveLength(11)
    expect(await slugs('cat', ', first: 3, scope: { vendor: "cat-pictures" }')).toEqual(['milk'])
    // Where no item has all of them, as many as possible.
    expect(await page('black cat umbrella')).toMatchObject({ didYouMean: 'black cat', nodes: [{ slug: 'black-cat' }] })
  })

  it('folds case, width, accents, normal form, hyphens, camel case, plurals and what is invisible, in any script', async () => {
    const names: Record<string, readonly string[]> = {
      Flèche: ['flèche', 'FLECHE', 'fle\u0300che', 'èche', 'ﬂèche'],
      ОСЬ_Стрелка: ['стрелка', 'СТРЕЛКА', 'стрел', 'ось стр', 'елка'],
      Größe: ['größe', 'GRÖSSE', 'GRÖẞE', 'gro\u0308sse', 'grosse'],
      'Σίγμας delta': ['σίγμας', 'ΣΊΓΜΑΣ', 'Σι\u0301γμασ', 'ΣΊΓΜΑ'],
      İsland: ['island', 'ISLAND', 'İsland', 'islands'],
      'Arrow\u00a0right\u200bhand': [
        'arrow right',
        'RIGHT\u00a0ARROW',
        'right\u200bhand',
        'righthand',
        'arrow\u3000hand',
      ],
      'Ｆｕｌｌ width': ['full', 'ＦＵＬＬ'],
      '矢印 左': ['矢印', '左', '矢'],
      htmlParserXML: ['html parser', 'HTMLParser', 'parsers', 'htmlparserxml'],
      'log-in': ['login', 'log in', 'LogIn', 'log_in'],
      wifi: ['wi-fi', 'WiFi', 'wi fi'],
      't-shirt': ['tshirts', 't shirt', 'T-Shirt'],
      Boxes: ['box', 'BOX'],
      cherry: ['cherries', 'Cherry'],
      glass: ['glasses', 'glass'],
      '100%': ['100', '１００'],
      "St. Patrick's": ['patricks', 'st patrick’s'],
      आरोही: ['आरोही'],
    }
    const { page } = await open(
      Object.keys(names).map((name, at) => item(`slug-${at}`, { name })),
      { SYNONYMS_FILE: await synonymsFile('') },
    )
    for (const [name, searches] of Object.entries(names))
      for (const search of searches) {
        const { nodes, totalCount } = await page(search)
        expect([search, nodes.map((node) => node.name), totalCount]).toEqual([search, [name], 1])
      }
  })

  it('corrects a word only where nothing has it, and says what it looked for', async () => {
    const { page, slugs } = await open(
      ['arrow', 'arrow-left', 'row', 'heart', 'chart-bar', 'calendar', 'home', 'стрелка'].map((slug, at) =>
        item(/^\w/.test(slug) ? slug : `slug-${at}`, { name: slug }),
      ),
    )
    for (const [search, meant, first] of [
      ['arow', 'arrow', 'arrow'],
      ['hart', 'heart', 'heart'],
      ['calender', 'calendar', 'calendar'],
      ['hoem', 'home', 'home'],
      ['arow lefft', 'arrow left', 'arrow-left'],
      ['стрелкп', 'стрелка', 'slug-7'],
    ] as const) {
      const { didYouMean, nodes } = await page(search)
      expect([search, didYouMean, nodes[0]?.slug]).toEqual([search, meant, first])
    }
    expect(await page('row')).toMatchObject({ didYouMean: null, totalCount: 3 })
    expect(await slugs('arr')).toEqual(['arrow', 'arrow-left'])
    for (const nothing of ['nothing', 'xyzzy', 'zz', 'q'])
      expect(await page(nothing)).toMatchObject({ didYouMean: null, nodes: [] })
    // Neither a word that has a synonym, nor a number, nor what is close to the code of a country.
    const other = await open([
      item('eye-off'),
      item('wide'),
      item('wifi'),
      item('pf'),
      item('circle-10'),
      item('ellipsis'),
    ])
    expect(await other.page('hide password')).toMatchObject({ didYouMean: 'hide', nodes: [{ slug: 'eye-off' }] })
    expect(await other.page('kebab wifi')).toMatchObject({ didYouMean: 'kebab', nodes: [{ slug: 'ellipsis' }] })
    expect(await other.page('mdi:circle')).toMatchObject({ didYouMean: 'circle', nodes: [{ slug: 'circle-10' }] })
    expect((await (await open([item('cpp'), item('letter-c')])).slugs('C++'))[0]).toBe('cpp')
    for (const nothing of ['pdx', '100', 'no such circle'])
      expect(await other.page(nothing)).toMatchObject({ didYouMean: null, nodes: [] })
    // What only occurs inside of a few words is corrected to what many items have; pages continue as they began.
    const parts = await open([
      ...['flowchart', 'piechart', 'telegram', 'grab'].map((slug) => item(slug)),
      ...Array.from({ length: 10 }, (_, at) => item(`heart-${at}`)),
    ])
    expect(await parts.page('hart')).toMatchObject({ didYouMean: 'heart', totalCount: 10 })
    expect(await parts.page('gram')).toMatchObject({ didYouMean: null, nodes: [{ slug: 'telegram' }] })
    const begun = await parts.page('hart', ', first: 4')
    const rest = await parts.page('hart', `, first: 10, after: "${begun.pageInfo.endCursor}"`)
    expect([rest.didYouMean, rest.nodes.length]).toEqual(['heart', 6])
    await parts.app.pg.query(`delete from item where slug like 'heart-%'`)
    const left = await parts.page('hart', ', first: 1')
    expect([left.didYouMean, left.nodes.length, left.pageInfo.hasNextPage]).toEqual([null, 1, true])
    expect(await parts.slugs('hart', `, after: "${left.pageInfo.endCursor}"`)).toHaveLength(1)
    // What is asked of all pages alone is of the same search.
    expect(await page('hart', ', first: 0')).toMatchObject({ totalCount: 1, didYouMean: 'heart' })
  })

  it('finds synonyms of the file, in one direction or both, and emoji and the names of flags', async () => {
    const { slugs } = await open([
      item('trash'),
      item('dog'),
      item('pizza', { characters: ['🍕'] }),
      item('red-heart', { characters: ['❤️'] }),
      item('waving-hand', { characters: ['👋🏽'] }),
      item('de', { characters: ['🇩🇪'] }),
      item('plus'),
      item('cable-car'),
    ])
    const rows: [search: string, found: string[]][] = [
      ['delete', ['trash']],
      ['BIN', ['trash']],
      ['rubish', ['trash']],
      ['animals', ['dog']],
      ['dog', ['dog']],
      ['the trash icon', ['trash']],
      ['🍕', ['pizza']],
      ['❤', ['red-heart']],
      ['❤️', ['red-heart']],
      ['👋', ['waving-hand']],
      ['Germany', ['de']],
      ['Deutschland', ['de']],
      ['ドイツ', ['de']],
      ['+', ['plus']],
    ]
    for (const [search, found] of rows) expect([search, await slugs(search)]).toEqual([search, found])
  })

  it('pages with cursors that stay right when items come and go, both ways, in every order', async () => {
    const numbered = (from: number, to: number) =>
      Array.from(
        { length: to - from },
        (_, at) => `${at % 3 === 0 ? 'bell' : `bell-${String.fromCharCode(97 + at)}`}-${from + at}`,
      )
    const { app, page } = await open(numbered(0, 20).map((slug) => item(slug)))
    const walk = async (args: string, search: string | null = 'bell') => {
      const seen: string[] = []
      for (let after = ''; ; ) {
        const { nodes, pageInfo } = await page(search, `, first: 6 ${args} ${after}`)
        seen.push(...nodes.map(({ slug }) => slug))
        if (!pageInfo.hasNextPage) return { seen, pageInfo }
        after = `, after: "${pageInfo.endCursor}"`
      }
    }
    for (const args of ['', ', sort: NAME', ', sort: NEWEST', ', sort: RANDOM, seed: 7']) {
      const { seen, pageInfo } = await walk(args)
      expect([args, new Set(seen).size, seen.length]).toEqual([args, 20, 20])
      const back = await page('bell', `, last: 5 ${args}, before: "${pageInfo.startCursor}"`)
      expect([args, back.nodes.map(({ slug }) => slug), back.pageInfo.hasPreviousPage]).toEqual([
        args,
        seen.slice(-7, -2),
        true,
      ])
    }
    expect((await walk(', sort: RANDOM, seed: 7', null)).seen).toEqual(
      (await walk(', sort: RANDOM, seed: 7', null)).seen,
    )
    expect((await walk(', sort: RANDOM, seed: 8')).seen).not.toEqual((await walk(', sort: RANDOM, seed: 7')).seen)
    const first = await page('bell', ', first: 8')
    const all = (await walk('')).seen
    // Items are added before and after the cursor, and the one at it is deleted: none is returned twice or left out.
    await add(app, [item('bell'), item('bell-zzz'), item('bell-000')])
    await app.pg.query('delete from item where slug = $1', [all[7]])
    const rest: string[] = []
    for (let after: string | null = first.pageInfo.endCursor; after; ) {
      const next: Items = await page('bell', `, first: 5, after: "${after}"`)
      rest.push(...next.nodes.map(({ slug }) => slug))
      after = next.pageInfo.hasNextPage ? next.pageInfo.endCursor : null
    }
    expect(rest.filter((slug) => all.includes(slug))).toEqual(all.slice(8))
    expect(rest.filter((slug) => !all.includes(slug))).toEqual(['bell-zzz'])
    // Later pages keep the corrected search, whatever has been added by then.
    const corrected = await page('bll', ', first: 3')
    await add(app, [item('bll')])
    expect((await page('bll', `, first: 3, after: "${corrected.pageInfo.endCursor}"`)).didYouMean).toBe('bell')
    expect((await page('bll')).nodes).toMatchObject([{ slug: 'bll' }])
    const cursor = first.pageInfo.endCursor
    for (const args of [', sort: NAME', ', sort: RANDOM'])
      await expect(page('bell', `${args}, after: "${cursor}"`)).rejects.toThrow(/BAD_INPUT.*not a cursor/)
    const made = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
    for (const bad of [
      ['Query.items:RELEVANCE', '', 1, 'a', 'b'],
      ['Query.items:RELEVANCE', '', 1, 'a', 'b', -1],
      ['Query.items:RELEVANCE', '', 1, 'a', 'b\0', 1],
      ['Query.items:RELEVANCE', '', 1, 'a', 'b', 2 ** 31],
      ['Query.items:RELEVANCE', '', 1, {}, 'b', 1],
      {},
    ])
      await expect(page('bell', `, after: "${made(bad)}"`)).rejects.toThrow(/BAD_INPUT/)
  })

  it('in progress answers everybody who asks for the same, and nobody later', async () => {
    const { app } = await open([item('arrow')])
    const filter = { scope: WHOLE_CATALOGUE }
    const find = (text: string) =>
      search(
        app,
        { text, filter, sort: 'RELEVANCE', seed: 0 },
        { limit: 5, isBackward: false, from: null, meant: null },
      )
    const counted = statementCounter({ ...app, pg: app.searchPool })
    const one = await counted(() => find('arrow'))
    expect(await counted(() => Promise.all([find('arrow'), find('arrow'), find('arrow')]))).toBe(one)
    expect(await counted(() => Promise.all([find('arrow'), find('arrows')]))).toBe(2 * one)
    expect(
      await counted(async () => {
        await find('arrow')
        await find('arrow')
      }),
    ).toBe(2 * one)
  })

  it('takes any text: too long is refused, what is special elsewhere is not here', async () => {
    const { page, slugs } = await open([item('arrow-up'), item('100-percent'), item('café')])
    for (const nothing of ['\\', "'; drop table item --", '"&|!()<->:*', '{}', '\u202e\u0301', '🏴‍☠️'])
      expect([nothing, await slugs(nothing)]).toEqual([nothing, []])
    expect(await slugs('%')).toEqual(['100-percent'])
    await expect(page('x'.repeat(101))).rejects.toThrow('search has 101 characters; at most 100 are allowed.')
    await expect(page('a b c d e f g h i j k l m')).rejects.toThrow('search has 13 words; at most 12 are allowed.')
    await expect(page('arrow\0x')).rejects.toThrow(/NUL/)
    expect(await slugs('ab'.repeat(50))).toEqual([])
    await expect(page('a', `, filter: { tags: [${'"x",'.repeat(51)}] }`)).rejects.toThrow('filter.tags has 51 values')
    await expect(page('a', ', sort: RANDOM, seed: -1')).rejects.toThrow('seed is -1')
    await expect(page('a', ', filter: { color: "red" }')).rejects.toThrow(/colour like #1f6feb/)
  })
})

describe('filters and facets', () => {
  it('limit and count what is found, by tags, families, kinds, licences and colours', async () => {
    const terms = {
      licenseTitle: 'CC BY 4.0',
      licenseSpdx: 'CC-BY-4.0',
      licenseUrl: null,
      attribution: 'By A',
      author: 'A',
    }
    const free = item('bell', { family: 'free', tags: ['Sound', 'alarms'] })
    const { app, url, slugs } = await open([
      { ...free, family: { ...free.family, terms } },
      item('bell-off', { tags: ['sound'] }),
      item('blue-bell', { kind: 'ILLUSTRATION' }),
    ])
    const { uniqueId } = await app.prisma.family.findFirstOrThrow({ where: { name: 'free' } })
    await app.pg.query(`update item set dominant_color = case slug when 'bell' then '#101010' else '#2060e0' end`)
    for (const [filter, found] of [
      ['tags: ["sounds"]', ['bell-off', 'bell']],
      ['tags: ["sound", "Alarm"]', ['bell']],
      ['tags: ["none"]', []],
      [`families: ["${uniqueId}"]`, ['bell']],
      ['families: []', []],
      ['licenses: ["CC-BY-4.0"]', ['bell']],
      ['licenses: ["CC BY 4.0", "x"]', ['bell']],
      ['kind: ILLUSTRATION', ['blue-bell']],
      ['color: "#1050ff"', ['bell-off', 'blue-bell']],
      ['color: "#000000"', ['bell']],
      ['scope: { vendor: "acme" }, kind: ICON', ['bell', 'bell-off']],
    ] as const)
      expect([filter, (await slugs('bell', `, filter: { ${filter} }`)).sort()]).toEqual([filter, [...found].sort()])
    await add(app, [item('siren', { tags: ['sound'] })])
    expect((await slugs(null, ', filter: { tags: ["sound"] }, sort: NEWEST'))[0]).toBe('siren')
    const facet = '{ value label count }'
    const query = `{
      items(search: "bell") { facets { kinds ${facet} families ${facet} tags(first: 1) ${facet} licenses ${facet} colors ${facet} } }
      item: items(first: 1, search: "bell") { nodes { alt aliases attribution author license { title spdx url } createdAt } }
      family(uniqueId: "${uniqueId}") { items { facets { kinds ${facet} } } license { spdx } author }
    }`
    const { data, errors } = await ask<Record<string, object>>(url, query)
    expect(errors).toBeUndefined()
    expect(data).toMatchObject({
      items: {
        facets: {
          kinds: [
            { value: 'ICON', label: 'ICON', count: 2 },
            { value: 'ILLUSTRATION', count: 1 },
          ],
          families: [
            { label: 'basics', count: 2 },
            { value: uniqueId, label: 'free', count: 1 },
          ],
          tags: [{ count: 1 }],
          licenses: [{ value: 'CC-BY-4.0', label: 'CC BY 4.0', count: 1 }],
          colors: [
            { value: COLORS.blue, label: 'blue', count: 2 },
            { value: COLORS.black, label: 'black', count: 1 },
          ],
        },
      },
      item: {
        nodes: [
          { alt: 'bell', aliases: [], attribution: 'By A', author: 'A', license: { title: 'CC BY 4.0', url: null } },
        ],
      },
      family: { items: { facets: { kinds: [{ value: 'ICON', count: 1 }] } }, license: { spdx: 'CC-BY-4.0' } },
    })
    const named = await app.pg.query(
      'select name, color_name(hex) as found from unnest($1::text[], $2::text[]) as t(name, hex)',
      [Object.keys(COLORS), Object.values(COLORS)],
    )
    expect(named.rows.filter(({ name, found }) => name !== found)).toEqual([])
  })

  it('tell pictures in one colour by their ThumbHash', async () => {
    const { app, slugs } = await open([item('line'), item('flag'), item('new')])
    // Of a black ring on nothing, and of a red disc with a blue half.
    const { rgbaToThumbHash } = await import('thumbhash')
    const hashOf = (paint: (x: number, y: number) => readonly number[]) => {
      const rgba = Array.from({ length: 32 * 32 }, (_, at) =>
        paint((at % 32) - 15.5, Math.floor(at / 32) - 15.5),
      ).flat()
      return Buffer.from(rgbaToThumbHash(32, 32, rgba)).toString('base64')
    }
    const hashes = {
      line: hashOf((x, y) => (Math.abs(Math.hypot(x, y) - 10) < 2 ? [0, 0, 0, 255] : [0, 0, 0, 0])),
      flag: hashOf((x, y) => (Math.hypot(x, y) > 14 ? [0, 0, 0, 0] : x < 0 ? [220, 30, 30, 255] : [30, 30, 220, 255])),
    }
    for (const [slug, hash] of Object.entries(hashes))
      await app.pg.query(`update item set thumb_hash = $2, dominant_color = '#000000' where slug = $1`, [slug, hash])
    expect(await slugs(null, ', filter: { monochrome: true }')).toEqual(['line'])
    expect(await slugs(null, ', filter: { monochrome: false }')).toEqual(['flag'])
  })
})

it('suggest, similar, families, and the items of a family or set find by the same words', async () => {
  const { app, url } = await open([
    ...['arrow-left', 'arrow-right', 'archive', 'arc'].map((slug) => item(slug, { family: 'Line Ärt' })),
    item('arrow-left-bold', { family: 'Solid', kind: 'ILLUSTRATION' }),
  ])
  await app.pg.query(
    `update item set dominant_color = case when slug like 'arrow%' then '#2060e0' else '#e02020' end, thumb_hash = '3OcRJYB4d3h/iIeHeEh3eIhw+j2w'`,
  )
  const query = `{
    a: suggest(prefix: "AR") { text items } b: suggest(prefix: "left arr") { text items } c: suggest(prefix: "-") { text }
    families(search: "art line", first: 2) { totalCount nodes { name items(search: "arc", first: 5) { totalCount nodes { slug } } } }
    family: families(search: "solid", first: 1) { nodes { iconSets(first: 1) { nodes { vendor { username } items(kind: ILLUSTRATION, first: 2) { nodes { slug } } none: items(kind: ICON, first: 2) { nodes { slug } } } } } }
    items(search: "arrow left", first: 1) { nodes { slug
      name: similar(by: NAME, first: 2) { totalCount nodes { slug } pageInfo { hasNextPage endCursor } }
      look: similar { nodes { slug } } color: similar(by: COLOR) { nodes { slug } } } }
  }`
  const { data, errors } = await ask<{ items: { nodes: { name: { pageInfo: { endCursor: string } } }[] } }>(url, query)
  expect(errors).toBeUndefined()
  expect(data).toMatchObject({
    a: [{ text: 'art', items: 4 }, { text: 'arrow', items: 3 }, { text: 'arc' }, { text: 'archive', items: 1 }],
    b: [{ text: 'left arrow', items: 2 }],
    c: [],
    families: {
      totalCount: 1,
      nodes: [{ name: 'Line Ärt', items: { totalCount: 2, nodes: [{ slug: 'arc' }, { slug: 'archive' }] } }],
    },
    family: {
      nodes: [
        {
          iconSets: {
            nodes: [
              { vendor: { username: 'acme' }, items: { nodes: [{ slug: 'arrow-left-bold' }] }, none: { nodes: [] } },
            ],
          },
        },
      ],
    },
    items: {
      nodes: [
        {
          slug: 'arrow-left',
          name: {
            totalCount: 2,
            nodes: [{ slug: 'arrow-left-bold' }, { slug: 'arrow-right' }],
            pageInfo: { hasNextPage: false },
          },
          look: { nodes: expect.arrayContaining([{ slug: 'arrow-right' }, { slug: 'arc' }]) },
          color: { nodes: expect.arrayContaining([{ slug: 'arrow-right' }, { slug: 'arrow-left-bold' }]) },
        },
      ],
    },
  })
  const after = data.items.nodes[0]?.name.pageInfo.endCursor
  const more = `{ items(search: "arrow left", first: 1) { nodes { similar(by: NAME, after: "${after}") { nodes { slug } } } } }`
  expect((await ask(url, more)).data).toEqual({ items: { nodes: [{ similar: { nodes: [] } }] } })
}, 30_000)

describe('search documents', () => {
  it('follow what any writer changes, and words that no item has any more are not suggested', async () => {
    const { app, url, slugs } = await open([item('umbrella'), item('boat', { family: 'sea' })])
    const suggested = async (prefix: string) =>
      (await ask<{ suggest: { text: string }[] }>(url, `{ suggest(prefix: "${prefix}") { text } }`)).data.suggest
    await app.pg.query(`update item set name = 'parasol', slug = 'parasol', tags = '{beach}' where slug = 'umbrella'`)
    await app.pg.query(`update family set name = 'harbour' where name = 'sea'`)
    await indexItems(app.pg)
    expect(await slugs('beach parasol')).toEqual(['parasol'])
    expect(await slugs('harbours')).toEqual(['boat'])
    await app.pg.query(`delete from item where slug = 'boat'`)
    expect([await slugs('boat'), await suggested('boa'), await suggested('umbr')]).toEqual([[], [], []])
    // A catalogue from before there were documents: what the migration notes is indexed in the order of the items.
    await app.pg.query('delete from item_search')
    await app.pg.query('insert into search_change (item_id) select id from item order by id')
    expect(await slugs('parasol')).toEqual([])
    await Promise.all([indexItems(app.pg), indexItems(app.pg)])
    expect(await slugs('parasol')).toEqual(['parasol'])
    expect((await app.pg.query('select * from search_change')).rows).toEqual([])
  })

  it('keep what an Iconify package says beside its icons, also where the pictures are known', async () => {
    const directory = path.join(await tempDirectory(), 'package')
    const write = async (files: Record<string, object>) => {
      await mkdir(directory, { recursive: true })
      for (const [name, content] of Object.entries(files))
        await writeFile(path.join(directory, name), JSON.stringify(content))
    }
    const icons = { house: { body: '<path d="M0 0h9v9H0z"/>' }, left: { body: '<path d="M0 0h9v9z"/>' } }
    const info = { name: 'Small', author: { name: 'Ann' } }
    await write({
      'icons.json': { prefix: 'small', width: 9, height: 9, icons },
      'info.json': info,
      'metadata.json': {},
    })
    const { app, slugs } = await open([])
    const load = () => importItems({ pg: app.pg, originals: app.stores.originals }, readIconify(directory))
    expect(await load()).toMatchObject({ added: 2 })
    const aliases = {
      home: { parent: 'house' },
      homepage: { parent: 'home' },
      right: { parent: 'left', hFlip: true },
      'turned-home': { parent: 'home', rotate: 1 },
      lost: { parent: 'nothing' },
    }
    const license = { title: 'MIT', spdx: 'MIT', url: 'https://example.com/licence' }
    await write({
      'icons.json': { prefix: 'small', width: 9, height: 9, icons, aliases },
      'info.json': { ...info, license },
      'chars.json': { '1f3e0': 'homepage', e001: 'left' },
    })
    expect(await load()).toMatchObject({ unchanged: 2 })
    expect(await slugs('homepage')).toEqual(['house'])
    expect(await slugs('🏠')).toEqual(['house'])
    expect(await slugs('right')).toEqual([])
    const items = await app.prisma.item.findMany({ orderBy: { slug: 'asc' }, include: { family: true } })
    expect(items).toMatchObject([
      {
        slug: 'house',
        aliases: ['home', 'homepage'],
        characters: ['🏠'],
        family: { licenseSpdx: 'MIT', author: 'Ann', attribution: 'Small by Ann, MIT' },
      },
      { slug: 'left', aliases: [], characters: [] },
    ])
  })
})

describe('words', () => {
  it('are in the singular', () => {
    const rows =
      'hearts heart, boxes box, cherries cherry, cookies cookie, buses bus, glass glass, news news, houses house, gas gas, potatoes potato, shoes shoe, ios ios, children child'
    for (const [word = '', singular] of rows.split(', ').map((row) => row.split(' ')))
      expect(singularOf(word)).toBe(singular)
    expect(wordsOf('HTMLParser arrow_left 3D')).toEqual(['html', 'parser', 'arrow', 'left', '3d'])
  })

  it('are as many edits apart as letters are wrong, missing, too many or exchanged', () => {
    const rows = [
      ['arow', 'arrow', 1],
      ['hoem', 'home', 1],
      ['', 'ab', 2],
      ['kitten', 'sitting', 3],
      ['same', 'same', 0],
    ] as const
    for (const [a, b, distance] of rows) expect([a, b, editDistance(a, b)]).toEqual([a, b, distance])
  })

  it("are refused in an operator's file with the line, and told how to write it", () => {
    const { synonyms, problems } = parseSynonyms('a = b // c\n\nx > y, z\nignore the, an\nalone\na = = b\n')
    expect(synonyms).toEqual({ equal: [['a', 'b']], broader: [{ from: 'x', to: ['y', 'z'] }], ignored: ['the', 'an'] })
    expect(problems).toEqual([
      expect.stringMatching(/^line 5, "alone": it has no other word; write/),
      expect.stringMatching(/^line 6, .*: a word is missing/),
    ])
  })
})

async function synonymsFile(text: string): Promise<string> {
  const file = path.join(await tempDirectory(), 'synonyms.txt')
  await writeFile(file, text)
  return file
}
