/** A kind of document that is expensive on purpose: `make` repeats what it is made of `count` times. */
export type WorstKind = readonly [name: string, make: (count: number) => string]

export const NS = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
export const page = (body: string, attributes = 'width="100" height="100"'): string =>
  `<svg ${NS} ${attributes}>${body}</svg>`
export const times = (count: number, print: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => print(index)).join('')
export const whole = (attributes: string) => `<path ${attributes} d="M0 0h100v100H0"/>`
export const points = (count: number, separator: string) =>
  times(count, (i) => `${(i * 37) % 101} ${(i * 53) % 97}${separator}`)
export const stops = (count: number) =>
  times(count, (i) => `<stop offset="${i / count}" stop-color="#${i % 9}${i % 7}0"/>`)
export const square = (n: number) => Math.max(1, Math.round(Math.sqrt(n)))
export const filtered = (primitives: string, shapes: string, region = '') =>
  page(`<filter id="f" ${region}>${primitives}</filter>${shapes}`)
export const USER = 'filterUnits="userSpaceOnUse" x="0" y="0" width="100" height="100"'
export const png =
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAQAAAAECAIAAAAmkwkpAAAAHklEQVR4nGM4wRAFRwwn5KLgiOGETRQcMZyIioIjAAkaFPHDxK11AAAAAElFTkSuQmCC'

/** Kinds whose cost is the engines'. */
