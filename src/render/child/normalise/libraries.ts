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

const cssParser = lazily<typeof import('css-tree').parse>('css-tree/parser')
const cssTokenizer = lazily<{ TokenStream: { prototype: TokenStream } }>('css-tree/tokenizer')

/** Of css-tree's stream of tokens: two buffers, of a number for each token, that it keeps from source to source. */
type TokenStream = {
  offsetAndType: Uint32Array | null
  balance: Uint32Array | null
  setSource(source: string, tokenize: unknown): void
}
/** Tokens. Larger buffers are not kept: css-tree clears all of them for each source (github.com/csstree/csstree/issues/379). */
const KEPT_TOKENS = 65_536
let mended = false

/**
 * The parser of css-tree 3.2.1, in which no source changes how the next is read: behind the tokens of a source stand
 * those of an earlier one, of which it takes one for a block that is open, and never ends after `{{{{…` and `{}}a{}`.
 */
export function cssTree(): typeof import('css-tree').parse {
  if (!mended) {
    mended = true
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
