import { CARD_FIELDS, PICTURE_FIELDS } from './fragments.ts'
import type {
  FamiliesQuery,
  FamiliesQueryVariables,
  FamilyQuery,
  FamilyQueryVariables,
  ItemQuery,
  ItemQueryVariables,
  ItemsQuery,
  ItemsQueryVariables,
} from './operations.ts'

/**
 * The text of a GraphQL operation, typed with its result and variables. Other clients understand it: urql, graphql-request and the
 * client preset of GraphQL Code Generator read the types from the same property, `__apiType`.
 */
export type TypedDocument<Result, Variables> = string & { readonly __apiType?: (variables: Variables) => Result }

const typed = <Result, Variables>(...parts: string[]): TypedDocument<Result, Variables> => parts.join('\n')

/** A page of a grid or search, with a light and a dark picture of each item. For the next page, set `after: pageInfo.endCursor`. */
export const ItemsDocument = typed<ItemsQuery, ItemsQueryVariables>(
  `query Items(
  $search: String, $kind: ItemKind, $scope: ScopeInput
  $first: Int = 24, $after: String, $widths: [Int!], $withTotal: Boolean! = false
) {
  items(search: $search, kind: $kind, scope: $scope, first: $first, after: $after) {
    totalCount @include(if: $withTotal)
    nodes { ...CardFields }
    pageInfo { endCursor hasNextPage }
  }
}`,
  CARD_FIELDS,
  PICTURE_FIELDS,
)

/** Everything that the page of an item shows; null for an unknown unique id. */
export const ItemDocument = typed<ItemQuery, ItemQueryVariables>(
  `query Item($uniqueId: ID!, $widths: [Int!]) {
  item(uniqueId: $uniqueId) {
    ...CardFields
    tags
    palette
    isMonochrome
    family { uniqueId name }
    vendor { username name }
  }
}`,
  CARD_FIELDS,
  PICTURE_FIELDS,
)

/** A family with its preview and a page of its items; null for an unknown unique id. */
export const FamilyDocument = typed<FamilyQuery, FamilyQueryVariables>(
  `query Family($uniqueId: ID!, $layout: String! = "card", $first: Int = 24, $after: String, $widths: [Int!]) {
  family(uniqueId: $uniqueId) {
    uniqueId
    name
    vendor { username name }
    preview(layout: $layout) { url width height }
    items(first: $first, after: $after) {
      totalCount
      nodes { ...CardFields }
      pageInfo { endCursor hasNextPage }
    }
  }
}`,
  CARD_FIELDS,
  PICTURE_FIELDS,
)

/** Vendors and their families, each with its preview. */
export const FamiliesDocument = typed<FamiliesQuery, FamiliesQueryVariables>(
  `query Families($first: Int = 24, $after: String, $layout: String! = "card") {
  vendors(first: $first, after: $after) {
    nodes {
      username
      name
      families(first: 50) { nodes { uniqueId name preview(layout: $layout) { url width height } } }
    }
    pageInfo { endCursor hasNextPage }
  }
}`,
)
