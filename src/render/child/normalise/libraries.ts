import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)

/**
 * Libraries that most documents do not need: loading all of them takes 250 ms, normalising a typical icon a third of a millisecond. Each
 * is loaded for the first document that needs it, within that document's time limit.
 */
const lazily = <Library>(name: string): (() => Library) => {
  let library: Library | undefined
  return () => {
    library ??= require(name) as Library
    return library
  }
}

const cssParser = lazily<typeof import('css-tree').parse>('css-tree/parser')
const cssTokenizer = lazily<{ TokenStream: { prototype: TokenStream } }>('css-tree/tokenizer')

/** css-tree's token stream: two buffers with a number per token, reused from source to source. */
type TokenStream = {
  offsetAndType: Uint32Array | null
  balance: Uint32Array | null
  setSource(source: string, tokenize: unknown): void
}
/** Tokens. Larger buffers are not kept: css-tree clears all of them for each source (github.com/csstree/csstree/issues/379). */
const KEPT_TOKENS = 65_536
let isPatched = false

/**
 * The parser of css-tree 3.2.1, with its token buffers reset so that one source cannot affect the next: it reads leftover tokens past the
 * end of a source, closes open blocks with them, and never terminates after `{{{{…` and `{}}a{}`.
 */
export function cssTree(): typeof import('css-tree').parse {
  if (!isPatched) {
    isPatched = true
    const { prototype } = cssTokenizer().TokenStream
    const { setSource } = prototype
    prototype.setSource = function (this: TokenStream, source, tokenize) {
      if ((this.offsetAndType?.length ?? 0) > KEPT_TOKENS) {
        this.offsetAndType = null
        this.balance = null
      } else if (this.offsetAndType !== null && source !== undefined) this.offsetAndType[source.length] = 0
      setSource.call(this, source, tokenize)
    }
  }
  return cssParser()
}

export const cssSelect = lazily<typeof import('css-select')>('css-select')
export const cssWhat = lazily<typeof import('css-what')>('css-what')
export const cssColour = lazily<typeof import('@csstools/css-color-parser')>('@csstools/css-color-parser')
export const colourHelpers = lazily<typeof import('@csstools/color-helpers')>('@csstools/color-helpers')
export const cssValues = lazily<typeof import('@csstools/css-parser-algorithms')>('@csstools/css-parser-algorithms')
export const cssTokens = lazily<typeof import('@csstools/css-tokenizer')>('@csstools/css-tokenizer')
export const cssCalc = lazily<typeof import('@csstools/css-calc')>('@csstools/css-calc')
export const fontTools = lazily<typeof import('fontkit')>('fontkit')
export const pathTools = lazily<typeof import('svg-path-commander')>('svg-path-commander')
