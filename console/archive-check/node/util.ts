/** In place of the functions of node:util that the check of archives uses. */

interface Constructor {
  readonly prototype: object
}

export function inherits(child: Constructor, parent: Constructor): void {
  Object.setPrototypeOf(child.prototype, parent.prototype)
}

type Callback<Result> = (error: Error | null, result?: Result) => void

export const promisify =
  <Input, Options, Result>(run: (input: Input, options: Options, callback: Callback<Result>) => void) =>
  (input: Input, options: Options): Promise<Result> =>
    new Promise((resolve, reject) => {
      run(input, options, (error, result) => (error ? reject(error) : resolve(result as Result)))
    })
