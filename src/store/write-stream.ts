import { open } from 'node:fs/promises'
import { AppError } from '../core/errors.ts'

/** Writes a stream to a new file, which is on disk when this returns. Throws BAD_INPUT unless it has exactly this many bytes. */
export async function writeStream(file: string, body: AsyncIterable<Uint8Array>, bytes: number): Promise<void> {
  const handle = await open(file, 'wx')
  try {
    let written = 0
    for await (const chunk of body) {
      written += chunk.length
      if (written > bytes)
        throw new AppError('BAD_INPUT', `The body has more than the ${bytes} bytes that were announced.`)
      await handle.writeFile(chunk)
    }
    if (written < bytes)
      throw new AppError('BAD_INPUT', `The body has ${written} of the ${bytes} bytes that were announced.`)
    await handle.sync()
  } finally {
    await handle.close()
  }
}
