import react from '@vitejs/plugin-react'
import { defineConfig, loadEnv } from 'vite'
import { familyHead } from './head.ts'

export default defineConfig(({ mode }) => {
  const { VITE_SERVICE = 'http://localhost:4000' } = loadEnv(mode, import.meta.dirname)
  return { plugins: [react(), familyHead(VITE_SERVICE)] }
})
