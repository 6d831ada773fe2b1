import type { CssNode, Declaration, ParseOptions } from 'css-tree'
import { cssTree } from './libraries.ts'
import { tooComplex } from './limits.ts'
import type { Findings } from './tree.ts'

/**
 * For each error css-tree splits the whole text into lines, to quote them: 0.6 ns a character and 50 ns a line. A sheet of 1 MB with an
 * error in each of its 40,000 rules took 30 s.
 */
const LINE_CHARS = 80
/** Of one document; a second. */
const ERROR_CHARS_MAX = 1e9

/** Parses CSS without its values and selectors. What is not CSS is left out. Throws TOO_COMPLEX for errors that take too long to pass over. */
export function parseCss(css: string, findings: Findings, options: ParseOptions = {}): CssNode {
  let each = 0
  return cssTree()(css, {
    parseValue: false,
    parseRulePrelude: false,
    parseAtrulePrelude: false,
    parseCustomProperty: false,
    ...options,
    onParseError: () => {
      each ||= css.length + LINE_CHARS * (css.match(/[\n\r\f]/g)?.length ?? 0)
      findings.errorChars = (findings.errorChars ?? 0) + each
      if (findings.errorChars > ERROR_CHARS_MAX) throw tooComplex('The style sheets have too many errors to be read.')
    },
  })
}

/** css-tree only recognises the word in lower case. */
export const isImportant = ({ important }: Declaration): boolean =>
  important === true || (typeof important === 'string' && important.toLowerCase() === 'important')
