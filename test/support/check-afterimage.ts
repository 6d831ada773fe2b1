import type { Command } from 'commander'
import { createProgram } from '../../src/commands/program.ts'

/** Throws unless `afterimage` has the subcommand and the options of a command line. */
export function checkAfterimage(words: readonly string[]): void {
  let command = createProgram({ becomeWorker: () => {} })
  const rest = [...words]
  for (let next = find(command, rest[0]); next; next = find(command, rest[0])) {
    command = next
    rest.shift()
  }
  if (command.parent === null && !rest[0]?.startsWith('--')) throw new Error(`afterimage has no command ${rest[0]}`)
  const unknown = rest.find(
    (word) => word.startsWith('--') && word !== '--help' && !command.options.some(({ long }) => long === word),
  )
  if (unknown) throw new Error(`afterimage ${command.name()} has no option ${unknown}`)
}

const find = ({ commands }: Command, name: string | undefined) => commands.find((each) => each.name() === name)
