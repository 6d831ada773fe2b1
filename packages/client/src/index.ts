/** The exports of `@afterimage/client`; `/react` and `/element` have the picture elements. */
export { type AfterimageClient, AfterimageError, createClient } from './client.ts'
export { FamiliesDocument, FamilyDocument, ItemDocument, ItemsDocument, type TypedDocument } from './documents.ts'
export { CARD_FIELDS, PICTURE_FIELDS } from './fragments.ts'
export {
  createImageLoader,
  familyImageUrl,
  type ImageFormat,
  type ImageOptions,
  imageSrcSet,
  imageUrl,
  type PresetOptions,
  type Theme,
} from './image-url.ts'
export type * from './operations.ts'
