import './main.ts'
import * as libraries from './normalise/libraries.ts'

/** Loads all that a renderer may need and ends, so that Node stores the compiled code. */
for (const load of Object.values(libraries)) load()
