/** Everything that a picture element needs. */
export const PICTURE_FIELDS = `fragment PictureFields on Picture {
  src
  srcSet
  sources { type srcSet }
  width
  height
  alt
  background
  placeholder { dataUrl dominantColor }
  stableUrl
}`

/** An item in a grid. Requires PICTURE_FIELDS in the same document and the variable `$widths: [Int!]`. */
export const CARD_FIELDS = `fragment CardFields on Item {
  id
  uniqueId
  name
  kind
  light: picture(theme: LIGHT, widths: $widths) { ...PictureFields }
  dark: picture(theme: DARK, widths: $widths) { ...PictureFields }
}`
