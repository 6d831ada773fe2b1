import type { Problem, ProblemCode, Problems } from './problems.ts'

/**
 * Reports what is wrong with a file. Entries with the same `cause` become one sentence.
 * @param one the sentence about one @param many the sentence about several: how many, and the name of the first
 */
export type Report = (problem: {
  readonly code: ProblemCode
  readonly cause: string
  readonly name: string
  readonly one: string
  readonly many: (count: number, first: string) => string
}) => void

/** Makes one problem of all with the same cause, in the order of the first. */
export function openCauses(problems: Problems, maker: string | null): { report: Report; flush: () => void } {
  const causes = new Map<string, { first: Parameters<Report>[0]; count: number }>()
  const report: Report = (problem) => {
    const known = causes.get(problem.cause)
    if (known) known.count++
    else causes.set(problem.cause, { first: problem, count: 1 })
  }
  const by = maker ? `Made by ${maker}: ` : ''
  const flush = () => {
    for (const { first, count } of causes.values()) {
      const { code, name, one, many } = first
      const problem: Problem = { code, file: null, pointer: null, message: by + many(count, name) }
      problems.add(count === 1 ? { ...problem, file: name, message: by + one } : problem)
    }
  }
  return { report, flush }
}
