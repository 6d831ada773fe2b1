export interface Output {
  /** Where people read: stdout, or stderr with --json. */
  readonly stream: NodeJS.WriteStream
  /** A line for a person. */
  readonly say: (line: string) => void
  /** What a program reads, with --json: a line of JSON on stdout. */
  readonly result: (value: object) => void
}

/** The output of a command: lines for a person on stdout, or with --json nothing but its result there. */
export function createOutput({ json = false }: { json?: boolean | undefined } = {}): Output {
  const stream = json ? process.stderr : process.stdout
  return {
    stream,
    say: (line) => void stream.write(`${line}\n`),
    result: (value) => void (json && process.stdout.write(`${JSON.stringify(value)}\n`)),
  }
}
