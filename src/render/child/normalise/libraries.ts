import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)

/**
 * Libraries that most documents do without: loading them takes 250 ms together, a typical icon a third of one. Each is
 * loaded by the first document that has something for it, within its own time limit.
 */
const lazily = <Library>(name: string): (() => Library) => {
  let library: Library | undefined
  return () => {
    library ??= require(name) as Library
    return library
  }
}

export const cssTree = lazily<typeof import('css-tree').parse>('css-tree/parser')
export const cssSelect = lazily<typeof import('css-select')>('css-select')
export const cssWhat = lazily<typeof import('css-what')>('css-what')
export const cssColour = lazily<typeof import('@csstools/css-color-parser')>('@csstools/css-color-parser')
export const colourHelpers = lazily<typeof import('@csstools/color-helpers')>('@csstools/color-helpers')
export const cssValues = lazily<typeof import('@csstools/css-parser-algorithms')>('@csstools/css-parser-algorithms')
export const cssTokens = lazily<typeof import('@csstools/css-tokenizer')>('@csstools/css-tokenizer')
export const cssCalc = lazily<typeof import('@csstools/css-calc')>('@csstools/css-calc')
export const fontTools = lazily<typeof import('fontkit')>('fontkit')
export const pathTools = lazily<typeof import('svg-path-commander')>('svg-path-commander')
