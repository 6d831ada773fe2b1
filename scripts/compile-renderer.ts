import { compileRenderer } from '../src/render/spawn-renderer.ts'

compileRenderer()
