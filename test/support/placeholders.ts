import type { PlaceholderData } from '../../src/render/messages.ts'

/** A placeholder for rows that a test records without rendering. */
export const NO_PLACEHOLDER: PlaceholderData = {
  thumbHash: 'x',
  dominantColor: '#000000',
  preview: new Uint8Array(),
  darkPreview: new Uint8Array(),
  clearPreview: new Uint8Array(),
  palette: [],
  isMonochrome: false,
  fillsGround: false,
  suitsAvif: false,
}
