import type { PlaceholderData } from '../../src/render/messages.ts'

/** Of a drawing that never was, in rows that a test records by itself. */
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
