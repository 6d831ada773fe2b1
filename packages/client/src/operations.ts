// Printed by npm run docs from the documents and the schema: change those.

export interface ScopeInput {
  readonly family?: string | null | undefined
  readonly iconSet?: string | null | undefined
  readonly vendor?: string | null | undefined
}

export type ItemKind = 'ICON' | 'ILLUSTRATION'

export type CardFields = {
  readonly id: string
  readonly uniqueId: string
  readonly name: string
  readonly kind: ItemKind
  readonly light: PictureFields | null
  readonly dark: PictureFields | null
}

export type FamiliesQuery = {
  readonly vendors: {
    readonly nodes: readonly ({
      readonly username: string
      readonly name: string
      readonly families: {
        readonly nodes: readonly ({
          readonly uniqueId: string
          readonly name: string
          readonly preview: {
            readonly url: string
            readonly width: number
            readonly height: number
          } | null
        })[]
      }
    })[]
    readonly pageInfo: {
      readonly endCursor: string | null
      readonly hasNextPage: boolean
    }
  }
}

export interface FamiliesQueryVariables {
  readonly first?: number | null | undefined
  readonly after?: string | null | undefined
  readonly layout?: string | undefined
}

export type FamilyQuery = {
  readonly family: {
    readonly uniqueId: string
    readonly name: string
    readonly vendor: {
      readonly username: string
      readonly name: string
    }
    readonly preview: {
      readonly url: string
      readonly width: number
      readonly height: number
    } | null
    readonly items: {
      readonly totalCount: number
      readonly nodes: readonly CardFields[]
      readonly pageInfo: {
        readonly endCursor: string | null
        readonly hasNextPage: boolean
      }
    }
  } | null
}

export interface FamilyQueryVariables {
  readonly uniqueId: string
  readonly layout?: string | undefined
  readonly first?: number | null | undefined
  readonly after?: string | null | undefined
  readonly widths?: readonly number[] | null | undefined
}

export type ItemQuery = {
  readonly item: CardFields & {
    readonly tags: readonly string[]
    readonly palette: readonly string[]
    readonly isMonochrome: boolean
    readonly family: {
      readonly uniqueId: string
      readonly name: string
    }
    readonly vendor: {
      readonly username: string
      readonly name: string
    }
  } | null
}

export interface ItemQueryVariables {
  readonly uniqueId: string
  readonly widths?: readonly number[] | null | undefined
}

export type ItemsQuery = {
  readonly items: {
    readonly totalCount?: number | undefined
    readonly nodes: readonly CardFields[]
    readonly pageInfo: {
      readonly endCursor: string | null
      readonly hasNextPage: boolean
    }
  }
}

export interface ItemsQueryVariables {
  readonly search?: string | null | undefined
  readonly kind?: ItemKind | null | undefined
  readonly scope?: ScopeInput | null | undefined
  readonly first?: number | null | undefined
  readonly after?: string | null | undefined
  readonly widths?: readonly number[] | null | undefined
  readonly withTotal?: boolean | undefined
}

export type PictureFields = {
  readonly src: string
  readonly srcSet: string
  readonly sources: readonly ({
    readonly type: string
    readonly srcSet: string
  })[]
  readonly width: number
  readonly height: number
  readonly alt: string
  readonly background: string | null
  readonly placeholder: {
    readonly dataUrl: string
    readonly dominantColor: string
  } | null
  readonly stableUrl: string
}
